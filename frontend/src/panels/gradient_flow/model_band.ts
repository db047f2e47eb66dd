import { quantile } from "../../lib/scale";
import { CELL, type Grid, type Percentiles } from "../../lib/types";

export interface Band {
  line: number;
  lo: number;
  hi: number;
  /** How many steps it is of, and how many of the others were not finite. */
  count: number;
  nonfinite: number;
}

export const BAND = { lo: 0.05, hi: 0.95 } as const;

const known = new WeakMap<Grid, Map<number, Band | null>>();

/**
 * The 5th to the 95th percentile of a line over the grid's steps, linear in between; null for fewer than two values.
 * Exact zeros count as 0; what is NaN or Inf is counted apart. A factor of 0 is minus infinity: below everything.
 * Kept for the grid: lines come into sight again and again.
 */
export function percentileBand(grid: Grid, line: number): Band | null {
  let own = known.get(grid);
  if (!own) {
    own = new Map();
    known.set(grid, own);
  }
  let band = own.get(line);
  if (band === undefined) {
    band = reckon(grid, line);
    own.set(line, band);
  }
  return band;
}

/** The same as the server has reckoned it, for shares as in BAND: of a run in columns the page has not every step. */
export function answeredBand(
  { values, finite, nonfinite }: Percentiles,
  row: number,
  line: number,
): Band | null {
  const [lo, hi] = [values[row], values[finite.length + row]];
  return finite[row] < 2 ? null : { line, lo, hi, count: finite[row], nonfinite: nonfinite[row] };
}

function reckon(grid: Grid, line: number): Band | null {
  // Of columns there is only what matters most in each: percentiles of that would be of something else.
  if (grid.reduced) return null;
  const n = grid.steps.length;
  const own: number[] = [];
  let nonfinite = 0;
  for (let at = line * n; at < (line + 1) * n; at++) {
    const state = grid.states[at];
    if (state === CELL.value || state === CELL.zero) own.push(grid.values[at]);
    else if (state === CELL.nonfinite) nonfinite += 1;
  }
  if (own.length < 2) return null;
  const sorted = Float64Array.from(own).sort();
  const [lo, hi] = [BAND.lo, BAND.hi].map((share) => between(sorted, share));
  return { line, lo, hi, count: own.length, nonfinite };
}

/** A quantile that is minus infinity where its lower neighbour is: there is nothing halfway to it. */
function between(sorted: Float64Array, share: number): number {
  const below = sorted[Math.floor(share * (sorted.length - 1))];
  return Number.isFinite(below) ? quantile(sorted, share) : below;
}
