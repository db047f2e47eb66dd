import { densest, niceDown, niceUp, quantile } from "../../lib/scale";
import { nearest } from "../../lib/steps";
import type { Scale, ScaleMode } from "../../lib/types";

/** One line of a chart: x ascending, raw values, and what is drawn of them. */
export interface Line {
  x: Float64Array;
  /** As logged; the exact values of read-outs. */
  raw: Float32Array;
  drawn: Float64Array;
}

/** Quartiles' distances beyond which a value is an outlier. */
const FAR = 3;
/** One run that explodes to 1e30 must not make flat lines of all others. */
const MAX_DECADES = 8;
/** On a log scale positive values from so many decades on; fewer are as well seen on a linear one. */
const DECADES = 2.5;

export type YMode = ScaleMode | "auto";

/**
 * The y scale of lines: all finite values that are drawn. With `robust` one run that explodes does not make flat lines
 * of the others: on a linear scale it ends three interquartile distances from the quartiles, on a log scale at the eight
 * decades that hold the most.
 */
export function lineScale(lines: readonly Line[], wanted: YMode, robust: boolean): Scale {
  const all: number[] = [];
  for (const { drawn } of lines) for (const value of drawn) if (Number.isFinite(value)) all.push(value);
  all.sort((a, b) => a - b);
  const positive = all.filter((value) => value > 0);
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
  // A quantity that is never negative has no room below 0.
  return { mode: "linear", lo: lo >= 0 && lo - room < 0 ? 0 : lo - room, hi: hi + room, diverging: false };
}

/** Of ascending values those that are not far outside of the middle half. */
function withoutOutliers(sorted: readonly number[]): number[] {
  if (sorted.length < 8) return [...sorted];
  const data = Float64Array.from(sorted);
  const [q1, q3] = [quantile(data, 0.25), quantile(data, 0.75)];
  const reach = FAR * (q3 - q1);
  // Where the middle half is one value there is nothing to measure distances by.
  if (reach === 0) return [...sorted];
  return sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
}

/** How many drawn values lie beyond the ends of the scale. */
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

/** The point of a line that is nearest to x, or -1; further away than `reach` there is none. */
export function nearestPoint({ x }: Line, at: number, reach = Number.POSITIVE_INFINITY): number {
  const i = nearest(x, at);
  return i >= 0 && Math.abs(x[i] - at) <= reach ? i : -1;
}
