import { quantile } from "../../lib/scale";
import { CELL, type Grid, type Percentiles } from "../../lib/types";

export interface Band {
  line: number;
  lo: number;
  hi: number;
  /** Number of steps with a finite value. */
  count: number;
  /** Number of steps with NaN or Inf. */
  nonfinite: number;
}

export const BAND = { lo: 0.05, hi: 0.95 } as const;

const cache = new WeakMap<Grid, Map<number, Band | null>>();

/**
 * Return the 5th to the 95th percentile of a line over the grid's steps, interpolated linearly. Return null if it has
 * fewer than two values. Exact zeros count as 0. NaN and Inf are counted separately. The logarithm of a factor of 0
 * is minus infinity and sorts first. Results are cached per grid, since scrolling shows the same lines repeatedly.
 */
export function percentileBand(grid: Grid, line: number): Band | null {
  let own = cache.get(grid);
  if (!own) {
    own = new Map();
    cache.set(grid, own);
  }
  let band = own.get(line);
  if (band === undefined) {
    band = computeBand(grid, line);
    own.set(line, band);
  }
  return band;
}

/** Return the band of a run in columns. The server computes it, since the page does not have all steps of the run. */
export function serverBand(
  { values, finite, nonfinite }: Percentiles,
  row: number,
  line: number,
): Band | null {
  const [lo, hi] = [values[row], values[finite.length + row]];
  return finite[row] < 2 ? null : { line, lo, hi, count: finite[row], nonfinite: nonfinite[row] };
}

function computeBand(grid: Grid, line: number): Band | null {
  // A column holds only the most important value of several steps, so its percentiles would be misleading.
  if (grid.reduced) return null;
  const n = grid.steps.length;
  const own: number[] = [];
  let nonfinite = 0;
  for (let at = line * n; at < (line + 1) * n; at++) {
    const state = grid.states[at];
    if (state === CELL.value || state === CELL.zero) own.push(grid.values[at]);
    else if (state === CELL.nonfinite || state === CELL.refNonfinite) nonfinite += 1;
  }
  if (own.length < 2) return null;
  const sorted = Float64Array.from(own).sort();
  const [lo, hi] = [BAND.lo, BAND.hi].map((share) => quantileOf(sorted, share));
  return { line, lo, hi, count: own.length, nonfinite };
}

/**
 * Return a quantile. If its lower neighbour is minus infinity, so is the result, because interpolation is not
 * possible.
 */
function quantileOf(sorted: Float64Array, share: number): number {
  const below = sorted[Math.floor(share * (sorted.length - 1))];
  return Number.isFinite(below) ? quantile(sorted, share) : below;
}
