import { colourOf, type Palette } from "../../lib/palette";
import { CELL, type CellState, type Grid, type Scale } from "../../lib/types";

export interface Painted {
  /** RGBA, `width` pixels by one pixel per line. */
  pixels: Uint8ClampedArray;
  /** Alpha masks of the same size, for the patterns that are drawn over the cells. */
  nonfinite: Uint8ClampedArray | null;
  absent: Uint8ClampedArray | null;
  /** Cells for which the reference run has no comparable value. */
  reference: Uint8ClampedArray | null;
}

/**
 * Return the colours of one heat map at data resolution. If several steps share a pixel, the most important one wins, so
 * that no spike is lost: NaN or Inf first, then the largest magnitude, then zero, then absent.
 */
export function paint(grid: Grid, spans: Int32Array, scale: Scale, colours: Palette): Painted {
  const width = spans.length / 2;
  const steps = grid.steps.length;
  const size = width * grid.lines * 4;
  const pixels = new Uint8ClampedArray(size);
  let nonfinite: Uint8ClampedArray | null = null;
  let absent: Uint8ClampedArray | null = null;
  let reference: Uint8ClampedArray | null = null;
  for (let line = 0; line < grid.lines; line++) {
    for (let p = 0; p < width; p++) {
      const first = spans[2 * p];
      if (first < 0) continue;
      const at = line * steps + dominant(grid, line, first, spans[2 * p + 1]);
      const state = grid.states[at] as CellState;
      const o = (line * width + p) * 4;
      if (state === CELL.nonfinite) {
        nonfinite ??= new Uint8ClampedArray(size);
        nonfinite[o + 3] = 255;
      } else if (state === CELL.absent || state === CELL.undefined) {
        absent ??= new Uint8ClampedArray(size);
        absent[o + 3] = 255;
      } else if (state >= CELL.refZero) {
        reference ??= new Uint8ClampedArray(size);
        reference[o + 3] = 255;
      }
      const rgb = colourOf(state, grid.values[at], scale, colours);
      if (!rgb) continue;
      pixels[o] = rgb[0];
      pixels[o + 1] = rgb[1];
      pixels[o + 2] = rgb[2];
      pixels[o + 3] = 255;
    }
  }
  return { pixels, nonfinite, absent, reference };
}

const RANK: Record<CellState, number> = {
  [CELL.nonfinite]: 4,
  [CELL.value]: 3,
  [CELL.zero]: 2,
  [CELL.undefined]: 1,
  [CELL.absent]: 1,
  [CELL.header]: 0,
  [CELL.refNonfinite]: 4,
  [CELL.refZero]: 3,
  [CELL.refAbsent]: 1,
};

/** Return the index of the most important of several steps that share a pixel. The tooltip shows the same step. */
export function dominant(grid: Grid, line: number, first: number, last: number): number {
  const start = line * grid.steps.length;
  let best = first;
  for (let s = first + 1; s <= last; s++) {
    const a = grid.states[start + best] as CellState;
    const b = grid.states[start + s] as CellState;
    if (RANK[b] > RANK[a]) best = s;
    else if (a === CELL.value && b === CELL.value) {
      if (Math.abs(grid.values[start + s]) > Math.abs(grid.values[start + best])) best = s;
    }
  }
  return best;
}
