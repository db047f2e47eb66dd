import { densest, niceUp } from "../../lib/scale";
import { type Board, placeOf } from "./model";

/** `layer`: one scale for all that is shown. `channel`: one for each unit of each run. `fixed`: up to a given number. */
export type MapScaleMode = "layer" | "channel" | "fixed";

export interface Range {
  lo: number;
  hi: number;
}

const NONE: Range = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };

function widen(range: Range, values: Float32Array, { from = 0, to = values.length, stride = 1 } = {}): Range {
  let { lo, hi } = range;
  for (let i = from; i < to; i += stride) {
    if (values[i] < lo) lo = values[i];
    if (values[i] > hi) hi = values[i];
  }
  return { lo, hi };
}

/** Beyond so many times the reference's largest magnitude a run does not dim all others: it is clipped. */
const OUTLIER = 5;
/** A reference that explodes itself does so over many decades. */
const DECADES = 6;

/** The largest magnitude that a shared scale follows, from those of the reference: its steps or its units. */
export function outlierLimit(peaks: readonly number[]): number {
  const found = peaks.map(Math.abs).filter((peak) => peak > 0 && Number.isFinite(peak));
  const usual = densest(Float32Array.from(found).sort(), DECADES);
  return usual.length > 0 ? OUTLIER * usual[usual.length - 1] : Number.POSITIVE_INFINITY;
}

/** The largest finite magnitude of a board. */
export function boardPeak({ values }: Board): number {
  const { lo, hi } = widen(NONE, values);
  return lo > hi ? 0 : Math.max(Math.abs(lo), Math.abs(hi));
}

/** Nothing finite, or one value only: still a range that has an inside. */
function sound({ lo, hi }: Range, signed: boolean): Range {
  if (lo > hi) return signed ? { lo: -1, hi: 1 } : { lo: 0, hi: 1 };
  if (signed) {
    const reach = Math.max(Math.abs(lo), Math.abs(hi)) || 1;
    return { lo: -reach, hi: reach };
  }
  if (lo < hi) return { lo, hi };
  return lo < 0 ? { lo, hi: 0 } : { lo: 0, hi: hi || 1 };
}

/**
 * From the least to the greatest finite value of all boards; around 0 where it is `signed`. A board that goes beyond
 * the limit has no say: else what it clips would still leave the others without contrast.
 */
export function layerRange(
  boards: readonly Board[],
  signed: boolean,
  limit = outlierLimit(boards.map(boardPeak).filter(Boolean).slice(0, 1)),
): Range {
  let range = NONE;
  for (const board of boards) if (boardPeak(board) <= limit) range = widen(range, board.values);
  // Attention is a share: what is dark is little of it, not the least there is.
  if (range.lo > 0 && boards.some(({ unitAxis }) => unitAxis === "head")) range = { lo: 0, hi: range.hi };
  return sound(range, signed);
}

export function unitRange(board: Board, unit: number, signed: boolean): Range {
  const from = placeOf(board, unit, 0, 0);
  const range =
    board.form === "sheet"
      ? widen(NONE, board.values, { from, stride: board.ids.length })
      : widen(NONE, board.values, { from, to: from + board.rows * board.columns });
  // A value that nothing of its unit differs from is neither dark nor bright: it stands in the middle.
  const { lo, hi } = range;
  if (lo === hi && lo !== 0 && !signed) return { lo: Math.min(0, 2 * lo), hi: Math.max(0, 2 * hi) };
  return sound(range, signed);
}

export const fixedRange = (most: number, signed: boolean): Range => ({ lo: signed ? -most : 0, hi: most });

/** What a fixed scale starts from: a round number that all of this fits under. */
export function suggestion(boards: readonly Board[]): number {
  const { lo, hi } = layerRange(boards, false);
  return niceUp(Math.max(Math.abs(lo), Math.abs(hi)) || 1);
}

/** How many units the layer has, kept or not. */
const unitsIn = ({ header, unitAxis, ids }: Board) => header.downsampled?.[unitAxis]?.[0] ?? ids.length;

/** What a run's values are less the reference's, unit by unit; or why there is no such thing. */
export function difference(board: Board, reference: Board): Board | Mismatch {
  const same =
    board.form === reference.form &&
    board.unitAxis === reference.unitAxis &&
    board.rowAxis === reference.rowAxis &&
    board.columnAxis === reference.columnAxis;
  const sizes = board.rows === reference.rows && board.columns === reference.columns;
  if (!same || !sizes || unitsIn(board) !== unitsIn(reference)) {
    return { own: board.header.shape, other: reference.header.shape };
  }
  const place = new Map(reference.ids.map((id, unit) => [id, unit]));
  const kept = board.ids.flatMap((id, unit) => (place.has(id) ? [unit] : []));
  if (kept.length === 0) return { own: board.header.shape, other: reference.header.shape };
  const figures = Object.entries(board.units).map(([name, values]: [string, Float64Array]) => [
    name,
    Float64Array.from(kept, (unit) => values[unit]),
  ]);
  const result: Board = {
    ...board,
    ids: kept.map((unit) => board.ids[unit]),
    values: new Float32Array(kept.length * board.rows * board.columns),
    precision: board.precision + reference.precision,
    units: Object.fromEntries(figures),
  };
  kept.forEach((unit, k) => {
    const other = place.get(board.ids[unit])!;
    for (let row = 0; row < board.rows; row++) {
      for (let column = 0; column < board.columns; column++) {
        result.values[placeOf(result, k, row, column)] =
          board.values[placeOf(board, unit, row, column)] -
          reference.values[placeOf(reference, other, row, column)];
      }
    }
  });
  return result;
}

/** Two layers of one name that are not of one size. */
export interface Mismatch {
  own: number[];
  other: number[];
}

export const isMismatch = (one: Board | Mismatch): one is Mismatch => "other" in one;
