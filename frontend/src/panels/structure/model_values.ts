import { stateOf } from "../../lib/grid";
import { autoScale } from "../../lib/scale";
import { mayBeUndefined } from "../../lib/statistics";
import {
  CELL,
  type CellState,
  type RunSeries,
  type Scale,
  type ScaleMode,
  type Thresholds,
} from "../../lib/types";

/** Values of the requested lines of one run: every step, or columns of steps. */
export interface LineSeries {
  run: string;
  steps: Float64Array;
  lines: number;
  /** True if each column is one step. */
  whole: boolean;
  /** Step in the middle of each column. */
  at: Float64Array;
  /** [columns, lines]: the value and its extremes. NaN if there is none. */
  value: Float32Array;
  low: Float32Array;
  high: Float32Array;
  absent: Uint8Array;
}

/** Bits of a column's states, as in docs/http_api.md. */
const FINITE = 1 | 2;
const ABSENT = 8;

/** Return a run's values of the requested lines, or null if it has none or an earlier request had other lines. */
export function lineSeries(entry: RunSeries, statistic: string, lines: number): LineSeries | null {
  const { run, steps, absent: missing, reduced } = entry;
  const values = entry.values.get(statistic);
  if (entry.rows.length !== lines) return null;
  if (values) {
    const absent = missing;
    return { run, steps, lines, whole: true, at: steps, value: values, low: values, high: values, absent };
  }
  const columns = reduced?.columns.get(statistic);
  if (!reduced || !columns) return null;
  const { starts } = reduced;
  const at = Float64Array.from(starts, (start, i) => {
    const end = i + 1 < starts.length ? starts[i + 1] : steps.length;
    return steps[Math.floor((start + end - 1) / 2)];
  });
  const absent = Uint8Array.from(columns.states, (state) => (state === ABSENT ? 1 : 0));
  // A column without NaN or Inf has a mean, even if all its values are zero.
  const value = Float32Array.from(columns.mean, (mean, i) =>
    (columns.states[i] & ~ABSENT & ~FINITE) !== 0 ? Number.NaN : mean,
  );
  return { run, steps, lines, whole: false, at, value, low: columns.min, high: columns.max, absent };
}

/** Return true if any step has a value of a line. */
export function isDefined({ value, low, high, absent, lines }: LineSeries, line: number): boolean {
  for (let i = line; i < value.length; i += lines)
    if (absent[i] === 0 && !(Number.isNaN(value[i]) && Number.isNaN(low[i]) && Number.isNaN(high[i])))
      return true;
  return false;
}

export interface Cell {
  state: CellState;
  value: number;
  /** True until the value has loaded. */
  pending?: true;
}

/** No value: the run has no such row, or none of its rows has this statistic. */
export const NOTHING: Cell = { state: CELL.absent, value: Number.NaN };
export const PENDING: Cell = { ...NOTHING, pending: true };

/**
 * Return the cell of a value. NaN means that the statistic is undefined for the layer if it is so by definition and no
 * step has a value, which `defined` tells.
 */
export function cellOf(value: number, absent: boolean, statistic: string, defined = false): Cell {
  const state = stateOf(value, absent);
  if (state === CELL.nonfinite && Number.isNaN(value) && mayBeUndefined(statistic) && !defined)
    return { state: CELL.undefined, value };
  return { state, value };
}

/** Return one scale for all lines of all runs at all steps, as for the heat maps. */
export function sharedScale(
  series: readonly LineSeries[],
  statistic: string,
  mode: ScaleMode,
  range: readonly [number | null, number | null],
  thresholds: Thresholds | null,
): Scale {
  const found: number[] = [];
  for (const one of series) {
    for (const values of one.whole ? [one.value] : [one.low, one.high])
      for (const value of values) if (Number.isFinite(value) && value !== 0) found.push(value);
  }
  const sorted = Float32Array.from(found).sort();
  const values = {
    sorted,
    min: sorted[0] ?? Number.POSITIVE_INFINITY,
    max: sorted.at(-1) ?? Number.NEGATIVE_INFINITY,
  };
  return autoScale(values, statistic, mode, range[0], range[1], thresholds);
}

const luminance = (rgb: readonly number[]) => {
  const [r, g, b] = rgb.map((c) =>
    c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** Return black or white, depending on which has more contrast to a colour. */
export const textOn = (rgb: readonly number[]) =>
  (luminance(rgb) + 0.05) / 0.05 >= 1.05 / (luminance(rgb) + 0.05) ? "#000" : "#fff";
