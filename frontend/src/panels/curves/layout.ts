import { densest, niceDown, niceUp, quantile } from "../../lib/scale";
import { nearest } from "../../lib/steps";
import type { Scale, ScaleMode } from "../../lib/types";

/** One line of a chart: ascending x, logged values, and smoothed values. */
export interface Line {
  x: Float64Array;
  /** Values as logged, for exact readouts. */
  raw: Float32Array;
  drawn: Float64Array;
}

/** Number of interquartile ranges from the quartiles beyond which a value is an outlier. */
const OUTLIER = 3;
/** Maximum number of decades of a log scale, so that one run that explodes to 1e30 does not flatten all others. */
const MAX_DECADES = 8;
/** Number of decades above which positive values get a log scale by default. */
const DECADES = 2.5;

export type YMode = ScaleMode | "auto";

/**
 * Return the y scale of all finite drawn values. If `robust`, outliers do not extend it: a linear scale ends three
 * interquartile ranges from the quartiles, and a log scale spans the eight most populated decades.
 */
export function lineScale(lines: readonly Line[], wanted: YMode, robust: boolean): Scale {
  const found: number[] = [];
  for (const { drawn } of lines) for (const value of drawn) if (Number.isFinite(value)) found.push(value);
  const all = Float64Array.from(found).sort();
  const positive = all.subarray(all.findIndex((value) => value > 0) >>> 0);
  const inner: ArrayLike<number> = robust ? densest(Float32Array.from(positive), MAX_DECADES) : positive;
  const decades = inner.length > 0 ? Math.log10(inner[inner.length - 1] / inner[0]) : 0;
  const log = wanted === "log" ? positive.length > 0 : wanted === "auto" && all[0] >= 0 && decades >= DECADES;
  if (log) {
    let lo = niceDown(inner[0]);
    let hi = niceUp(inner[inner.length - 1]);
    if (lo >= hi) [lo, hi] = [lo / 10, hi * 10];
    return { mode: "log", lo, hi, diverging: false };
  }
  const values = robust ? withoutOutliers(all) : all;
  if (values.length === 0) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  let [lo, hi] = [values[0], values[values.length - 1]];
  if (lo === hi) [lo, hi] = lo === 0 ? [0, 1] : [lo - Math.abs(lo) / 10, hi + Math.abs(hi) / 10];
  const room = (hi - lo) * 0.05;
  // No margin below 0 if no value is negative.
  return { mode: "linear", lo: lo >= 0 && lo - room < 0 ? 0 : lo - room, hi: hi + room, diverging: false };
}

/** Return the values that are not outliers, given ascending values. */
function withoutOutliers(sorted: Float64Array): Float64Array {
  if (sorted.length < 8) return sorted;
  const [q1, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = OUTLIER * (q3 - q1);
  // If the middle half has no spread, outliers cannot be detected.
  if (reach === 0) return sorted;
  return sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
}

/** Return the number of drawn values outside of the scale. */
export function beyond(lines: readonly Line[], scale: Scale): number {
  let count = 0;
  for (const { drawn } of lines)
    for (const value of drawn)
      if (
        Number.isFinite(value) &&
        (value > scale.hi || (value < scale.lo && (value > 0 || scale.mode === "linear")))
      )
        count++;
  return count;
}

/** Return the point of a line nearest to x, or -1 if it is further away than `reach`. */
export function nearestPoint({ x }: Line, at: number, reach = Number.POSITIVE_INFINITY): number {
  const i = nearest(x, at);
  return i >= 0 && Math.abs(x[i] - at) <= reach ? i : -1;
}
