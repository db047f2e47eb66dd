import { scaleLinear } from "d3-scale";
import { CELL, type Grid, type Scale, type ScaleMode, type Thresholds } from "../types";
import { isFraction, isSigned, lowest } from "./statistics";

/** At most about so many decades are spread over the palette by default: what lies beyond is clipped, and said so. */
const MOST_DECADES = 12;
const MOST_SAMPLES = 200_000;

export interface Values {
  /** Finite nonzero values, ascending; thinned evenly when there are very many. */
  sorted: Float32Array;
  min: number;
  max: number;
}

export function finiteValues(grids: readonly Grid[]): Values {
  let total = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const grid of grids) for (const state of grid.states) if (state === CELL.value) total += 1;
  const stride = Math.max(1, Math.ceil(total / MOST_SAMPLES));
  const sample: number[] = [];
  let seen = 0;
  for (const grid of grids) {
    for (let i = 0; i < grid.states.length; i++) {
      if (grid.states[i] !== CELL.value) continue;
      const value = grid.values[i];
      if (value < min) min = value;
      if (value > max) max = value;
      if (seen++ % stride === 0) sample.push(value);
    }
  }
  return { sorted: Float32Array.from(sample).sort(), min, max };
}

/** The value at a share of the sorted ones, linear in between. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** Next of 1, 2, 5 times a power of ten. Written so that no 9.999 or 10.001 comes of it. */
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
 * Of ascending positive values that span too many decades, those of the stretch that holds the most.
 * One run that explodes to 1e30 must not turn all others into one colour, nor one that vanishes to 1e-30.
 */
export function densest(sorted: Float32Array, decades = MOST_DECADES): Float32Array {
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
 * The scale for what is shown: the 1st to the 99th percentile of all finite nonzero values, rounded out;
 * where they span too many decades, of the densest stretch; in log at least up to a threshold that is passed.
 * Signed values get a symmetric diverging scale; a range set by hand wins.
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

/** What is drawn as beyond the scale begins no sooner than what counts as vanishing or exploding. */
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

/** Values are float32 and the ends of the scale are not: closer than this to an end is on it, not clipped. */
const EDGE = 1e-7;

export const isUnder = (t: number) => t < -EDGE;
export const isOver = (t: number) => t > 1 + EDGE;

/** Place of a value on the scale: 0 at `lo`, 1 at `hi`, outside of that where it is clipped. */
export function toUnit(scale: Scale, value: number): number {
  if (scale.mode === "log") {
    if (value <= 0) return Number.NEGATIVE_INFINITY;
    return Math.log(value / scale.lo) / Math.log(scale.hi / scale.lo);
  }
  return (value - scale.lo) / (scale.hi - scale.lo);
}

/** About `count` round values on the scale; on a log scale whole decades, evenly thinned. */
export function ticks(scale: Scale, count: number): number[] {
  if (scale.mode === "linear") return scaleLinear().domain([scale.lo, scale.hi]).ticks(count);
  const first = Math.ceil(Math.log10(scale.lo) - 1e-9);
  const last = Math.floor(Math.log10(scale.hi) + 1e-9);
  const every = [1, 2, 3, 4, 5, 6, 10].find((n) => (last - first) / n <= count) ?? 20;
  const result: number[] = [];
  for (let e = Math.ceil(first / every) * every; e <= last; e += every) result.push(power(e));
  if (result.length < 2) return [scale.lo, scale.hi];
  return result;
}

/** Whole-numbered ticks over a range of steps. */
export function stepTicks(domain: readonly [number, number], count: number): number[] {
  const result = scaleLinear().domain([domain[0], domain[1]]).ticks(count);
  return result.filter((tick) => Number.isInteger(tick) && tick >= 0);
}
