import { baseName, isFraction } from "../../lib/statistics";
import { nearest, spacing } from "../../lib/steps";
import { CELL, type CellState, type Grid, type Match } from "../../lib/types";

/**
 * Kind of comparison of two runs. Values that may be negative, fractions and counts are compared by their difference,
 * and other values by their ratio. Factors are stored as logarithms, so their difference is the logarithm of their
 * ratio.
 */
export type Comparison = "ratio" | "difference" | "factors";

export const comparisonOf = (statistic: string, signed: boolean): "ratio" | "difference" =>
  signed || isFraction(statistic) || ["count", "nonfinite"].includes(baseName(statistic))
    ? "difference"
    : "ratio";

/**
 * Match each step with the nearest step of the reference. Steps further away than half of the reference's usual
 * logging interval are marked as far: they are too far apart for a comparison.
 */
export function matchSteps(
  steps: ArrayLike<number>,
  reference: ArrayLike<number>,
  usual = spacing(reference),
): Match {
  const most = usual / 2;
  const at = new Int32Array(steps.length);
  const far = new Uint8Array(steps.length);
  for (let s = 0; s < steps.length; s++) {
    at[s] = nearest(reference, steps[s]);
    if (at[s] >= 0 && Math.abs(reference[at[s]] - steps[s]) > most) far[s] = 1;
  }
  return { at, far };
}

/** Return the state of a compared cell; `undefined` if both sides have a value that can be compared. */
function stateOf(own: CellState, reference: CellState, comparison: Comparison): CellState | undefined {
  if (own === CELL.header || own === CELL.absent || own === CELL.undefined) return own;
  if (own === CELL.nonfinite) return CELL.nonfinite;
  if (reference === CELL.nonfinite) return CELL.refNonfinite;
  if (reference !== CELL.value && reference !== CELL.zero) return CELL.refAbsent;
  if (comparison === "difference") return undefined;
  if (own === CELL.zero) return CELL.zero;
  return reference === CELL.zero ? CELL.refZero : undefined;
}

/**
 * Compare one run with the reference on the same lines, by decimal logarithms of ratios or by differences. If either
 * side is zero, NaN or absent, the cell gets a state instead of a value.
 */
export function differenceGrid(grid: Grid, reference: Grid, comparison: Comparison, usual?: number): Grid {
  const n = grid.steps.length;
  const match = matchSteps(grid.steps, reference.steps, usual);
  const values = new Float64Array(grid.lines * n).fill(Number.NaN);
  const states = new Uint8Array(grid.lines * n);
  for (let line = 0; line < grid.lines; line++) {
    const start = line * n;
    const other = line * reference.steps.length;
    for (let s = 0; s < n; s++) {
      const own = grid.states[start + s] as CellState;
      const at = match.at[s];
      const its = at < 0 ? CELL.absent : (reference.states[other + at] as CellState);
      const state = stateOf(own, its, comparison);
      if (state !== undefined) {
        states[start + s] = state;
        if (state === CELL.zero) values[start + s] = Number.NEGATIVE_INFINITY;
        continue;
      }
      const a = grid.values[start + s];
      const b = reference.values[other + at];
      // Subtract logarithms: the quotient of 1e30 and 1e-30 overflows float32, that of 1e300 and 1e-300 float64.
      const value = comparison === "ratio" ? Math.log10(a) - Math.log10(b) : a - b;
      values[start + s] = value;
      states[start + s] = comparison === "difference" && value === 0 ? CELL.zero : CELL.value;
    }
  }
  const { run, steps, lines, reduced } = grid;
  return {
    run,
    steps,
    lines,
    values,
    states,
    match,
    ...(reduced && { reduced: { ...reduced, sources: [] } }),
  };
}
