import { CELL } from "../../lib/types";
import type { Cell } from "./model_values";

/** Range of a statistic over repeated blocks. */
export interface Range {
  /** Extremes of the finite values. NaN if there are none. */
  low: number;
  high: number;
  /** Number of blocks with NaN or Inf. */
  bad: number;
  isPending: boolean;
}

export function rangeOf(cells: readonly Cell[]): Range {
  const known = cells.filter(
    ({ state, pending }) => !pending && state !== CELL.absent && state !== CELL.undefined,
  );
  const finite = known.map(({ value }) => value).filter(Number.isFinite);
  return {
    low: finite.length > 0 ? Math.min(...finite) : Number.NaN,
    high: finite.length > 0 ? Math.max(...finite) : Number.NaN,
    bad: known.length - finite.length,
    isPending: cells.some(({ pending }) => pending === true),
  };
}

/** Return the position of a value within a range, 0 to 1, or the middle of a range without extent. */
export function unitOf(value: number, { low, high }: Range, log: boolean): number {
  const isLog = log && low > 0;
  const [a, b, at] = isLog ? [Math.log(low), Math.log(high), Math.log(value)] : [low, high, value];
  return b > a ? (at - a) / (b - a) : 0.5;
}
