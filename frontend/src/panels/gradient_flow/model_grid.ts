import { gainGrid, isGain } from "../../lib/gain";
import { buildGrid, type GridOptions } from "../../lib/grid";
import type { Grid, Line, RunSeries } from "../../lib/types";

/** Return the grid of a run for some lines, of a logged statistic or of backward gain. */
export function gridFor(
  kind: string,
  statistic: string,
  series: RunSeries,
  lines: readonly Line[],
  index: Int32Array,
  options?: GridOptions,
): Grid {
  if (!isGain(kind, statistic)) return buildGrid(series, statistic, lines, index, options);
  const { reduced } = series;
  return { ...gainGrid(series, lines, index), ...(reduced && { reduced: { ...reduced, sources: [] } }) };
}
