import { ticks as linearTicks } from "d3-array";
import { gridFacts, strideFor } from "./grid_facts";
import { isFraction, isSigned, lowest } from "./statistics";
import type { Grid, Scale, ScaleMode, Thresholds } from "./types";

/**
 * Maximum number of decades that the palette spans by default. Values outside are clipped, and the legend shows this.
 */
const MAX_DECADES = 12;

export interface Values {
  /** Finite nonzero values in ascending order, sampled evenly if there are very many. */
  sorted: Float32Array;
  min: number;
  max: number;
}

export function finiteValues(grids: readonly Grid[]): Values {
  const facts = grids.map(gridFacts);
  const count = facts.reduce((sum, one) => sum + one.count, 0);
  // All grids are sampled with the same stride, so that runs are weighted by their numbers of values.
  const stride = Math.max(strideFor(count), ...facts.map((one) => one.stride));
  const parts = facts.map(({ sample, stride: own }) => every(sample, stride / own));
  const sorted = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    sorted.set(part, at);
    at += part.length;
  }
  return {
    sorted: sorted.sort(),
    min: Math.min(...facts.map(({ min }) => min)),
    max: Math.max(...facts.map(({ max }) => max)),
  };
}

function every(values: Float32Array, stride: number): Float32Array {
  if (stride === 1) return values;
  return Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]);
}

/** Return the quantile of sorted values, with linear interpolation. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** Round up to the next 1, 2 or 5 times a power of ten. Parsed from text, so that the result is not 9.999 or 10.001. */
export function niceUp(value: number): number {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  for (const factor of [1, 2, 5, 10]) {
    const candidate = Number(`${factor}e${exponent}`);
    if (candidate >= value * (1 - 1e-6)) return candidate;
  }
  return Number(`1e${exponent + 1}`);
}

export function niceDown(value: number): number {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  for (const factor of [5, 2, 1]) {
    const candidate = Number(`${factor}e${exponent}`);
    if (candidate <= value * (1 + 1e-6)) return candidate;
  }
  return Number(`1e${exponent}`);
}

const power = (exponent: number) => Number(`1e${exponent}`);

function logRange(p1: number, p99: number): [number, number] {
  const wide = Math.log10(p99 / p1) > 3;
  let lo = wide ? power(Math.floor(Math.log10(p1) + 1e-9)) : niceDown(p1);
  let hi = wide ? power(Math.ceil(Math.log10(p99) - 1e-9)) : niceUp(p99);
  if (lo >= hi) {
    lo = power(Math.floor(Math.log10(lo)));
    hi = power(Math.floor(Math.log10(lo)) + 1);
  }
  return [lo, hi];
}

/**
 * Return the values within the most populated range of `decades` decades, given positive values in ascending order. A
 * run that explodes to 1e30 or vanishes to 1e-30 must not reduce all other values to one colour.
 */
export function densest(sorted: Float32Array, decades = MAX_DECADES): Float32Array {
  if (sorted.length === 0 || sorted[0] <= 0) return sorted;
  const reach = 10 ** decades;
  let from = 0;
  let to = 0;
  for (let i = 0, j = 0; i < sorted.length; i++) {
    while (j < sorted.length && sorted[j] <= sorted[i] * reach) j++;
    if (j - i >= to - from) [from, to] = [i, j];
  }
  return sorted.subarray(from, to);
}

/**
 * Return the scale for these values, from the 1st to the 99th percentile of all finite nonzero values, rounded
 * outward. If the values span too many decades, only the most populated decades count. A logarithmic scale is
 * extended to each threshold that is exceeded. Signed values get a symmetric diverging scale, which in log mode is
 * linear near 0. `lo` and `hi` override the ends.
 */
export function autoScale(
  values: Values,
  statistic: string,
  wanted: ScaleMode,
  lo: number | null = null,
  hi: number | null = null,
  thresholds: Thresholds | null = null,
): Scale {
  const diverging = isSigned(statistic) || (values.sorted.length > 0 && values.min < 0);
  if (diverging && wanted === "log") return symlogScale(values, lo, hi);
  const sorted = diverging ? values.sorted : densest(values.sorted);
  const mode: ScaleMode = diverging ? "linear" : wanted;
  let range: [number, number] = mode === "log" ? [1e-3, 1] : diverging ? [-1, 1] : [0, 1];
  if (sorted.length > 0) {
    const p1 = quantile(sorted, 0.01);
    const p99 = quantile(sorted, 0.99);
    if (mode === "log") range = atThresholds(logRange(p1, p99), values, thresholds);
    else if (isFraction(statistic)) range = [0, 1];
    else if (diverging) {
      const reach = niceUp(Math.max(Math.abs(p1), Math.abs(p99)));
      range = [-reach, reach];
    } else range = [lowest(statistic), niceUp(Math.max(p99, 2 * lowest(statistic)))];
  }
  const from = lo !== null && (mode === "linear" || lo > 0) ? lo : range[0];
  const to = hi !== null && (mode === "linear" || hi > 0) ? hi : range[1];
  return from < to ? { mode, lo: from, hi: to, diverging } : { mode, lo: range[0], hi: range[1], diverging };
}

/** Maximum number of decades between the linear part and the end of a symlog scale. */
const SYMLOG_DECADES = 8;

/** Return a symlog scale for signed values that span decades. Its linear part is below most magnitudes. */
function symlogScale(values: Values, lo: number | null = null, hi: number | null = null): Scale {
  const magnitudes = densest(values.sorted.map(Math.abs).sort());
  let reach = 1;
  let threshold = 0.1;
  if (magnitudes.length > 0) {
    reach = niceUp(quantile(magnitudes, 0.99));
    const low = Math.max(quantile(magnitudes, 0.1), reach / 10 ** SYMLOG_DECADES);
    threshold = Math.min(power(Math.floor(Math.log10(low) + 1e-9)), reach / 10);
  }
  const from = lo ?? -reach;
  const to = hi ?? reach;
  const given = from < to ? { lo: from, hi: to } : { lo: -reach, hi: reach };
  return { mode: "symlog", ...given, diverging: true, threshold };
}

/**
 * Maximum number of decades on either side of a factor scale. Larger factors would reduce all others to one colour.
 */
const MAX_FACTOR_DECADES = 6;

/**
 * Return a scale for decimal logarithms of factors, symmetric about a factor of 1. It ends at the 1st and 99th
 * percentile, rounded outward to 2, 5 or 10 times, or to whole decades. `lo` and `hi` override the ends and are
 * factors.
 */
export function factorScale(values: Values, lo: number | null = null, hi: number | null = null): Scale {
  let reach = Math.log10(2);
  if (values.sorted.length > 0) {
    const p1 = quantile(values.sorted, 0.01);
    const p99 = quantile(values.sorted, 0.99);
    reach = Math.min(MAX_FACTOR_DECADES, Math.max(reach, roundFactor(Math.max(Math.abs(p1), Math.abs(p99)))));
  }
  const from = lo !== null && lo > 0 ? Math.log10(lo) : -reach;
  const to = hi !== null && hi > 0 ? Math.log10(hi) : reach;
  const given = from < to ? { lo: from, hi: to } : { lo: -reach, hi: reach };
  return { mode: "linear", ...given, diverging: true, factor: true };
}

/** Round the logarithm of a factor outward. */
export const roundFactor = (decades: number) =>
  decades > 3 ? Math.ceil(decades - 1e-9) : Math.log10(niceUp(10 ** decades));

/** Extend a range to each threshold that is exceeded, so that values are clipped only beyond the threshold. */
function atThresholds(
  [lo, hi]: [number, number],
  { min, max }: Values,
  thresholds: Thresholds | null,
): [number, number] {
  if (!thresholds) return [lo, hi];
  const { vanishing, exploding } = thresholds;
  return [
    min < vanishing && vanishing < lo ? vanishing : lo,
    max > exploding && exploding > hi ? exploding : hi,
  ];
}

/** Tolerance at the ends of the scale, because values are float32 and ends are float64. */
const EDGE = 1e-7;

export const isUnder = (t: number) => t < -EDGE;
export const isOver = (t: number) => t > 1 + EDGE;

/** Return the position of a value on the scale: 0 at `lo`, 1 at `hi`, outside of this range if it is clipped. */
export function toUnit(scale: Scale, value: number): number {
  if (scale.mode === "log") {
    if (value <= 0) return Number.NEGATIVE_INFINITY;
    return Math.log(value / scale.lo) / Math.log(scale.hi / scale.lo);
  }
  if (scale.mode === "symlog") {
    const from = symlog(scale, scale.lo);
    return (symlog(scale, value) - from) / (symlog(scale, scale.hi) - from);
  }
  return (value - scale.lo) / (scale.hi - scale.lo);
}

const symlog = ({ threshold = 1 }: Scale, value: number) =>
  Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold);

/** Return true if exact zeros have no position on the scale and need a separate lane. */
export const needsZeroLane = (scale: Scale) => scale.mode === "log" || scale.factor === true;

/** Return about `count` round values on the scale. On a log scale these are evenly spaced powers of ten. */
export function ticks(scale: Scale, count: number): number[] {
  if (scale.factor) return factorTicks(scale, count);
  if (scale.mode === "symlog") return symlogTicks(scale, count);
  if (scale.mode === "linear") return linearTicks(scale.lo, scale.hi, count);
  const first = Math.ceil(Math.log10(scale.lo) - 1e-9);
  const last = Math.floor(Math.log10(scale.hi) + 1e-9);
  const every = [1, 2, 3, 4, 5, 6, 10].find((n) => (last - first) / n <= count) ?? 20;
  const result: number[] = [];
  for (let e = Math.ceil(first / every) * every; e <= last; e += every) result.push(power(e));
  if (result.length < 2) return [scale.lo, scale.hi];
  return result;
}

const FACTOR_STEPS = [[2], [2, 5], [10], [100], [1e3], [1e4], [1e6], [1e8], [1e10], [1e15], [1e20], [1e40]];

/** Return powers of 2 or of 10 on both sides of a factor of 1, as many as fit into `count`. */
function factorTicks({ lo, hi }: Scale, count: number): number[] {
  const reach = Math.max(Math.abs(lo), Math.abs(hi));
  let best = [0];
  for (const steps of FACTOR_STEPS) {
    const up = steps.flatMap((step) => {
      const size = Math.log10(step);
      // Powers of one number, or 2 and 5 within each decade.
      if (steps.length === 1)
        return Array.from({ length: Math.floor(reach / size + 1e-9) }, (_, i) => (i + 1) * size);
      return Array.from({ length: Math.ceil(reach) }, (_, i) => i + size);
    });
    if (steps.length > 1) up.push(...Array.from({ length: Math.floor(reach + 1e-9) }, (_, i) => i + 1));
    const all = [...up.map((one) => -one).reverse(), 0, ...up]
      .sort((a, b) => a - b)
      .filter((one) => one >= lo - 1e-9 && one <= hi + 1e-9);
    if (all.length <= Math.max(3, count) && all.length > best.length) best = all;
  }
  return best;
}

function symlogTicks(scale: Scale, count: number): number[] {
  const largest = Math.max(Math.abs(scale.lo), Math.abs(scale.hi));
  const first = Math.ceil(Math.log10(scale.threshold ?? 1) - 1e-9);
  const last = Math.floor(Math.log10(largest) + 1e-9);
  const side = Math.max(1, Math.floor((count - 1) / 2));
  const every = Math.max(1, Math.ceil((last - first + 1) / side));
  const up: number[] = [];
  for (let e = last; e >= first; e -= every) up.push(power(e));
  return [...up.map((one) => -one), 0, ...up.reverse()].filter((one) => one >= scale.lo && one <= scale.hi);
}

/** Return about `count` integer ticks over a range of steps. */
export function stepTicks(domain: readonly [number, number], count: number): number[] {
  const result = linearTicks(domain[0], domain[1], count);
  return result.filter((tick) => Number.isInteger(tick) && tick >= 0);
}
