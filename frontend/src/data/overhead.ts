/** Number of scalars per tag that TensorBoard keeps by default. */
const KEPT = 1000;

export interface Overhead {
  /** Fraction of the wall time between the first and the last logged step. */
  share: number;
  /** Mean cost of a logged step in seconds. */
  seconds: number;
  /** Number of logged steps; an estimate if only a sample of them is known. */
  steps: number;
  sampled: boolean;
}

/**
 * Return the cost of nnviz as a fraction of the run: the mean cost of a logged step times the number of logged steps,
 * over the wall time from the first to the last of these. The first step's cost precedes that time and does not
 * count. Return null if the cost is unknown.
 */
export function overheadOf(
  steps: ArrayLike<number>,
  wallTimes: ArrayLike<number>,
  values: ArrayLike<number>,
): Overhead | null {
  const n = steps.length;
  if (n < 3) return null;
  const wall = wallTimes[n - 1] - wallTimes[0];
  let sum = 0;
  let gap = Number.POSITIVE_INFINITY;
  for (let i = 1; i < n; i++) {
    sum += values[i];
    gap = Math.min(gap, steps[i] - steps[i - 1]);
  }
  if (!(wall > 0) || !Number.isFinite(sum)) return null;
  const sampled = n >= KEPT;
  const after = sampled ? Math.round((steps[n - 1] - steps[0]) / gap) : n - 1;
  const seconds = sum / (n - 1);
  return { share: (seconds * after) / wall, seconds, steps: after + 1, sampled };
}
