import { colourOf, labelOf, type Palette } from "../../lib/palette";
import { CELL, type CellLabel, type CellState, type Rgb, type Scale } from "../../lib/types";
import { kernelSheet, sheetSize } from "./layout";
import type { Cells, Figures, WeightHeader } from "./model";

/** Where the cells of a sheet stand, in pixels: all of one size, with a gap after each image. */
export interface Placing {
  cell: readonly [width: number, height: number];
  /** Cells of an image, across and down; all of them where there is but one. */
  block: readonly [number, number];
  gap: number;
  width: number;
  height: number;
}

const LEAST_PIXEL = 2;
const MAX_PIXEL = 18;
/** A matrix is at least this high, where there is room: rows are to be told apart. */
const LEAST_HEIGHT = 240;

/** As much of a sheet as it takes to know its place. */
export interface Sheet {
  rows: number;
  columns: number;
  kernel: { height: number; width: number } | null;
}

/** The sheet that a map will be, before its values are there. */
export function sheetOf({ axes, shape }: Pick<WeightHeader, "axes" | "shape">): Sheet {
  if (axes.at(-1) !== "width") return { rows: shape.at(-2)!, columns: shape.at(-1)!, kernel: null };
  const [out, into, height, width] = shape;
  const kernel = kernelSheet(upTo(out), upTo(into), height, width);
  const [rows, columns] = sheetSize(kernel);
  return { rows, columns, kernel };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Cells of a matrix fill the width; pixels of kernels are square and whole, as large as fits. */
export function placing(cells: Sheet, width: number, mostHeight: number): Placing {
  const { rows, columns, kernel } = cells;
  if (!kernel) {
    const across = Math.min(width / columns, 48);
    const square = across * rows;
    const height = Math.min(mostHeight, Math.max(square, LEAST_HEIGHT), 48 * rows);
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
    rows * pixel + (images[1] - 1) * gapFor(pixel) <= mostHeight;
  while (pixel > LEAST_PIXEL && !fits()) pixel--;
  const gap = gapFor(pixel);
  return {
    cell: [pixel, pixel],
    block: [kernel.width, kernel.height],
    gap,
    width: columns * pixel + (images[0] - 1) * gap,
    height: rows * pixel + (images[1] - 1) * gap,
  };
}

/** The left or top edge of a cell. */
export const edge = (placing: Placing, axis: 0 | 1, at: number) =>
  at * placing.cell[axis] + Math.floor(at / placing.block[axis]) * placing.gap;

/** The cell at a place, -1 in a gap or outside. */
export function cellAt(placing: Placing, axis: 0 | 1, place: number): number {
  if (place < 0 || place >= (axis === 0 ? placing.width : placing.height)) return -1;
  const size = placing.cell[axis] * placing.block[axis];
  const block = Math.floor(place / (size + placing.gap));
  const within = place - block * (size + placing.gap);
  if (within >= size) return -1;
  return (
    block * placing.block[axis] + Math.min(placing.block[axis] - 1, Math.floor(within / placing.cell[axis]))
  );
}

/** Colour of each cell: [cells, 3]. */
function colours({ values, states }: Figures, scale: Scale, palette: Palette): Uint8Array {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const colour = colourOf(states[i] as CellState, values[i], scale, palette);
    if (colour) rgb.set(colour, 3 * i);
  }
  return rgb;
}

/** Every so many pixels a diagonal line over what is not finite. */
const HATCH = 5;
const WHITE: Rgb = [255, 255, 255];

/** The sheet in the screen's own pixels, RGBA; gaps are transparent, what is not finite is hatched. */
export function paintCells(
  cells: Cells,
  shown: Figures,
  placing: Placing,
  scale: Scale,
  palette: Palette,
  dpr: number,
): { pixels: Uint8ClampedArray; width: number; height: number } {
  const width = Math.max(1, Math.round(placing.width * dpr));
  const height = Math.max(1, Math.round(placing.height * dpr));
  const across = Int32Array.from({ length: width }, (_, x) => cellAt(placing, 0, (x + 0.5) / dpr));
  const pixels = new Uint8ClampedArray(4 * width * height);
  const rgb = colours(shown, scale, palette);
  const every = Math.round(HATCH * dpr);
  for (let y = 0; y < height; y++) {
    const row = cellAt(placing, 1, (y + 0.5) / dpr);
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

/** Which kinds of cells occur: the legend names those and no others. */
export function labelsOf(all: readonly Figures[], scale: Scale): Set<CellLabel> {
  const found = new Set<CellLabel>();
  for (const { values, states } of all)
    for (let i = 0; i < values.length; i++)
      if (states[i] !== CELL.absent) found.add(labelOf(states[i] as CellState, values[i], scale));
  return found;
}

/** The colours' scale: as far below 0 as above. */
export const centred = (reach: number): Scale => {
  const hi = reach > 0 ? reach : 1;
  return { mode: "linear", lo: -hi, hi, diverging: true };
};
