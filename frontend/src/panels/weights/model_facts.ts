import { median } from "../../lib/steps";
import { type Cells, isBlank, type WeightHeader } from "./model";

/** What the norms of the lines of one axis say: rows or columns, output or input channels. */
export interface AxisFacts {
  axis: string;
  /** Lines whose norm is 0. Of a tile of which only some are, one counts: more is not known. */
  zero: number;
  /** Whether it may be more than that. */
  least: boolean;
  /** Lines that stand out: their norm is this many times the usual one. */
  large: { line: string; times: number }[];
}

/** A norm this many times the median of its axis stands out. */
const STANDS_OUT = 5;
const MAX_NAMED = 2;

export function facts(header: WeightHeader): AxisFacts[] {
  return Object.entries(header.norms ?? {}).map(([axis, { min, max }]) => {
    const kept = header.downsampled?.[axis];
    const tile = min && kept ? Math.ceil(kept[0] / kept[1]) : 1;
    const size = kept?.[0] ?? max.length;
    const name = (at: number) => {
      const from = header.unit_order?.[axis]?.[at] ?? at * tile;
      const to = Math.min(size, from + tile) - 1;
      return from >= to ? String(from) : `${from}–${to}`;
    };
    let zero = 0;
    let least = header.unit_order?.[axis] !== undefined;
    max.forEach((norm, at) => {
      if (norm === 0) zero += Math.min(tile, size - at * tile);
      else if (min?.[at] === 0) {
        zero += 1;
        least = true;
      }
    });
    const positive = max.filter((norm): norm is number => norm !== null && norm > 0);
    const usual = positive.length > 0 ? median(positive) : 0;
    const large = max
      .map((norm, at) => ({ line: name(at), times: norm === null || usual === 0 ? 0 : norm / usual }))
      .filter(({ times }) => times >= STANDS_OUT)
      .sort((a, b) => b.times - a.times)
      .slice(0, MAX_NAMED);
    return { axis, zero, least: least && zero > 0, large };
  });
}

/** How many rows, or kernels, have not moved at all in a sheet of differences, and of how many. */
export function unmoved(moved: Cells): { still: number; all: number } {
  const { kernel } = moved;
  const high = kernel?.height ?? 1;
  const wide = kernel?.width ?? moved.columns;
  const down = moved.rows / high;
  const across = moved.columns / wide;
  let still = 0;
  let all = 0;
  for (let r = 0; r < down; r++) {
    for (let c = 0; c < across; c++) {
      if (isBlank(moved, r * high * moved.columns + c * wide)) continue;
      all++;
      let at = 0;
      while (at < high * wide) {
        const cell = (r * high + Math.floor(at / wide)) * moved.columns + c * wide + (at % wide);
        if (moved.mean[cell] !== 0) break;
        at++;
      }
      if (at === high * wide) still++;
    }
  }
  return { still, all };
}

/** The norms that stand beside a sheet: from the least to the largest of each line of cells. */
export interface Bars {
  low: Float64Array;
  high: Float64Array;
}

/** Norms of an axis, folded to so many lines; NaN where one is not finite. */
export function bars(header: WeightHeader, axis: string, lines: number): Bars | null {
  const norms = header.norms?.[axis];
  if (!norms) return null;
  const high = norms.max.map((norm) => norm ?? Number.NaN);
  const low = norms.min?.map((norm) => norm ?? Number.NaN) ?? high;
  const group = Math.ceil(high.length / Math.max(1, lines));
  const merged = (values: number[], pick: (...values: number[]) => number) =>
    Float64Array.from({ length: Math.ceil(values.length / group) }, (_, i) =>
      pick(...values.slice(i * group, (i + 1) * group)),
    );
  return { low: merged(low, Math.min), high: merged(high, Math.max) };
}

/** The norm that fills the margin: the largest, but no more than four times the usual, so that one cannot hide all others. */
export function barReach(all: readonly (Bars | null)[]): number {
  let reach = 0;
  for (const one of all) {
    const finite = one ? [...one.high].filter((norm) => Number.isFinite(norm) && norm > 0) : [];
    const largest = finite.reduce((a, b) => Math.max(a, b), 0);
    reach = Math.max(reach, Math.min(largest, 4 * (finite.length > 0 ? median(finite) : 0)));
  }
  return reach;
}
