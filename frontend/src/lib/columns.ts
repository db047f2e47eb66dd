import { nearest } from "./steps";
import type { ColumnValues, Grid, RunSeries, Stepped } from "./types";

/** Bits of a column's states, as in docs/http_api.md. */
const COLUMN_BITS = { value: 1, zero: 2, nonfinite: 4, absent: 8 } as const;

/** Widths that requests may have. There are few, so that a small change of the window causes no new request. */
const WIDTHS = [128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];

/** Round a width up to the next of `WIDTHS`. */
const roundWidth = (pixels: number) => WIDTHS.find((width) => width >= pixels) ?? WIDTHS[WIDTHS.length - 1];

/**
 * Return the number of columns to request for each of `runs` heat maps, in a window `screen` pixels wide. `pixels` is
 * the width of one heat map, or 0 if it is not known yet. The result is at least one column per pixel. A few runs get
 * more columns, so that logs of usual length arrive unreduced.
 */
export function widthFor(runs: number, pixels: number, screen: number): number {
  const guess = (screen - 560) / Math.max(1, runs);
  const minimum = runs <= 4 ? 384 : runs <= 8 ? 192 : 128;
  return roundWidth(Math.max(minimum, pixels > 0 ? pixels : guess));
}

/** Return one value per column: NaN if any value is not finite, else the value of largest magnitude. */
function columnValues({ min, max, states }: ColumnValues): Float32Array {
  const values = new Float32Array(states.length);
  for (let i = 0; i < states.length; i++) {
    values[i] = states[i] & COLUMN_BITS.nonfinite ? Number.NaN : -min[i] > max[i] ? min[i] : max[i];
  }
  return values;
}

/**
 * Convert a reduced series to a plain one whose steps are columns. Each column is placed at its middle step and has the
 * value from `columnValues`. `reduced` keeps the details.
 */
export function asColumns(series: RunSeries): RunSeries {
  const { reduced } = series;
  if (!reduced) return series;
  const { starts, steps, columns } = reduced;
  const end = (i: number) => (i + 1 < starts.length ? starts[i + 1] : steps.length);
  const middle = Array.from(starts, (start, i) => (start + end(i) - 1) >> 1);
  const states = [...columns.values()][0]?.states ?? new Uint8Array(0);
  // A plain loop is ten times as fast as Uint8Array.from with a function.
  const absent = new Uint8Array(states.length);
  for (let i = 0; i < states.length; i++) if (states[i] === COLUMN_BITS.absent) absent[i] = 1;
  return {
    ...series,
    steps: Float64Array.from(middle, (i) => steps[i]),
    wallTimes: Float64Array.from(middle, (i) => series.wallTimes[i]),
    absent,
    values: each(columns, columnValues),
  };
}

/** Return all logged steps of a run, even if it is shown in columns. */
export const loggedSteps = ({ steps, reduced }: Stepped) => reduced?.steps ?? steps;

/**
 * Return the index of the cell of the logged step nearest to `step`, or -1 if there is none. In a reduced grid this is
 * the column that contains the step.
 */
export function cellAt(grid: Stepped, step: number): number {
  const at = nearest(loggedSteps(grid), step);
  return grid.reduced ? columnOf(grid.reduced.starts, at) : at;
}

/** Return the column that contains the step at this index. */
function columnOf(starts: ArrayLike<number>, index: number): number {
  let lo = 0;
  let hi = starts.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (starts[mid] <= index) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** Return the step that a cell shows. In a reduced grid this is the step whose value the column shows. */
export function cellStep(grid: Grid, line: number, at: number): number {
  const { reduced } = grid;
  if (!reduced) return grid.steps[at];
  const source = reduced.sources[line];
  const start = reduced.starts[at];
  if (!source) return grid.steps[at];
  const { at: offset } = firstOf(source.series);
  return reduced.steps[start + offset[at * source.series.rows.length + source.row]];
}

interface ColumnDetail {
  /** First and last logged step of the column, and the number of steps. */
  from: number;
  to: number;
  count: number;
  /** Statistics of the finite values, NaN if there are none. Null if the cell aggregates several rows. */
  summary: { min: number; mean: number; max: number } | null;
  states: number;
}

/** Return the details of a cell of a reduced grid, or null if each cell is one step. */
export function columnDetail(grid: Grid, line: number, at: number): ColumnDetail | null {
  const { reduced } = grid;
  if (!reduced) return null;
  const first = reduced.starts[at];
  const last = (at + 1 < reduced.starts.length ? reduced.starts[at + 1] : reduced.steps.length) - 1;
  const where = { from: reduced.steps[first], to: reduced.steps[last], count: last - first + 1 };
  const source = reduced.sources[line];
  if (!source) return { ...where, summary: null, states: 0 };
  const { min, mean, max, states } = firstOf(source.series);
  const i = at * source.series.rows.length + source.row;
  return { ...where, summary: { min: min[i], mean: mean[i], max: max[i] }, states: states[i] };
}

/** Return the columns of a series' only statistic. */
const firstOf = (series: RunSeries): ColumnValues => [...series.reduced!.columns.values()][0];

/** Return a series with only this row. */
export function oneRow(series: RunSeries, row: number): RunSeries {
  const n = series.rows.length;
  const pick = <T extends Float32Array | Uint8Array>(from: T): T => {
    const made = new (from.constructor as new (length: number) => T)(from.length / n);
    for (let i = 0; i < made.length; i++) made[i] = from[i * n + row];
    return made;
  };
  const { reduced } = series;
  return {
    ...series,
    rows: [series.rows[row]],
    absent: pick(series.absent),
    values: each(series.values, pick),
    ...(reduced && {
      reduced: {
        ...reduced,
        columns: each(reduced.columns, (of) => changed(of, pick)),
      },
    }),
  };
}

/** Return a series with only this step or column, as views of the original arrays. */
export function oneStep(series: RunSeries, at: number): RunSeries {
  const n = series.rows.length;
  const { reduced: _, ...plain } = series;
  return {
    ...plain,
    steps: series.steps.subarray(at, at + 1),
    wallTimes: series.wallTimes.subarray(at, at + 1),
    absent: series.absent.subarray(at * n, (at + 1) * n),
    values: each(series.values, (one) => one.subarray(at * n, (at + 1) * n)),
  };
}

/** Return a series with only the columns that overlap a range of steps, as views of the original arrays. */
export function sliceColumns(series: RunSeries, from: number, to: number): RunSeries {
  const { reduced, rows } = series;
  if (!reduced) return series;
  const { starts, steps } = reduced;
  const end = (i: number) => (i + 1 < starts.length ? starts[i + 1] : steps.length);
  let first = 0;
  while (first < starts.length && steps[end(first) - 1] < from) first++;
  let last = first;
  while (last < starts.length && steps[starts[last]] <= to) last++;
  if (first === 0 && last === starts.length) return series;
  const n = rows.length;
  const cut = <T extends Float32Array | Uint8Array>(table: T) => table.subarray(first * n, last * n) as T;
  const begin = first < starts.length ? starts[first] : steps.length;
  return {
    ...series,
    steps: series.steps.subarray(first, last),
    wallTimes: series.wallTimes.subarray(first, last),
    absent: cut(series.absent),
    values: each(series.values, cut),
    reduced: {
      steps: steps.subarray(begin, last > first ? end(last - 1) : begin),
      starts: starts.slice(first, last).map((start) => start - begin),
      columns: each(reduced.columns, (of) => changed(of, cut)),
    },
  };
}

/** Return a table with each of its values changed. */
export const each = <A, B>(of: ReadonlyMap<string, A>, change: (one: A) => B): Map<string, B> =>
  new Map([...of].map(([name, one]) => [name, change(one)]));

const changed = (
  { min, mean, max, states, at }: ColumnValues,
  change: <T extends Float32Array | Uint8Array>(one: T) => T,
): ColumnValues => ({
  min: change(min),
  mean: change(mean),
  max: change(max),
  states: change(states),
  at: change(at),
});

/** Return the size of a series' arrays in bytes. */
export function bytesOf({ absent, values, reduced }: RunSeries): number {
  const sum = (arrays: { byteLength: number }[]) =>
    arrays.reduce((total, { byteLength }) => total + byteLength, 0);
  const columns = [...(reduced?.columns.values() ?? [])];
  return absent.byteLength + sum([...values.values()]) + sum(columns.flatMap((one) => Object.values(one)));
}
