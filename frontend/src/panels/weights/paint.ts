import type { MapHeader } from "../../lib/answers/maps";
import { colourOf, labelOf, type Palette } from "../../lib/palette";
import { CELL, type CellLabel, type CellState, type Rgb, type Scale } from "../../lib/types";
import { kernelSheet, sheetSize } from "./layout";
import type { Cells, CellValues } from "./model";

/** Positions of the cells of a sheet in pixels. All cells have one size, with a gap after each image. */
export interface Placement {
  cell: readonly [width: number, height: number];
  /** Columns and rows of cells per image, or of the whole sheet if there is only one. */
  block: readonly [number, number];
  gap: number;
  width: number;
  height: number;
}

const MIN_PIXEL = 2;
const MAX_PIXEL = 18;
/** Minimum height of a matrix, so that rows can be distinguished. */
const MIN_HEIGHT = 240;

/** The properties of a sheet that determine its layout. */
export interface TileSheet {
  rows: number;
  columns: number;
  kernel: { height: number; width: number } | null;
}

/** Return the sheet of a map before its values are loaded. */
export function sheetOf({ axes, shape }: Pick<MapHeader, "axes" | "shape">): TileSheet {
  if (axes.at(-1) !== "width") return { rows: shape.at(-2)!, columns: shape.at(-1)!, kernel: null };
  const [out, into, height, width] = shape;
  const kernel = kernelSheet(upTo(out), upTo(into), height, width);
  const [rows, columns] = sheetSize(kernel);
  return { rows, columns, kernel };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/**
 * Place the cells of a sheet. A matrix fills the width. Pixels of kernels are square, whole, and as large as possible.
 */
export function placeCells(cells: TileSheet, width: number, maxHeight: number): Placement {
  const { rows, columns, kernel } = cells;
  if (!kernel) {
    const across = Math.min(width / columns, 48);
    const square = across * rows;
    const height = Math.min(maxHeight, Math.max(square, MIN_HEIGHT), 48 * rows);
    return {
      cell: [across, height / rows],
      block: [columns, rows],
      gap: 0,
      width: across * columns,
      height,
    };
  }
  const images = [columns / kernel.width, rows / kernel.height] as const;
  const gapFor = (pixel: number) => (pixel >= 4 ? 2 : 1);
  let pixel = MAX_PIXEL;
  const fits = () =>
    columns * pixel + (images[0] - 1) * gapFor(pixel) <= width &&
    rows * pixel + (images[1] - 1) * gapFor(pixel) <= maxHeight;
  while (pixel > MIN_PIXEL && !fits()) pixel--;
  const gap = gapFor(pixel);
  return {
    cell: [pixel, pixel],
    block: [kernel.width, kernel.height],
    gap,
    width: columns * pixel + (images[0] - 1) * gap,
    height: rows * pixel + (images[1] - 1) * gap,
  };
}

/** Return the left or top edge of a cell. */
export const edge = (placement: Placement, axis: 0 | 1, at: number) =>
  at * placement.cell[axis] + Math.floor(at / placement.block[axis]) * placement.gap;

/** Return the cell at a position, or -1 in a gap or outside of the sheet. */
export function cellAt(placement: Placement, axis: 0 | 1, position: number): number {
  if (position < 0 || position >= (axis === 0 ? placement.width : placement.height)) return -1;
  const size = placement.cell[axis] * placement.block[axis];
  const block = Math.floor(position / (size + placement.gap));
  const within = position - block * (size + placement.gap);
  if (within >= size) return -1;
  return (
    block * placement.block[axis] +
    Math.min(placement.block[axis] - 1, Math.floor(within / placement.cell[axis]))
  );
}

/** Return the colour of each cell, [cells, 3]. */
function colours({ values, states }: CellValues, scale: Scale, palette: Palette): Uint8Array {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const colour = colourOf(states[i] as CellState, values[i], scale, palette);
    if (colour) rgb.set(colour, 3 * i);
  }
  return rgb;
}

/** Distance of the diagonal lines over nonfinite cells in pixels. */
const HATCH = 5;
const WHITE: Rgb = [255, 255, 255];

/** Paint a sheet at screen resolution as RGBA. Gaps are transparent, nonfinite cells are hatched. */
export function paintCells(
  cells: Cells,
  shown: CellValues,
  placement: Placement,
  scale: Scale,
  palette: Palette,
  dpr: number,
): { pixels: Uint8ClampedArray; width: number; height: number } {
  const width = Math.max(1, Math.round(placement.width * dpr));
  const height = Math.max(1, Math.round(placement.height * dpr));
  const across = Int32Array.from({ length: width }, (_, x) => cellAt(placement, 0, (x + 0.5) / dpr));
  const pixels = new Uint8ClampedArray(4 * width * height);
  const rgb = colours(shown, scale, palette);
  const every = Math.round(HATCH * dpr);
  for (let y = 0; y < height; y++) {
    const row = cellAt(placement, 1, (y + 0.5) / dpr);
    if (row < 0) continue;
    for (let x = 0; x < width; x++) {
      if (across[x] < 0) continue;
      const cell = row * cells.columns + across[x];
      if (shown.states[cell] === CELL.absent) continue;
      const to = 4 * (y * width + x);
      const line = shown.states[cell] === CELL.nonfinite && (x + y) % every < dpr;
      for (let k = 0; k < 3; k++) pixels[to + k] = line ? WHITE[k] : rgb[3 * cell + k];
      pixels[to + 3] = 255;
    }
  }
  return { pixels, width, height };
}

/** Return the labels of cells that occur, for the legend. */
export function labelsOf(all: readonly CellValues[], scale: Scale): Set<CellLabel> {
  const found = new Set<CellLabel>();
  for (const { values, states } of all)
    for (let i = 0; i < values.length; i++)
      if (states[i] !== CELL.absent) found.add(labelOf(states[i] as CellState, values[i], scale));
  return found;
}

/** Return a scale symmetric about 0. */
export const centred = (reach: number): Scale => {
  const hi = reach > 0 ? reach : 1;
  return { mode: "linear", lo: -hi, hi, diverging: true };
};
