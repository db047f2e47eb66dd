import { quantile } from "../../lib/scale";
import { CELL, type Grid, type Percentiles } from "../../lib/types";

export interface Band {
  line: number;
  lo: number;
  hi: number;
  /** Number of steps with a value, and of steps that are not finite. */
  count: number;
  nonfinite: number;
}

export const BAND = { lo: 0.05, hi: 0.95 } as const;

const known = new WeakMap<Grid, Map<number, Band | null>>();

/**
 * Return the 5th to the 95th percentile of a line over the grid's steps, interpolated linearly; null for fewer than two
 * values. Exact zeros count as 0. NaN and Inf are counted apart. A factor of 0 is minus infinity, below everything. The
 * result is kept for the grid, since lines become visible again and again.
 */
export function percentileBand(grid: Grid, line: number): Band | null {
  let own = known.get(grid);
  if (!own) {
    own = new Map();
    known.set(grid, own);
  }
  let band = own.get(line);
  if (band === undefined) {
    band = computeBand(grid, line);
    own.set(line, band);
  }
  return band;
}

/** Return the band that the server has computed for the shares of BAND: of a run in columns the page lacks steps. */
export function answeredBand(
  { values, finite, nonfinite }: Percentiles,
  row: number,
  line: number,
): Band | null {
  const [lo, hi] = [values[row], values[finite.length + row]];
  return finite[row] < 2 ? null : { line, lo, hi, count: finite[row], nonfinite: nonfinite[row] };
}

function computeBand(grid: Grid, line: number): Band | null {
  // Columns hold only the most important value of several steps: its percentiles would mean something else.
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

/** Return a quantile. It is minus infinity if its lower neighbour is: nothing lies halfway to that. */
function between(sorted: Float64Array, share: number): number {
  const below = sorted[Math.floor(share * (sorted.length - 1))];
  return Number.isFinite(below) ? quantile(sorted, share) : below;
}
