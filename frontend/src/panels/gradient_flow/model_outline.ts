import type { LayerFinding } from "../../lib/rules/findings";
import type { Line, Row } from "../../lib/types";

/** Consecutive lines of a heat map whose layers a finding names from the same step on. */
export interface Outline {
  first: number;
  last: number;
  since: number;
}

/** Return the outlines of the layers that findings name. A block is outlined if it holds such a layer. */
export function outlinesOf(
  lines: readonly Line[],
  rows: readonly Row[],
  layers: ReadonlyMap<string, LayerFinding>,
): Outline[] {
  const outlines: Outline[] = [];
  if (layers.size === 0) return outlines;
  lines.forEach((line, i) => {
    if (line.type === "header") return;
    const found = line.rows.flatMap((row) => layers.get(rows[row].module) ?? []);
    if (found.length === 0) return;
    const since = Math.min(...found.map((one) => one.since));
    const last = outlines.at(-1);
    if (last && last.last === i - 1 && last.since === since) last.last = i;
    else outlines.push({ first: i, last: i, since });
  });
  return outlines;
}
