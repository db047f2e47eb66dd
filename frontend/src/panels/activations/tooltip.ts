import type { MapEvent } from "../../lib/answers/maps";
import { exact, short } from "../../lib/format";
import { UI_TEXT } from "../../ui/text";
import type { TooltipText } from "../../ui/tooltip";
import { type MapGrid, valueIndex } from "./model";
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

const noun = (axis: string) => TEXT.nouns.get(axis)?.[0] ?? axis;

/** Return the tooltip of one value: its position, value and precision, and the statistics of its unit. */
export function tooltipOf(
  shown: Shown,
  reference: MapGrid | null,
  { id, row, column }: Place,
  names: { tokens: readonly string[] | null; input: MapEvent | null },
): TooltipText | null {
  const { grid, own, run } = shown;
  const unit = grid?.ids.indexOf(id) ?? -1;
  if (!grid || !own || unit < 0) return null;
  const label = (axis: string, index: number) =>
    placeLabel(axis, index, names.tokens, names.input?.header ?? null);
  const part = (axis: string, index: number) =>
    axis === "" ? [] : [TEXT.colon(TEXT.axes.get(axis) ?? axis, label(axis, index))];
  const attention = grid.columnAxis === "key";
  const where = attention
    ? [TEXT.attends(label("query", row), label("key", column))]
    : [...part(grid.rowAxis, row), ...part(grid.columnAxis, column)];
  const value = grid.values[valueIndex(grid, unit, row, column)];
  const lines = [Number.isNaN(value) ? TEXT.notFinite : TEXT.quantized(short(grid.precision))];
  if (shown.isDifference && reference) {
    const mine = own.values[valueIndex(own, own.ids.indexOf(id), row, column)];
    const other = reference.values[valueIndex(reference, reference.ids.indexOf(id), row, column)];
    lines.push(TEXT.lessReference(exact(mine), exact(other)));
  }
  const { min, max, mean } = grid.units;
  const state = unitState(grid, unit);
  if (min && max && mean && state !== "nonfinite")
    lines.push(TEXT.statistics(exact(min[unit]), exact(max[unit]), exact(mean[unit])));
  else if (state === "nonfinite" && !Number.isNaN(value)) lines.push(TEXT.badUnit);
  if (state === "dead") lines.push(TEXT.deadTitle);
  const sign = shown.isDifference && value > 0 ? "+" : "";
  return {
    run,
    step: UI_TEXT.nearestStep(grid.step),
    what: [`${noun(grid.unitAxis)} ${id}`, ...where].join(" · "),
    value: Number.isNaN(value) ? UI_TEXT.nan : `${sign}${exact(Number(value.toPrecision(5)))}`,
    lines,
    help: TEXT.open,
  };
}
