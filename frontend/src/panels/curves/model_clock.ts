import { median } from "../../lib/steps";
import { GLOBAL_PREFIX, NNVIZ_PREFIX, WINDOW_PREFIX } from "../../lib/tags";
import type { ScalarSeries } from "../../lib/types";

/** Optimizer steps of a run and their wall times, both ascending. */
export interface Clock {
  steps: Float64Array;
  wall_times: Float64Array;
}

/**
 * Return the wall times of a run's optimizer steps. They come from nnviz's own scalars, which are logged at optimizer
 * steps.
 */
export function clockOf(curves: readonly ScalarSeries[]): Clock | null {
  const own = curves.filter(({ tag }) => tag.startsWith(GLOBAL_PREFIX));
  const all = own.length > 0 ? own : curves.filter(({ tag }) => tag.startsWith(NNVIZ_PREFIX));
  const points = new Map<number, number>();
  for (const { steps, wall_times } of all)
    for (let i = 0; i < steps.length; i++) points.set(steps[i], wall_times[i]);
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  const rising = sorted.filter(([, wall], i) => i === 0 || wall > sorted[i - 1][1]);
  if (rising.length < 2) return null;
  return {
    steps: Float64Array.from(rising, ([step]) => step),
    wall_times: Float64Array.from(rising, ([, wall]) => wall),
  };
}

/** Return a run's step at a wall time, interpolated linearly and limited to the known range. */
export const stepAt = ({ steps, wall_times }: Clock, wall: number) => between(wall_times, steps, wall);

/** Return a run's wall time at a step, interpolated linearly and limited to the known range. */
export const wallAt = ({ steps, wall_times }: Clock, step: number) => between(steps, wall_times, step);

function between(from: Float64Array, to: Float64Array, value: number): number {
  const last = from.length - 1;
  if (value <= from[0]) return to[0];
  if (value >= from[last]) return to[last];
  let lo = 0;
  let hi = last;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (from[mid] <= value) lo = mid;
    else hi = mid;
  }
  return to[lo] + ((value - from[lo]) / (from[hi] - from[lo])) * (to[hi] - to[lo]);
}

/** Fraction of the run's steps above which a deviation means that a scalar's steps are not optimizer steps. */
const MAX_DEVIATION = 0.1;

/**
 * Return true if a curve's steps are not optimizer steps but, for example, epochs. Most of its points were then
 * logged when the run was at a different step. Comparing the numbers does not suffice, because epochs 0, 2, 4 are
 * also valid steps.
 */
export function countsOtherSteps(curve: ScalarSeries, clock: Clock): boolean {
  const span = clock.steps[clock.steps.length - 1] - clock.steps[0];
  if (curve.steps.length === 0 || span <= 0) return false;
  const away = Array.from(curve.steps, (step, i) => Math.abs(step - stepAt(clock, curve.wall_times[i])));
  return median(away) > MAX_DEVIATION * span;
}

/** Return a curve's steps. If they are not optimizer steps, return the optimizer steps at its wall times. */
export function alignedSteps(
  curve: ScalarSeries,
  clock: Clock | null,
): { steps: Float64Array; byTime: boolean } {
  if (!clock || curve.tag.startsWith(GLOBAL_PREFIX) || curve.tag.startsWith(WINDOW_PREFIX))
    return { steps: curve.steps, byTime: false };
  if (!countsOtherSteps(curve, clock)) return { steps: curve.steps, byTime: false };
  return { steps: curve.wall_times.map((wall) => stepAt(clock, wall)), byTime: true };
}
