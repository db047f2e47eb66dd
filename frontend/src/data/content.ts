/** The content of the tooltip for anything but a cell of a heat map. */
export interface TooltipContent {
  run: string;
  step: string;
  what: string;
  value: string;
  lines: string[];
  help: string;
  x: number;
  y: number;
}

/** Moves among the steps and layers of a panel, for the keys. */
export interface KeyboardNav {
  moveStep(by: number): void;
  /** Missing if a panel shows no layers: there the arrows scroll. */
  moveLayer?(by: number): void;
}
