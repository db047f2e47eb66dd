import { CELL, type CellState, type Grid, type Line, type Row } from "../../lib/types";

/** Order of the layers: by depth (execution order, as a tree), by name, or by their values at a step. */
export type Order = { by: "depth" } | { by: "name" } | { by: "value"; step: number };

/** Parse the order from the URL: `name` or `value@240`. Anything else means depth. */
export function parseOrder(text: string | null): Order {
  if (text === "name") return { by: "name" };
  const value = text?.match(/^value@(\d+)$/);
  return value ? { by: "value", step: Number(value[1]) } : { by: "depth" };
}

export const orderText = (order: Order) =>
  order.by === "value" ? `value@${order.step}` : order.by === "depth" ? null : order.by;

const collator = new Intl.Collator("en", { numeric: true });

/** Return lines without blocks, one per row. */
export const flatLines = (rows: readonly Row[], shown: readonly number[], dropWeight: boolean): Line[] =>
  shown.map((row) => {
    const { name } = rows[row];
    const label = dropWeight && name.endsWith(".weight") ? name.slice(0, -".weight".length) : name;
    return { key: name, label, depth: 0, type: "row", rows: [row] };
  });

/** Sort lines by name, with numbers in names as numbers: `blocks.2` before `blocks.10`. */
export const byName = (lines: readonly Line[]): Line[] =>
  [...lines].sort((a, b) => collator.compare(a.label, b.label));

const RANK: Partial<Record<CellState, number>> = {
  [CELL.nonfinite]: 0,
  [CELL.value]: 1,
  [CELL.zero]: 1,
};

/**
 * Sort lines by their values at a step of one run: NaN and Inf first, then from largest to smallest, then lines
 * without a value.
 */
export function byValue(lines: readonly Line[], grid: Grid, at: number): Line[] {
  const cell = (i: number) => i * grid.steps.length + at;
  const rank = lines.map((_, i) => (at < 0 ? 2 : (RANK[grid.states[cell(i)] as CellState] ?? 2)));
  const places = lines.map((_, i) => i);
  places.sort((a, b) => {
    if (rank[a] !== rank[b] || rank[a] !== 1) return rank[a] - rank[b] || a - b;
    const [x, y] = [grid.values[cell(a)], grid.values[cell(b)]];
    return x === y ? a - b : y > x ? 1 : -1;
  });
  return places.map((i) => lines[i]);
}
