import { gridFacts } from "./grid_facts";
import { interpolateRdBu, interpolateViridis } from "./ramps";
import { isOver, isUnder, toUnit } from "./scale";
import { CELL, type CellLabel, type CellState, type Grid, type Rgb, type Scale } from "./types";

export interface Palette {
  /** 256 colours of three bytes each. */
  table: Uint8Array;
  under: Rgb;
  over: Rgb;
  zero: Rgb;
  nonfinite: Rgb;
}

const SIZE = 256;
export const NONFINITE: Rgb = [200, 30, 160];

/** Return a colour as CSS text. */
export const cssColour = (rgb: Rgb) => `rgb(${rgb.join(",")})`;

function parse(text: string): Rgb {
  if (text.startsWith("#")) {
    const n = Number.parseInt(text.slice(1), 16);
    return [n >> 16, (n >> 8) & 255, n & 255];
  }
  const [r, g, b] = text.match(/\d+/g)!.map(Number);
  return [r, g, b];
}

export function table(interpolate: (t: number) => string): Uint8Array {
  const result = new Uint8Array(3 * SIZE);
  for (let i = 0; i < SIZE; i++) result.set(parse(interpolate(i / (SIZE - 1))), 3 * i);
  return result;
}

/** Return a colour of a diverging ramp whose middle is as dark as a dark page, so that small values recede. */
function darkDiverging(t: number): string {
  const stops: Rgb[] = [
    [143, 197, 255],
    [58, 113, 176],
    [40, 42, 47],
    [181, 84, 54],
    [255, 186, 148],
  ];
  const at = t * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const mixed = stops[i].map((from, k) => Math.round(from + (stops[i + 1][k] - from) * (at - i)));
  return cssColour(mixed as unknown as Rgb);
}

const cache = new Map<string, Palette>();

export function palette(diverging: boolean, dark: boolean): Palette {
  const key = `${diverging}/${dark}`;
  let made = cache.get(key);
  if (!made) {
    const zero: Rgb = dark ? [70, 72, 78] : [205, 208, 214];
    if (!diverging) {
      made = {
        table: table(interpolateViridis),
        under: [24, 0, 40],
        // Pale, but neither like the yellow end of the ramp nor like the page: a single clipped cell must not look
        // like a hole.
        over: [255, 200, 168],
        zero,
        nonfinite: NONFINITE,
      };
    } else if (dark) {
      made = {
        table: table(darkDiverging),
        under: [222, 240, 255],
        over: [255, 236, 220],
        zero,
        nonfinite: NONFINITE,
      };
    } else {
      made = {
        table: table((t) => interpolateRdBu(1 - t)),
        under: [2, 20, 52],
        over: [58, 0, 16],
        zero,
        nonfinite: NONFINITE,
      };
    }
    cache.set(key, made);
  }
  return made;
}

export const tableColour = (palette: Palette, t: number): Rgb => {
  const i = 3 * Math.min(SIZE - 1, Math.max(0, Math.round(t * (SIZE - 1))));
  return [palette.table[i], palette.table[i + 1], palette.table[i + 2]];
};

/**
 * Return the label of a cell, including `under` and `over` for clipped values. A value exactly at an end of the scale
 * is not clipped.
 */
export function labelOf(state: CellState, value: number, scale: Scale): CellLabel {
  switch (state) {
    case CELL.zero:
      return "zero";
    case CELL.nonfinite:
      return "nonfinite";
    case CELL.absent:
      return "absent";
    case CELL.header:
      return "header";
    case CELL.undefined:
      return "undefined";
    case CELL.refZero:
      return "refZero";
    case CELL.refNonfinite:
      return "refNonfinite";
    case CELL.refAbsent:
      return "refAbsent";
    default: {
      const t = toUnit(scale, value);
      return isUnder(t) ? "under" : isOver(t) ? "over" : "value";
    }
  }
}

/** Return all labels that occur in these grids. Each grid has its own scale. */
export function labelsIn(maps: readonly { grid: Grid; scale: Scale }[]): Set<CellLabel> {
  const found = new Set<CellLabel>();
  for (const { grid, scale } of maps) {
    const { seen, min, max, count } = gridFacts(grid);
    if (count > 0 && !found.has("value") && hasValueWithin(grid, scale, min, max)) found.add("value");
    // A scale is monotonic: the labels of the smallest and the largest value are sufficient.
    if (min <= max) for (const value of [min, max]) found.add(labelOf(CELL.value, value, scale));
    for (const state of Object.values(CELL))
      if (state !== CELL.value && seen[state]) found.add(labelOf(state, 0, scale));
  }
  return found;
}

/** Return true if any value is within the scale. Usually the extremes decide this without a pass over the values. */
function hasValueWithin({ states, values }: Grid, { lo, hi }: Scale, min: number, max: number): boolean {
  if (max < lo || min > hi) return false;
  if (min >= lo || max <= hi) return true;
  return values.some((value, i) => states[i] === CELL.value && value >= lo && value <= hi);
}

/** Return the colour of a cell, or null if the page's background shows through (absent cells get a pattern on it). */
export function colourOf(state: CellState, value: number, scale: Scale, colours: Palette): Rgb | null {
  switch (labelOf(state, value, scale)) {
    case "value":
      return tableColour(colours, toUnit(scale, value));
    case "under":
      return colours.under;
    case "over":
      return colours.over;
    case "zero":
    case "refZero":
      return colours.zero;
    case "nonfinite":
    case "refNonfinite":
      return colours.nonfinite;
    default:
      return null;
  }
}
