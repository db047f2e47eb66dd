import { type Board, placeOf } from "./model";

/** `dead`: exactly 0 for every sample and place. `unknown`: its figures were not written. */
type UnitState = "live" | "dead" | "constant" | "nonfinite" | "unknown";

export function unitState(board: Board, unit: number): UnitState {
  const { min, max } = board.units;
  if (!min || !max || unit >= min.length) return "unknown";
  if (Number.isNaN(min[unit]) || Number.isNaN(max[unit])) return "nonfinite";
  if (min[unit] !== max[unit]) return "live";
  return min[unit] === 0 ? "dead" : "constant";
}

export function countStates(board: Board): Record<UnitState, number> {
  const counts = { live: 0, dead: 0, constant: 0, nonfinite: 0, unknown: 0 };
  for (let unit = 0; unit < board.ids.length; unit++) counts[unitState(board, unit)] += 1;
  return counts;
}

/** Largest magnitude of a unit; what is not finite comes before everything. */
export function activity(board: Board, unit: number): number {
  const { min, max } = board.units;
  if (!min || !max || unit >= min.length) return 0;
  const most = Math.max(Math.abs(min[unit]), Math.abs(max[unit]));
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}

export type UnitOrder = "activity" | "index";

/**
 * Original indices of the units in the order in which all runs show them, so that a unit has one place: the first
 * board's, and after them what only others have.
 */
export function slotsOf(boards: readonly Board[], order: UnitOrder): number[] {
  const [first, ...others] = boards;
  if (!first) return [];
  const units = first.ids.map((id, unit) => ({
    id,
    key: order === "activity" ? -activity(first, unit) : id,
  }));
  units.sort((a, b) => (a.key === b.key ? a.id - b.id : a.key - b.key));
  const slots = units.map(({ id }) => id);
  const known = new Set(slots);
  const extra = new Set<number>();
  for (const { ids } of others) for (const id of ids) if (!known.has(id)) extra.add(id);
  return [...slots, ...[...extra].sort((a, b) => a - b)];
}

/** Where each slot's unit is in a board, or -1 where this run has not kept it. */
export function positionsOf(board: Board, slots: readonly number[]): number[] {
  const place = new Map(board.ids.map((id, unit) => [id, unit]));
  return slots.map((id) => place.get(id) ?? -1);
}

/** The value of the largest magnitude in a unit's picture, with its sign; NaN where one is not finite. */
export function peakOf(board: Board, unit: number): number {
  let peak = 0;
  for (let row = 0; row < board.rows; row++) {
    for (let column = 0; column < board.columns; column++) {
      const value = board.values[placeOf(board, unit, row, column)];
      if (Number.isNaN(value)) return value;
      if (Math.abs(value) > Math.abs(peak)) peak = value;
    }
  }
  return peak;
}
