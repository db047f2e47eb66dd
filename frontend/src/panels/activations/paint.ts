import { NONFINITE, type Palette, palette, table } from "../../lib/palette";
import { interpolateCividis, interpolateMagma } from "../../lib/ramps";
import type { Rgb } from "../../lib/types";
import { type MapGrid, valueIndex } from "./model";
import type { Range } from "./model_scale";

export const MAP_COLOURS = ["viridis", "magma", "cividis", "grey", "diverging"] as const;
export type MapColours = (typeof MAP_COLOURS)[number];

const grey = (t: number) =>
  `rgb(${Array(3)
    .fill(Math.round(255 * t))
    .join(",")})`;
const INTERPOLATE = { magma: interpolateMagma, cividis: interpolateCividis, grey };

const cache = new Map<string, Palette>();

export function mapPalette(name: MapColours, dark: boolean): Palette {
  if (name === "viridis" || name === "diverging") return palette(name === "diverging", dark);
  const key = `${name}/${dark}`;
  let made = cache.get(key);
  if (!made) {
    const base = palette(false, dark);
    // The colours of a map include black and white, so a hue must mark clipped values.
    made = { ...base, table: table(INTERPOLATE[name]), under: [0, 70, 110], nonfinite: NONFINITE };
    cache.set(key, made);
  }
  return made;
}

export interface Pixels {
  rgba: Uint8ClampedArray;
  width: number;
  height: number;
  /** Alpha mask of nonfinite values, for the hatch. */
  nonfinite: Uint8ClampedArray | null;
  /** Alpha mask of dead units. */
  dead: Uint8ClampedArray | null;
}

/** Tolerance at the ends of the scale, because values are float32 and ends are float64. */
const EDGE = 1e-6;

/** Return the colour of a value within a range. */
export function mapColour(value: number, { lo, hi }: Range, colours: Palette): Rgb {
  if (Number.isNaN(value)) return colours.nonfinite;
  const t = (value - lo) / (hi - lo);
  if (t < -EDGE) return colours.under;
  if (t > 1 + EDGE) return colours.over;
  const i = 3 * Math.min(255, Math.max(0, Math.round(t * 255)));
  return [colours.table[i], colours.table[i + 1], colours.table[i + 2]];
}

function blank(width: number, height: number): Pixels {
  return { rgba: new Uint8ClampedArray(4 * width * height), width, height, nonfinite: null, dead: null };
}

function put(pixels: Pixels, at: number, value: number, range: Range, colours: Palette): void {
  const rgb = mapColour(value, range, colours);
  pixels.rgba[4 * at] = rgb[0];
  pixels.rgba[4 * at + 1] = rgb[1];
  pixels.rgba[4 * at + 2] = rgb[2];
  pixels.rgba[4 * at + 3] = 255;
  if (Number.isNaN(value)) {
    pixels.nonfinite ??= new Uint8ClampedArray(pixels.rgba.length);
    pixels.nonfinite[4 * at + 3] = 255;
  }
}

/** Paint one unit, one pixel per value. */
export function paintUnit(grid: MapGrid, unit: number, range: Range, colours: Palette): Pixels {
  const pixels = blank(grid.columns, grid.rows);
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const value = grid.values[valueIndex(grid, unit, row, column)];
      put(pixels, row * grid.columns + column, value, range, colours);
    }
  }
  return pixels;
}

/** Paint a sheet, one column per slot: transparent if the run lacks the unit, grey if the unit is dead. */
export function paintSheet(
  grid: MapGrid,
  positions: readonly number[],
  rangeOf: (unit: number) => Range,
  colours: Palette,
  isDead: (unit: number) => boolean,
): Pixels {
  const pixels = blank(positions.length, grid.rows);
  positions.forEach((unit, column) => {
    if (unit < 0) return;
    const range = rangeOf(unit);
    const dead = isDead(unit);
    for (let row = 0; row < grid.rows; row++) {
      const at = row * positions.length + column;
      if (!dead) {
        put(pixels, at, grid.values[valueIndex(grid, unit, row, 0)], range, colours);
        continue;
      }
      pixels.rgba.set([...colours.zero, 255], 4 * at);
      pixels.dead ??= new Uint8ClampedArray(pixels.rgba.length);
      pixels.dead[4 * at + 3] = 255;
    }
  });
  return pixels;
}

/** Return whether values are clipped at the lower and at the upper end of a range, for the legend. */
export function clipped(grids: readonly MapGrid[], { lo, hi }: Range): { under: boolean; over: boolean } {
  const reach = EDGE * (hi - lo);
  let under = false;
  let over = false;
  for (const { values } of grids) {
    for (const value of values) {
      if (value < lo - reach) under = true;
      if (value > hi + reach) over = true;
    }
  }
  return { under, over };
}
