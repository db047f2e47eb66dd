/** Where one line is not finite, of some steps. */
interface Worst {
  /** At how many of them. */
  steps: number;
  /** Index of the one with the most elements, the first of several alike. */
  at: number;
  /** How many elements are not finite there, and of how many; null where that was not written. */
  elements: number | null;
  all: number | null;
}

/** Null where everything is finite. Without counts of elements the values themselves say it. */
export function worstOf(
  absent: ArrayLike<number>,
  values: ArrayLike<number> | undefined,
  nonfinite: ArrayLike<number> | undefined,
  counts: ArrayLike<number> | undefined,
): Worst | null {
  let steps = 0;
  let at = -1;
  for (let i = 0; i < absent.length; i++) {
    if (absent[i] !== 0) continue;
    const counted = nonfinite !== undefined && nonfinite[i] > 0;
    if (!counted && (values === undefined || Number.isFinite(values[i]))) continue;
    steps += 1;
    if (at < 0 || (nonfinite && nonfinite[i] > nonfinite[at])) at = i;
  }
  if (at < 0) return null;
  const known = (of: ArrayLike<number> | undefined) => (of && Number.isFinite(of[at]) ? of[at] : null);
  return { steps, at, elements: known(nonfinite), all: known(counts) };
}
