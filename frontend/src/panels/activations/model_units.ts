import { type MapGrid, valueIndex } from "./model";

/** `dead`: exactly 0 for every sample and position. `unknown`: its statistics were not logged. */
type UnitState = "live" | "dead" | "constant" | "nonfinite" | "unknown";

export function unitState(grid: MapGrid, unit: number): UnitState {
  const { min, max } = grid.units;
  if (!min || !max || unit >= min.length) return "unknown";
  if (Number.isNaN(min[unit]) || Number.isNaN(max[unit])) return "nonfinite";
  if (min[unit] !== max[unit]) return "live";
  return min[unit] === 0 ? "dead" : "constant";
}

export function countStates(grid: MapGrid): Record<UnitState, number> {
  const counts = { live: 0, dead: 0, constant: 0, nonfinite: 0, unknown: 0 };
  for (let unit = 0; unit < grid.ids.length; unit++) counts[unitState(grid, unit)] += 1;
  return counts;
}

/** Return the largest magnitude of a unit, or infinity if it is not finite. */
export function activity(grid: MapGrid, unit: number): number {
  const { min, max } = grid.units;
  if (!min || !max || unit >= min.length) return 0;
  const largest = Math.max(Math.abs(min[unit]), Math.abs(max[unit]));
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

export type UnitOrder = "activity" | "index";

/**
 * Return the original indices of units in the order that all runs share: the units of the first map, followed by
 * units that only other runs kept.
 */
export function slotsOf(grids: readonly MapGrid[], order: UnitOrder): number[] {
  const [first, ...others] = grids;
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

/** Return for each slot the unit's position in a map, or -1 if the run did not keep it. */
export function positionsOf(grid: MapGrid, slots: readonly number[]): number[] {
  const place = new Map(grid.ids.map((id, unit) => [id, unit]));
  return slots.map((id) => place.get(id) ?? -1);
}

/** Return the signed value of largest magnitude of a unit, or NaN if a value is not finite. */
export function peakOf(grid: MapGrid, unit: number): number {
  let peak = 0;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const value = grid.values[valueIndex(grid, unit, row, column)];
      if (Number.isNaN(value)) return value;
      if (Math.abs(value) > Math.abs(peak)) peak = value;
    }
  }
  return peak;
}
