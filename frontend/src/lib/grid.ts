import { type Aggregate, aggregateOf, mayBeUndefined } from "./statistics";
import { CELL, type CellState, type Grid, type Line, type Row, type RunSeries } from "./types";

export function stateOf(value: number, absent: boolean): CellState {
  if (absent) return CELL.absent;
  if (!Number.isFinite(value)) return CELL.nonfinite;
  return value === 0 ? CELL.zero : CELL.value;
}

/**
 * One value of several; NaN and Inf are not dropped, they make the whole nonfinite. `counts`, the numbers of
 * elements behind each, weigh a root mean square.
 */
export function aggregate(rule: Aggregate, values: readonly number[], counts?: readonly number[]): number {
  for (const value of values) if (!Number.isFinite(value)) return Number.NaN;
  switch (rule) {
    case "root_sum_squares": {
      // Of float32 values: in double precision neither do squares of 1e-45 vanish, nor those of 3e38 overflow.
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

/** Rows for which a statistic is NaN at every step where they are present. */
function undefinedRows(series: RunSeries, values: Float32Array): Uint8Array {
  const n = series.rows.length;
  const result = new Uint8Array(n).fill(1);
  for (let i = 0; i < values.length; i++) {
    if (series.absent[i] === 0 && !Number.isNaN(values[i])) result[i % n] = 0;
  }
  return result;
}

/** A line of the server's that stands for a block: its rows' names, each on a line. */
export const blockKey = (line: Line, rows: readonly Row[]) =>
  line.rows.map((row) => rows[row].name).join("\n");

export interface GridOptions {
  /** Blocks that the server has put together at every step, by line: the page has only columns of their rows. */
  blocks?: ReadonlyMap<number, RunSeries>;
  /** The series that says which rows have no figure, where this one is only a part of it. */
  whole?: RunSeries;
}

/** One run's values on the shared lines. `index` maps a union row to the run's own row, or -1. */
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
  const source = series.values[statistic];
  const rule = aggregateOf(statistic);
  const all = whole.values[statistic];
  const noFigure = all && mayBeUndefined(statistic) ? undefinedRows(whole, all) : null;
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
    const block = line.type === "block" ? blocks?.get(l) : undefined;
    if (block && block.steps.length === steps) copyRow(grid, l, block, statistic, 0);
    else if (line.type === "row") copyRow(grid, l, series, statistic, figured[0]);
    else {
      aggregateRows(grid, l, series, source, figured, rule);
    }
  });
  return grid;
}

/** Several rows of a series as a line; plain loops, since a thousand rows at a cursor's step have to be quick. */
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

/** One row of a series as a line of the grid. */
function copyRow(grid: Grid, line: number, series: RunSeries, statistic: string, row: number): void {
  const steps = grid.steps.length;
  const columns = series.rows.length;
  const values = series.values[statistic];
  if (grid.reduced) grid.reduced.sources[line] = { series, row };
  for (let s = 0, from = row, to = line * steps; s < steps; s++, from += columns, to++) {
    if (series.absent[from] !== 0) continue;
    const value = values[from];
    grid.values[to] = value;
    grid.states[to] = stateOf(value, false);
  }
}

/** One line of a grid alone; views, no copies. */
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
