import type { MarkKind } from "../lib/marks";

/** Return the SVG path of a mark around a point. Each kind has its own shape, which distinguishes it without colour. */
export function markPath(kind: MarkKind, x: number, y: number): string {
  const p = (dx: number, dy: number) => `${Math.round((x + dx) * 100) / 100} ${y + dy}`;
  switch (kind) {
    case "finding":
      return `M${p(-2.6, 4)}V${y - 4}L${p(3.6, -1.6)}L${p(-2.6, 0.8)}`;
    case "peak":
      return `M${p(0, -3.5)}L${p(3.6, 3)}L${p(-3.6, 3)}z`;
    case "nonfinite":
      return `M${p(-3, -3)}L${p(3, 3)}M${p(3, -3)}L${p(-3, 3)}`;
    case "skipped":
      return `M${p(-3.4, -3)}L${p(-0.4, 0)}L${p(-3.4, 3)}M${p(0.4, -3)}L${p(3.4, 0)}L${p(0.4, 3)}`;
  }
}

/** Return the SVG path of a tick per mark, for marks that are merged into one. */
export const rugPath = (places: readonly number[], y: number) =>
  [...new Set(places.map((place) => Math.round(place)))].map((x) => `M${x} ${y - 2}V${y + 2}`).join("");
