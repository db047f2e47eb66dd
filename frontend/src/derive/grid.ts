import { CELL, type CellState, type Grid, type Line, type RunSeries } from "../types";
import { type Aggregate, aggregateOf, mayBeUndefined } from "./statistics";

export function stateOf(value: number, absent: boolean): CellState {
  if (absent) return CELL.absent;
  if (!Number.isFinite(value)) return CELL.nonfinite;
  return value === 0 ? CELL.zero : CELL.value;
}

/**
 * One value of several; NaN and Inf are not dropped, they make the whole nonfinite. `counts`, the numbers of
 * elements behind each, weigh a root mean square.
 */
export function aggregate(
  rule: Aggregate,
  values: readonly number[],
  counts: readonly number[] = values.map(() => 1),
): number {
  if (values.some((value) => !Number.isFinite(value))) return Number.NaN;
  switch (rule) {
    case "root_sum_squares":
      // Scaled by the largest, so that squares of 1e-30 do not vanish and those of 1e30 do not overflow.
      return Math.hypot(...values);
    case "root_mean_square": {
      const all = counts.reduce((sum, count) => sum + count, 0);
      return Math.hypot(...values.map((value, i) => value * Math.sqrt(counts[i] / all)));
    }
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "mean":
      return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}

/** Rows for which a statistic is NaN at every step where they are present. */
function undefinedRows(series: RunSeries, values: Float32Array): Uint8Array {
  const n = series.rows.length;
  const result = new Uint8Array(n).fill(1);
  for (let i = 0; i < values.length; i++) {
    if (series.absent[i] === 0 && !Number.isNaN(values[i])) result[i % n] = 0;
  }
  return result;
}

/** One run's values on the shared lines. `index` maps a union row to the run's own row, or -1. */
export function buildGrid(
  series: RunSeries,
  statistic: string,
  lines: readonly Line[],
  index: Int32Array,
): Grid {
  const steps = series.steps.length;
  const columns = series.rows.length;
  const grid: Grid = {
    run: series.run,
    steps: series.steps,
    lines: lines.length,
    values: new Float32Array(lines.length * steps).fill(Number.NaN),
    states: new Uint8Array(lines.length * steps).fill(CELL.absent),
  };
  const source = series.values[statistic];
  const rule = aggregateOf(statistic);
  const noFigure = source && mayBeUndefined(statistic) ? undefinedRows(series, source) : null;
  lines.forEach((line, l) => {
    const start = l * steps;
    if (line.type === "header") {
      grid.states.fill(CELL.header, start, start + steps);
      return;
    }
    const own = line.rows.map((row) => index[row]).filter((row) => row >= 0);
    if (!source || own.length === 0) return;
    const figured = noFigure ? own.filter((row) => !noFigure[row]) : own;
    if (figured.length === 0) {
      grid.states.fill(CELL.undefined, start, start + steps);
      return;
    }
    for (let s = 0; s < steps; s++) {
      const present = figured.filter((row) => series.absent[s * columns + row] === 0);
      if (present.length === 0) continue;
      const value =
        present.length === 1 && line.type === "row"
          ? source[s * columns + present[0]]
          : aggregate(
              rule,
              present.map((row) => source[s * columns + row]),
              present.map((row) => series.rows[row].numel ?? 1),
            );
      grid.values[start + s] = value;
      grid.states[start + s] = stateOf(value, false);
    }
  });
  return grid;
}
