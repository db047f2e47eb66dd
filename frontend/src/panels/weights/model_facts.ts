import type { MapHeader } from "../../lib/answers/maps";
import { median } from "../../lib/steps";
import { type Cells, isBlank } from "./model";

/** Summary of the norms along one axis: rows or columns, output or input channels. */
export interface AxisFacts {
  axis: string;
  /**
   * Number of rows or columns with a norm of 0. A tile that contains any counts as one, because the exact number is
   * unknown.
   */
  zero: number;
  /** True if `zero` is a lower bound. */
  isLowerBound: boolean;
  /** Rows or columns with a large norm, and the norm's ratio to the median. */
  large: { line: string; times: number }[];
}

/** Minimum ratio of a large norm to the median of the axis. */
const LARGE = 5;
const MAX_NAMED = 2;

export function facts(header: MapHeader): AxisFacts[] {
  return [...(header.norms ?? [])].map(([axis, { min, max }]) => {
    const kept = header.downsampled?.get(axis);
    const tile = min && kept ? Math.ceil(kept[0] / kept[1]) : 1;
    const size = kept?.[0] ?? max.length;
    const name = (at: number) => {
      const from = header.unit_orders?.get(axis)?.[at] ?? at * tile;
      const to = Math.min(size, from + tile) - 1;
      return from >= to ? String(from) : `${from}–${to}`;
    };
    let zero = 0;
    let isLowerBound = header.unit_orders?.get(axis) !== undefined;
    max.forEach((norm, at) => {
      if (norm === 0) zero += Math.min(tile, size - at * tile);
      else if (min?.[at] === 0) {
        zero += 1;
        isLowerBound = true;
      }
    });
    const positive = max.filter((norm): norm is number => norm !== null && norm > 0);
    const middle = positive.length > 0 ? median(positive) : 0;
    const large = max
      .map((norm, at) => ({ line: name(at), times: norm === null || middle === 0 ? 0 : norm / middle }))
      .filter(({ times }) => times >= LARGE)
      .sort((a, b) => b.times - a.times)
      .slice(0, MAX_NAMED);
    return { axis, zero, isLowerBound: isLowerBound && zero > 0, large };
  });
}

/** Given a sheet of differences, return the number of unchanged rows or kernels, and the number of all. */
export function unchanged(moved: Cells): { count: number; all: number } {
  const { kernel } = moved;
  const high = kernel?.height ?? 1;
  const wide = kernel?.width ?? moved.columns;
  const down = moved.rows / high;
  const across = moved.columns / wide;
  let count = 0;
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
      if (at === high * wide) count++;
    }
  }
  return { count, all };
}

/** Norms beside a sheet: the smallest and the largest norm per row or column of cells. */
export interface Bars {
  low: Float64Array;
  high: Float64Array;
}

/** Merge the norms of an axis into at most `lines` bars. A bar is NaN if one of its norms is not finite. */
export function bars(header: MapHeader, axis: string, lines: number): Bars | null {
  const norms = header.norms?.get(axis);
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

/**
 * Return the norm whose bar fills the margin: the largest norm, but at most four times the median, so that one large
 * norm does not flatten all others.
 */
export function barReach(all: readonly (Bars | null)[]): number {
  let reach = 0;
  for (const one of all) {
    const finite = one ? [...one.high].filter((norm) => Number.isFinite(norm) && norm > 0) : [];
    const largest = finite.reduce((a, b) => Math.max(a, b), 0);
    reach = Math.max(reach, Math.min(largest, 4 * (finite.length > 0 ? median(finite) : 0)));
  }
  return reach;
}
