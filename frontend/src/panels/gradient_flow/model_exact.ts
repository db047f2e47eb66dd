import { oneStep } from "../../lib/columns";
import { buildGrid } from "../../lib/grid";
import { nearest } from "../../lib/steps";
import type { Grid, Line, RunSeries } from "../../lib/types";

/**
 * Return the logged step nearest to `step` of a run in columns. It is taken from `near`, the same run's exact values
 * around the cursor. Return null if `near` does not contain it, or if the run is not in columns.
 */
export function exactStep(series: RunSeries, near: RunSeries | undefined, step: number): RunSeries | null {
  if (!series.reduced || !near || near.rows !== series.rows) return null;
  const all = series.reduced.steps;
  const at = nearest(near.steps, step);
  return near.steps[at] === all[nearest(all, step)] ? oneStep(near, at) : null;
}

/** Return the grid of one line whose values at every step have loaded. */
export const gridOfLine = (exact: RunSeries, statistic: string, line: Line): Grid =>
  buildGrid(exact, statistic, [{ ...line, type: "row", rows: [0] }], Int32Array.of(0));
