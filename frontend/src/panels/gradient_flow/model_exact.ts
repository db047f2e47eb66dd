import { oneStep } from "../../lib/columns";
import { buildGrid } from "../../lib/grid";
import { nearest } from "../../lib/steps";
import type { Grid, Line, RunSeries } from "../../lib/types";

/**
 * The step of a run in columns that is nearest to `step`, alone, once `near` holds it, which is the same run's series at
 * the steps around it. Null until then, and where the run is not in columns.
 */
export function momentOf(series: RunSeries, near: RunSeries | undefined, step: number): RunSeries | null {
  if (!series.reduced || !near || near.rows !== series.rows) return null;
  const all = series.reduced.steps;
  const at = nearest(near.steps, step);
  return near.steps[at] === all[nearest(all, step)] ? oneStep(near, at) : null;
}

/** A line that came alone, at every step. */
export const gridOfLine = (exact: RunSeries, statistic: string, line: Line): Grid =>
  buildGrid(exact, statistic, [{ ...line, type: "row", rows: [0] }], Int32Array.of(0));
