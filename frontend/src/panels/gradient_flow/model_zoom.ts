import { each, sliceColumns } from "../../lib/columns";
import { nearest } from "../../lib/steps";
import type { RunSeries } from "../../lib/types";

/** First and last step, both included. */
export type Zoom = readonly [number, number];

/** Return a run's series within a zoom. The result shares the arrays, since the values of a step are contiguous. */
export function sliceSteps(series: RunSeries, zoom: Zoom | null): RunSeries {
  if (series.reduced) return zoom === null ? series : sliceColumns(series, zoom[0], zoom[1]);
  const { steps, rows } = series;
  if (zoom === null || (steps[0] >= zoom[0] && steps[steps.length - 1] <= zoom[1])) return series;
  let first = 0;
  while (first < steps.length && steps[first] < zoom[0]) first++;
  let end = first;
  while (end < steps.length && steps[end] <= zoom[1]) end++;
  const n = rows.length;
  const cut = <T extends { subarray(from: number, to: number): T }>(table: T) =>
    table.subarray(first * n, end * n);
  return {
    ...series,
    steps: steps.subarray(first, end),
    wallTimes: series.wallTimes.subarray(first, end),
    absent: cut(series.absent),
    values: each(series.values, cut),
  };
}

/** Return the zoom that a brush selects: from one logged step to another, or null for all steps. */
export function brushed(steps: Float64Array, from: number, to: number): Zoom | null {
  if (steps.length < 2) return null;
  const [lo, hi] = from <= to ? [from, to] : [to, from];
  let first = steps.findIndex((step) => step >= lo);
  let last = steps.length - 1;
  while (last >= 0 && steps[last] > hi) last--;
  if (first < 0 || last <= first) {
    first = Math.min(nearest(steps, (lo + hi) / 2), steps.length - 2);
    last = first + 1;
  }
  return first === 0 && last === steps.length - 1 ? null : [steps[first], steps[last]];
}

/** Return the zoom scaled by a factor `times` around the step `about`. */
export function zoomedBy(steps: Float64Array, zoom: Zoom | null, about: number, times: number): Zoom | null {
  if (steps.length < 2) return null;
  const [from, to] = zoom ?? [steps[0], steps[steps.length - 1]];
  const middle = Math.min(to, Math.max(from, about));
  const reach = ((to - from) * times) / 2;
  // Centre on the step as far as the ends of the run allow.
  const lo = Math.max(steps[0], Math.min(middle - reach, steps[steps.length - 1] - 2 * reach));
  return brushed(steps, lo, Math.min(steps[steps.length - 1], lo + 2 * reach));
}
