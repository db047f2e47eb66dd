import { densest, niceUp } from "../../lib/scale";
import { type MapGrid, valueIndex } from "./model";

/** `layer`: one scale for everything shown. `channel`: one scale per unit and run. `fixed`: up to a given number. */
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

/** Multiple of the reference's largest magnitude above which a run is clipped instead of extending the scale. */
const OUTLIER = 5;
/** Number of decades above which the reference itself is considered to explode. */
const DECADES = 6;

/** Return the largest magnitude that extends a shared scale, given the magnitudes of the reference per step or unit. */
export function outlierLimit(peaks: readonly number[]): number {
  const found = peaks.map(Math.abs).filter((peak) => peak > 0 && Number.isFinite(peak));
  const typical = densest(Float32Array.from(found).sort(), DECADES);
  return typical.length > 0 ? OUTLIER * typical[typical.length - 1] : Number.POSITIVE_INFINITY;
}

/** Return the largest finite magnitude of a map. */
export function gridPeak({ values }: MapGrid): number {
  const { lo, hi } = widen(NONE, values);
  return lo > hi ? 0 : Math.max(Math.abs(lo), Math.abs(hi));
}

/** Return a range of positive width, even if there are fewer than two distinct finite values. */
function nonEmpty({ lo, hi }: Range, signed: boolean): Range {
  if (lo > hi) return signed ? { lo: -1, hi: 1 } : { lo: 0, hi: 1 };
  if (signed) {
    const reach = Math.max(Math.abs(lo), Math.abs(hi)) || 1;
    return { lo: -reach, hi: reach };
  }
  if (lo < hi) return { lo, hi };
  return lo < 0 ? { lo, hi: 0 } : { lo: 0, hi: hi || 1 };
}

/**
 * Return the range of all finite values, symmetric about 0 if `signed`. Maps that exceed the limit are ignored
 * entirely, since even their clipped values would reduce the contrast of the others.
 */
export function layerRange(
  grids: readonly MapGrid[],
  signed: boolean,
  limit = outlierLimit(grids.map(gridPeak).filter(Boolean).slice(0, 1)),
): Range {
  let range = NONE;
  for (const grid of grids) if (gridPeak(grid) <= limit) range = widen(range, grid.values);
  // Attention weights are fractions, so their scale starts at 0.
  if (range.lo > 0 && grids.some(({ unitAxis }) => unitAxis === "head")) range = { lo: 0, hi: range.hi };
  return nonEmpty(range, signed);
}

export function unitRange(grid: MapGrid, unit: number, signed: boolean): Range {
  const from = valueIndex(grid, unit, 0, 0);
  const range =
    grid.form === "sheet"
      ? widen(NONE, grid.values, { from, stride: grid.ids.length })
      : widen(NONE, grid.values, { from, to: from + grid.rows * grid.columns });
  // A constant unit gets a colour in the middle of the scale.
  const { lo, hi } = range;
  if (lo === hi && lo !== 0 && !signed) return { lo: Math.min(0, 2 * lo), hi: Math.max(0, 2 * hi) };
  return nonEmpty(range, signed);
}

export const fixedRange = (max: number, signed: boolean): Range => ({ lo: signed ? -max : 0, hi: max });

/** Return a round upper end for a fixed scale that contains all values. */
export function suggestedMaximum(grids: readonly MapGrid[]): number {
  const { lo, hi } = layerRange(grids, false);
  return niceUp(Math.max(Math.abs(lo), Math.abs(hi)) || 1);
}

/** Return the number of units of the layer, including those that were not kept. */
export const unitsIn = ({ header, unitAxis, ids }: MapGrid) =>
  header.downsampled?.get(unitAxis)?.[0] ?? ids.length;

/** Subtract the reference's values, matching units by index, or return the mismatch of sizes. */
export function difference(grid: MapGrid, reference: MapGrid): MapGrid | Mismatch {
  const same =
    grid.form === reference.form &&
    grid.unitAxis === reference.unitAxis &&
    grid.rowAxis === reference.rowAxis &&
    grid.columnAxis === reference.columnAxis;
  const sizes = grid.rows === reference.rows && grid.columns === reference.columns;
  if (!same || !sizes || unitsIn(grid) !== unitsIn(reference)) {
    return { own: grid.header.shape, other: reference.header.shape };
  }
  const place = new Map(reference.ids.map((id, unit) => [id, unit]));
  const kept = grid.ids.flatMap((id, unit) => (place.has(id) ? [unit] : []));
  if (kept.length === 0) return { own: grid.header.shape, other: reference.header.shape };
  const units: MapGrid["units"] = {};
  for (const name of ["min", "max", "mean"] as const) {
    const values = grid.units[name];
    if (values) units[name] = Float64Array.from(kept, (unit) => values[unit]);
  }
  const result: MapGrid = {
    ...grid,
    ids: kept.map((unit) => grid.ids[unit]),
    values: new Float32Array(kept.length * grid.rows * grid.columns),
    precision: grid.precision + reference.precision,
    units,
  };
  kept.forEach((unit, k) => {
    const other = place.get(grid.ids[unit])!;
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        result.values[valueIndex(result, k, row, column)] =
          grid.values[valueIndex(grid, unit, row, column)] -
          reference.values[valueIndex(reference, other, row, column)];
      }
    }
  });
  return result;
}

/** Sizes of two layers of the same name that cannot be compared. */
export interface Mismatch {
  own: number[];
  other: number[];
}

export const isMismatch = (one: MapGrid | Mismatch): one is Mismatch => "other" in one;
