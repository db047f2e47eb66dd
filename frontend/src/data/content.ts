/** Content of the tooltip for anything except a cell of a heat map. */
export interface TooltipContent {
  /** The element that it describes. The tooltip disappears with it. */
  owner: Element;
  run: string;
  step: string;
  what: string;
  value: string;
  lines: string[];
  help: string;
  x: number;
  y: number;
}

/** Actions of the arrow keys in a panel. */
export interface KeyboardNav {
  moveStep(by: number): void;
  /** Undefined if the panel shows no layers. Then the up and down arrows scroll. */
  moveLayer?(by: number): void;
}
