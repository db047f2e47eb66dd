import type { LayerFinding } from "../../../lib/rules/findings";
import { FONT } from "../../../plot/canvas";
import { elide } from "../../../plot/layout_names";
import { textWidth } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import type { FlowNode } from "../model_dataflow";
import { TEXT } from "../text";

export type ShowTooltip = (what: string, value: string, lines: string[], event: MouseEvent) => void;

/** Return the width of a text of the drawing in its own units. */
export const widthOf = (text: string, size: number) => textWidth(text, `600 ${size}px ${FONT}`);

/** Shorten a text of the drawing to a width in its own units. */
export const clip = (text: string, room: number, size: number) =>
  elide(text, (part) => widthOf(part, size) <= room);

export const isModule = ({ kind }: FlowNode) => kind === "call" || kind === "block";

/** Return true if a box is the selected module, contains it, or is inside it. */
export const holds = (node: FlowNode, selected: string | null) =>
  selected !== null &&
  isModule(node) &&
  (node.module === selected || (node.kind === "block" && selected.startsWith(`${node.module}.`)));

/** Handle Enter and the space bar on an element that is not an HTML button. */
export function pressed(event: KeyboardEvent, act: () => void): void {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

/** Return the findings about a box, or about a layer within it. */
export const foundIn = (layers: ReadonlyMap<string, LayerFinding>, name: string, isBlock: boolean) =>
  [...layers].flatMap(([layer, { titles, since }]) =>
    layer === name || (isBlock && layer.startsWith(`${name}.`))
      ? titles.map((title) => TEXT.found(title, UI_TEXT.health.since(layer, since)))
      : [],
  );
