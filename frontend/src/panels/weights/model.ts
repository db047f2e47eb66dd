import type { MapEvent, MapHeader } from "../../lib/answers/maps";
import { CELL } from "../../lib/types";
import { channelsAt, imageAt, type KernelSheet, kernelSheet, sheetSize } from "./layout";

export const REDUCTIONS = ["mean", "min", "max"] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** Weights as a sheet of cells. A cell is one weight or a tile of several. NaN means not finite. */
export interface Cells {
  rows: number;
  columns: number;
  /** Numbers of weights in a cell and in the sheet, as [rows, columns]. */
  tile: readonly [number, number];
  size: readonly [number, number];
  /** The three arrays are the same object if each cell is one weight. */
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
  /** Set if the sheet consists of images side by side. */
  kernel: KernelSheet | null;
  /** Upper bound of the error of a value. */
  resolution: number;
}

const NONFINITE_CODE = 255;

/** Return the value of each of the 256 codes, NaN if it is not finite. */
function codebook({ scale, offset, zero, nonfinite }: MapHeader): Float64Array {
  const book = new Float64Array(256);
  for (let code = 0; code < 256; code++) {
    book[code] = zero == null ? offset + scale * code : (code - zero) * scale;
  }
  if (nonfinite > 0) book[NONFINITE_CODE] = Number.NaN;
  return book;
}

export function decodeCells({ header, values }: Pick<MapEvent, "header" | "values">): Cells {
  const book = codebook(header);
  const tiled = header.axes[0] === "reduction";
  const shape = tiled ? header.shape.slice(1) : header.shape;
  const sizeOf = (axis: string, kept: number) => header.downsampled?.get(axis)?.[0] ?? kept;
  if (header.axes.at(-1) === "width") {
    const [out, into, height, width] = shape;
    const units = (axis: string, n: number) =>
      header.unit_orders?.get(axis) ?? Array.from({ length: n }, (_, i) => i);
    const kernel = kernelSheet(units("out", out), units("in", into), height, width);
    const [rows, columns] = sheetSize(kernel);
    const cells = new Float64Array(rows * columns).fill(Number.NaN);
    for (let o = 0, from = 0; o < out; o++)
      for (let i = 0; i < into; i++) {
        const [top, left] = imageAt(kernel, o, i);
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++, from++) cells[(top + y) * columns + left + x] = book[values[from]];
      }
    return {
      rows,
      columns,
      tile: [1, 1],
      size: [rows, columns],
      mean: cells,
      min: cells,
      max: cells,
      kernel,
      resolution: header.scale,
    };
  }
  const [rows, columns] = shape;
  const size = [sizeOf("row", rows), sizeOf("column", columns)] as const;
  const plane = (k: number) =>
    Float64Array.from(values.subarray(k * rows * columns, (k + 1) * rows * columns), (code) => book[code]);
  const mean = plane(0);
  return {
    rows,
    columns,
    tile: [Math.ceil(size[0] / rows), Math.ceil(size[1] / columns)],
    size,
    mean,
    min: tiled ? plane(1) : mean,
    max: tiled ? plane(2) : mean,
    kernel: null,
    resolution: header.scale,
  };
}

/** Merge cells to at most this many rows and columns. Means are weighted by the number of weights. */
export function fold(cells: Cells, maxRows: number, maxColumns: number): Cells {
  const high = Math.ceil(cells.rows / Math.max(1, maxRows));
  const wide = Math.ceil(cells.columns / Math.max(1, maxColumns));
  if (cells.kernel || (high === 1 && wide === 1)) return cells;
  const rows = Math.ceil(cells.rows / high);
  const columns = Math.ceil(cells.columns / wide);
  const mean = new Float64Array(rows * columns);
  const min = new Float64Array(rows * columns).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  const counts = new Float64Array(rows * columns);
  const span = (at: number, axis: 0 | 1) =>
    Math.min(cells.tile[axis], cells.size[axis] - at * cells.tile[axis]);
  for (let r = 0, from = 0; r < cells.rows; r++) {
    const tall = span(r, 0);
    for (let c = 0; c < cells.columns; c++, from++) {
      const at = Math.floor(r / high) * columns + Math.floor(c / wide);
      const count = tall * span(c, 1);
      mean[at] += count * cells.mean[from];
      counts[at] += count;
      // Comparisons with NaN are false, and these expressions preserve NaN.
      min[at] =
        min[at] <= cells.min[from] ? min[at] : cells.min[from] < min[at] ? cells.min[from] : Number.NaN;
      max[at] =
        max[at] >= cells.max[from] ? max[at] : cells.max[from] > max[at] ? cells.max[from] : Number.NaN;
    }
  }
  for (let at = 0; at < mean.length; at++) mean[at] /= counts[at];
  const tile = [cells.tile[0] * high, cells.tile[1] * wide] as const;
  return { ...cells, rows, columns, tile, mean, min, max };
}

const sameUnits = (a: Cells["kernel"], b: Cells["kernel"]) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Subtract the means of `b` from those of `a`, or return null if the sheets differ in shape. Differences below the
 * rounding error of both are 0, so that an unchanged weight does not appear changed.
 */
export function difference(a: Cells, b: Cells): Cells | null {
  const alike =
    a.rows === b.rows &&
    a.columns === b.columns &&
    a.size[0] === b.size[0] &&
    a.size[1] === b.size[1] &&
    sameUnits(a.kernel, b.kernel);
  if (!alike) return null;
  const smallest = (a.resolution + b.resolution) / 2;
  const moved = new Float64Array(a.mean.length);
  for (let i = 0; i < moved.length; i++) {
    const d = a.mean[i] - b.mean[i];
    moved[i] = Math.abs(d) < smallest * (1 - 1e-9) ? 0 : d;
  }
  return { ...a, mean: moved, min: moved, max: moved, resolution: a.resolution + b.resolution };
}

export interface CellValues {
  values: Float64Array;
  /** CELL.value, zero, nonfinite, or absent below the last image. A tile is zero only if all its weights are. */
  states: Uint8Array;
}

export function cellValues(cells: Cells, reduction: Reduction): CellValues {
  const values = cells[reduction];
  const states = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) states[i] = isBlank(cells, i) ? CELL.absent : CELL.nonfinite;
    else if (cells.min[i] === 0 && cells.max[i] === 0) states[i] = CELL.zero;
  }
  return { values, states };
}

/** Return true if there is no image at this position of the sheet. */
export const isBlank = ({ kernel, columns }: Cells, at: number) =>
  kernel !== null && channelsAt(kernel, Math.floor(at / columns), at % columns) === null;

/** Return the magnitude that 99.5 % of the finite values do not exceed. */
export function reach(values: Float64Array): number {
  const sizes: number[] = [];
  const stride = Math.max(1, Math.floor(values.length / 20_000));
  for (let i = 0; i < values.length; i += stride) {
    if (Number.isFinite(values[i])) sizes.push(Math.abs(values[i]));
  }
  if (sizes.length === 0) return 0;
  const sorted = Float64Array.from(sizes).sort();
  return sorted[Math.ceil(0.995 * (sorted.length - 1))];
}

/** Multiple of the median run above which a run is clipped instead of extending the scale. */
const OUTLIER = 2;

/**
 * Return the end of a scale centred at 0, for all runs and steps of a layer. It covers three quarters of the steps of
 * each run, except for runs far beyond the others. Such a run is clipped and does not reduce all others to one
 * colour.
 */
export function layerReach(runs: readonly (readonly number[])[]): number {
  const needed = runs.flatMap((reaches) => {
    const sorted = reaches.filter((one) => one > 0).sort((a, b) => a - b);
    return sorted.length > 0 ? [sorted[Math.ceil(0.75 * (sorted.length - 1))]] : [];
  });
  if (needed.length === 0) return 0;
  needed.sort((a, b) => a - b);
  return Math.min(needed[needed.length - 1], OUTLIER * needed[Math.floor((needed.length - 1) / 2)]);
}

/** Return the indices of a cell: `3, 17`, or `12–15, 32–47` for a tile, or all four indices of a kernel's weight. */
export function cellIndex(cells: Cells, row: number, column: number): string {
  const { kernel, tile, size } = cells;
  if (kernel) {
    const channels = channelsAt(kernel, row, column) ?? [];
    return [...channels, row % kernel.height, column % kernel.width].join(", ");
  }
  const span = (at: number, axis: 0 | 1) => {
    const from = at * tile[axis];
    const to = Math.min(size[axis], from + tile[axis]) - 1;
    return from === to ? String(from) : `${from}–${to}`;
  };
  return `${span(row, 0)}, ${span(column, 1)}`;
}
