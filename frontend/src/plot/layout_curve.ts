import { nice } from "d3-array";
import { niceDown, niceUp, roundFactor } from "../lib/scale";
import { allSteps, sameItems } from "../lib/steps";
import { CELL, type Grid, type Scale, type ScaleMode } from "../lib/types";

export interface CurveRun {
  run: string;
  /**
   * Values at the shared steps: undefined if the run lacks the step, null if the value has no position on the scale.
   */
  values: (number | null | undefined)[];
  /**
   * Values at steps whose reference step is too far away, and null at other steps. Null if there are no such steps.
   */
  far?: (number | null | undefined)[] | null;
  zeros: number[];
  nonfinites: number[];
  /** Steps at which the factor is infinite, because the reference is exactly 0. */
  infinites?: number[];
}

export interface Curves {
  steps: Float64Array;
  runs: CurveRun[];
}

/** Arrange one line of the grids as curves over shared steps. Zeros and nonfinite values go to separate lanes. */
export function curves(grids: readonly Grid[], line: number): Curves {
  const steps = allSteps(grids.map((grid) => grid.steps));
  // Most runs are logged at the same steps and need no lookup.
  let places: Map<number, number> | null = null;
  const placesOf = () => {
    places ??= new Map([...steps].map((step, i) => [step, i]));
    return places;
  };
  const runs = grids.map((grid): CurveRun => {
    const result: CurveRun = {
      run: grid.run,
      values: new Array(steps.length).fill(undefined),
      far: grid.match?.far.includes(1) ? new Array(steps.length).fill(undefined) : null,
      zeros: [],
      nonfinites: [],
    };
    const start = line * grid.steps.length;
    const place = sameItems(grid.steps, steps) ? null : placesOf();
    for (let s = 0; s < grid.steps.length; s++) {
      const state = grid.states[start + s];
      const step = grid.steps[s];
      const at = place ? place.get(step)! : s;
      const value = state === CELL.value ? grid.values[start + s] : null;
      const isFar = grid.match?.far[s] === 1;
      result.values[at] = isFar ? null : value;
      if (result.far) result.far[at] = isFar ? value : null;
      if (state === CELL.zero) result.zeros.push(step);
      if (state === CELL.nonfinite || state === CELL.refNonfinite) result.nonfinites.push(step);
      if (state === CELL.refZero) result.infinites = [...(result.infinites ?? []), step];
    }
    return result;
  });
  return { steps, runs };
}

/**
 * Number of decades of a curve's scale above which rare values are clipped. On a longer scale small changes would be
 * invisible.
 */
const MAX_DECADES = 14;
/** Largest share of a chart's values that are rare. More of them extend the scale, however far away they are. */
const RARE = 0.05;

/**
 * Return the y scale of the curves, which covers all values of the line, rounded outward. If they span too many
 * decades and few are far from the others, these few are clipped. The colours' scale does not limit it.
 */
export function curveScale(curves: Curves, mode: ScaleMode, shared: Scale): Scale {
  const [min, max] = extent(curves, mode, shared);
  const diverging = min < 0;
  if (shared.factor) return factorCurve(min, max);
  if (shared.mode === "symlog" || (mode === "log" && diverging)) return symlogCurve(min, max, shared);
  if (mode === "log" && !diverging) {
    if (min > max) return { mode, lo: 1e-3, hi: 1, diverging: false };
    let lo = niceDown(min);
    let hi = niceUp(max);
    // A nearly constant curve is shown within one decade, so that its noise is not magnified.
    if (hi / lo < 10) {
      lo = niceDown(lo / 2);
      hi = niceUp(hi * 2);
    }
    return { mode, lo, hi, diverging: false };
  }
  if (min > max) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  const [lo, hi] = nice(Math.min(0, min), Math.max(0, max), 5);
  return { mode: "linear", lo, hi: hi > lo ? hi : lo + 1, diverging };
}

/** Return the smallest and the largest value that the scale must cover, without rare values far from the others. */
function extent({ runs }: Curves, mode: ScaleMode, { factor, mode: sharedMode }: Scale): [number, number] {
  const all = runs.flatMap(({ values, far }) =>
    (far ? [...values, ...far] : values).filter((value): value is number => typeof value === "number"),
  );
  if (all.length === 0) return [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  all.sort((a, b) => a - b);
  const whole: [number, number] = [all[0], all[all.length - 1]];
  if (mode !== "log" && sharedMode !== "symlog" && !factor) return whole;
  // Factors are logarithms already. Values of both signs are measured by their magnitudes.
  const decades = factor
    ? all
    : all
        .map((value) => Math.log10(Math.abs(value)))
        .filter(Number.isFinite)
        .sort((a, b) => a - b);
  if (decades.length === 0 || decades[decades.length - 1] - decades[0] <= MAX_DECADES) return whole;
  const [from, to] = populated(decades);
  const kept = all.filter((value) => {
    const at = factor ? value : Math.log10(Math.abs(value));
    return at >= from && at <= to;
  });
  if (kept.length < (1 - RARE) * all.length) return whole;
  return [kept[0], kept[kept.length - 1]];
}

/** Return the ends of the most populated range of `MAX_DECADES`, given ascending positions. */
function populated(decades: readonly number[]): [number, number] {
  let best: [number, number] = [0, 0];
  for (let i = 0, j = 0; i < decades.length; i++) {
    while (j + 1 < decades.length && decades[j + 1] <= decades[i] + MAX_DECADES) j++;
    if (j - i > best[1] - best[0]) best = [i, j];
  }
  return [decades[best[0]], decades[best[1]]];
}

/** Return a scale of factors that includes 1 and extends at least from a half to two. */
function factorCurve(min: number, max: number): Scale {
  const minimum = Math.log10(2);
  const lo = -Math.max(minimum, roundFactor(Math.max(0, min > max ? 0 : -min)));
  const hi = Math.max(minimum, roundFactor(Math.max(0, min > max ? 0 : max)));
  return { mode: "linear", lo, hi, diverging: true, factor: true };
}

/** Return a symlog scale that spans the values, with the linear part of the shared scale. */
function symlogCurve(min: number, max: number, shared: Scale): Scale {
  const { threshold = 1e-3 } = shared;
  const minimum = 10 * threshold;
  const far = (value: number) => niceUp(Math.max(minimum, value));
  if (min > max) return { mode: "symlog", lo: -minimum, hi: minimum, diverging: true, threshold };
  const lo = min < 0 ? -far(-min) : 0;
  const hi = max > 0 ? far(max) : 0;
  return { mode: "symlog", lo, hi, diverging: true, threshold };
}
