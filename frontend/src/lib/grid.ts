import { type Aggregate, aggregateOf, mayBeUndefined } from "./statistics";
import { CELL, type CellState, type Grid, type Line, type Row, type RunSeries } from "./types";

export function stateOf(value: number, absent: boolean): CellState {
  if (absent) return CELL.absent;
  if (!Number.isFinite(value)) return CELL.nonfinite;
  return value === 0 ? CELL.zero : CELL.value;
}

/**
 * Reduce several values to one. The result is NaN if any value is not finite. `counts` are the numbers of elements
 * behind each value, which weight a root mean square.
 */
export function aggregate(rule: Aggregate, values: readonly number[], counts?: readonly number[]): number {
  for (const value of values) if (!Number.isFinite(value)) return Number.NaN;
  switch (rule) {
    case "root_sum_squares": {
      // The values are float32. In double precision, squares of 1e-45 do not underflow and squares of 3e38 do not
      // overflow.
      let sum = 0;
      for (const value of values) sum += value * value;
      return Math.sqrt(sum);
    }
    case "root_mean_square": {
      let all = 0;
      let sum = 0;
      values.forEach((value, i) => {
        const count = counts?.[i] ?? 1;
        all += count;
        sum += value * value * count;
      });
      return Math.sqrt(sum / all);
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

/** Mark the rows for which a statistic is NaN at every step. */
function undefinedRows(series: RunSeries, values: Float32Array): Uint8Array {
  const n = series.rows.length;
  const result = new Uint8Array(n).fill(1);
  for (let i = 0; i < values.length; i++) {
    if (series.absent[i] === 0 && !Number.isNaN(values[i])) result[i % n] = 0;
  }
  return result;
}

/** Return the key of a block in requests and responses: the names of its rows, one per line. */
export const blockKey = (line: Line, rows: readonly Row[]) =>
  line.rows.map((row) => rows[row].name).join("\n");

export interface GridOptions {
  /** Blocks that the server aggregated at every step, by line. The page itself has only columns of their rows. */
  blocks?: ReadonlyMap<number, RunSeries>;
  /** The series that determines which rows are undefined, if `series` is only a part of it. */
  whole?: RunSeries;
}

/** Arrange one run's values on the shared lines. `index` maps a row of the union to the run's own row, or to -1. */
export function buildGrid(
  series: RunSeries,
  statistic: string,
  lines: readonly Line[],
  index: Int32Array,
  { blocks, whole = series }: GridOptions = {},
): Grid {
  const steps = series.steps.length;
  const { reduced } = series;
  const grid: Grid = {
    run: series.run,
    steps: series.steps,
    lines: lines.length,
    values: new Float32Array(lines.length * steps).fill(Number.NaN),
    states: new Uint8Array(lines.length * steps).fill(CELL.absent),
  };
  if (reduced)
    grid.reduced = { steps: reduced.steps, starts: reduced.starts, sources: lines.map(() => null) };
  const source = series.values.get(statistic);
  const rule = aggregateOf(statistic);
  const all = whole.values.get(statistic);
  const isUndefined = all && mayBeUndefined(statistic) ? undefinedRows(whole, all) : null;
  lines.forEach((line, l) => {
    const start = l * steps;
    if (line.type === "header") {
      grid.states.fill(CELL.header, start, start + steps);
      return;
    }
    const own = line.rows.map((row) => index[row]).filter((row) => row >= 0);
    if (!source || own.length === 0) return;
    const defined = isUndefined ? own.filter((row) => !isUndefined[row]) : own;
    if (defined.length === 0) {
      grid.states.fill(CELL.undefined, start, start + steps);
      return;
    }
    const block = line.type === "block" ? blocks?.get(l) : undefined;
    if (block && block.steps.length === steps) copyRow(grid, l, block, statistic, 0);
    else if (line.type === "row") copyRow(grid, l, series, statistic, defined[0]);
    else {
      aggregateRows(grid, l, series, source, defined, rule);
    }
  });
  return grid;
}

/** Aggregate several rows of a series to a line. Plain loops, because a thousand rows must be fast. */
function aggregateRows(
  grid: Grid,
  line: number,
  series: RunSeries,
  source: Float32Array,
  rows: readonly number[],
  rule: Aggregate,
): void {
  const steps = grid.steps.length;
  const columns = series.rows.length;
  const values: number[] = [];
  const counts: number[] = [];
  for (let s = 0, to = line * steps; s < steps; s++, to++) {
    values.length = 0;
    counts.length = 0;
    for (const row of rows) {
      if (series.absent[s * columns + row] !== 0) continue;
      values.push(source[s * columns + row]);
      counts.push(series.rows[row].numel ?? 1);
    }
    if (values.length === 0) continue;
    const value = aggregate(rule, values, counts);
    grid.values[to] = value;
    grid.states[to] = stateOf(value, false);
  }
}

/** Copy one row of a series to a line of the grid. */
function copyRow(grid: Grid, line: number, series: RunSeries, statistic: string, row: number): void {
  const steps = grid.steps.length;
  const columns = series.rows.length;
  const values = series.values.get(statistic);
  if (!values) return;
  if (grid.reduced) grid.reduced.sources[line] = { series, row };
  for (let s = 0, from = row, to = line * steps; s < steps; s++, from += columns, to++) {
    if (series.absent[from] !== 0) continue;
    const value = values[from];
    grid.values[to] = value;
    grid.states[to] = stateOf(value, false);
  }
}

/** Return a grid with only this line, as views of the original arrays. */
export function oneLine(grid: Grid, line: number): Grid {
  const n = grid.steps.length;
  const { reduced } = grid;
  return {
    ...grid,
    lines: 1,
    values: grid.values.subarray(line * n, (line + 1) * n),
    states: grid.states.subarray(line * n, (line + 1) * n),
    ...(reduced && { reduced: { ...reduced, sources: [reduced.sources[line]] } }),
  };
}
