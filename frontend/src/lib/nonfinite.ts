/** Summary of the NaN and Inf values of one line over some steps. */
interface Worst {
  /** Number of steps with NaN or Inf. */
  steps: number;
  /** Index of the step with the most nonfinite elements, the first one on a tie. */
  at: number;
  /** Number of nonfinite elements at that step, and of all elements. Null if they were not logged. */
  elements: number | null;
  all: number | null;
}

/**
 * Summarize NaN and Inf, or return null if everything is finite. Without element counts, the values themselves are
 * checked. With `partly`, NaN of a tensor without nonfinite elements is a statistic that was not measured at the step, as
 * between logged steps, of which only norms are kept.
 */
export function worstOf(
  absent: ArrayLike<number>,
  values: ArrayLike<number> | undefined,
  nonfinite: ArrayLike<number> | undefined,
  counts: ArrayLike<number> | undefined,
  partly = false,
): Worst | null {
  let steps = 0;
  let at = -1;
  for (let i = 0; i < absent.length; i++) {
    if (absent[i] !== 0) continue;
    const counted = nonfinite !== undefined && nonfinite[i] > 0;
    if (!counted && (values === undefined || Number.isFinite(values[i]))) continue;
    if (!counted && partly && nonfinite?.[i] === 0 && Number.isNaN(values?.[i])) continue;
    steps += 1;
    if (at < 0 || (nonfinite && nonfinite[i] > nonfinite[at])) at = i;
  }
  if (at < 0) return null;
  const known = (of: ArrayLike<number> | undefined) => (of && Number.isFinite(of[at]) ? of[at] : null);
  return { steps, at, elements: known(nonfinite), all: known(counts) };
}
