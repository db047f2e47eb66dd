import type { TooltipContent } from "../../data/store";
import { exact, short } from "../../lib/format";
import { UI_TEXT } from "../../ui/text";
import { type Board, type MapEvent, placeOf } from "./model";
import { placeLabel } from "./model_labels";
import type { Shown } from "./model_picture";
import { unitState } from "./model_units";
import { TEXT } from "./text";

export interface Place {
  /** Original index of the unit. */
  id: number;
  row: number;
  column: number;
}

const noun = (axis: string) => TEXT.nouns[axis]?.[0] ?? axis;

/** What is said of one value: where it is, what it is and how exactly that is known, and its unit's figures. */
export function noteOf(
  shown: Shown,
  reference: Board | null,
  { id, row, column }: Place,
  names: { tokens: readonly string[] | null; input: MapEvent | null },
  at: { x: number; y: number },
): TooltipContent | null {
  const { board, own, run } = shown;
  const unit = board?.ids.indexOf(id) ?? -1;
  if (!board || !own || unit < 0) return null;
  const label = (axis: string, index: number) =>
    placeLabel(axis, index, names.tokens, names.input?.header ?? null);
  const part = (axis: string, index: number) =>
    axis === "" ? [] : [TEXT.colon(TEXT.axes[axis] ?? axis, label(axis, index))];
  const attention = board.columnAxis === "key";
  const where = attention
    ? [TEXT.attends(label("query", row), label("key", column))]
    : [...part(board.rowAxis, row), ...part(board.columnAxis, column)];
  const value = board.values[placeOf(board, unit, row, column)];
  const lines = [Number.isNaN(value) ? TEXT.notFinite : TEXT.quantized(short(board.precision))];
  if (shown.isDifference && reference) {
    const mine = own.values[placeOf(own, own.ids.indexOf(id), row, column)];
    const other = reference.values[placeOf(reference, reference.ids.indexOf(id), row, column)];
    lines.push(TEXT.lessReference(exact(mine), exact(other)));
  }
  const { min, max, mean } = board.units;
  const state = unitState(board, unit);
  if (min && max && mean && state !== "nonfinite")
    lines.push(TEXT.figures(exact(min[unit]), exact(max[unit]), exact(mean[unit])));
  if (state === "dead") lines.push(TEXT.deadTitle);
  const sign = shown.isDifference && value > 0 ? "+" : "";
  return {
    run,
    step: UI_TEXT.nearestStep(board.step),
    what: [`${noun(board.unitAxis)} ${id}`, ...where].join(" · "),
    value: Number.isNaN(value) ? UI_TEXT.nan : `${sign}${exact(Number(value.toPrecision(5)))}`,
    lines,
    help: TEXT.open,
    ...at,
  };
}
