import { oneStep } from "../../lib/columns";
import { buildGrid } from "../../lib/grid";
import { nearest } from "../../lib/steps";
import type { Grid, Line, RunSeries } from "../../lib/types";

/**
 * Return one step of a run in columns: the one nearest to `step`. It is taken from `near`, the same run's series at the
 * steps around the cursor. Null if `near` does not hold it, and for runs that are not in columns.
 */
export function momentOf(series: RunSeries, near: RunSeries | undefined, step: number): RunSeries | null {
  if (!series.reduced || !near || near.rows !== series.rows) return null;
  const all = series.reduced.steps;
  const at = nearest(near.steps, step);
  return near.steps[at] === all[nearest(all, step)] ? oneStep(near, at) : null;
}

/** Return the grid of a line that was fetched alone, at every step. */
export const gridOfLine = (exact: RunSeries, statistic: string, line: Line): Grid =>
  buildGrid(exact, statistic, [{ ...line, type: "row", rows: [0] }], Int32Array.of(0));
