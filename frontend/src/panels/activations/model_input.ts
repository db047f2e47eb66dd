import type { MapEvent } from "../../lib/answers/maps";
import { dequantize } from "./model";
import { mapColour, mapPalette, type Pixels } from "./paint";

interface InputPicture {
  pixels: Pixels;
  /** Number of channels, and true if they are shown as red, green and blue. */
  channels: number;
  colour: boolean;
}

/** Return one sample of an input, and its axes. */
function cut(event: MapEvent, sample: number): { axes: string[]; shape: number[]; codes: Uint8Array } | null {
  const { axes, shape } = event.header;
  if (axes[0] !== "sample" || sample >= shape[0]) return null;
  const size = shape.slice(1).reduce((product, n) => product * n, 1);
  return {
    axes: axes.slice(1),
    shape: shape.slice(1),
    codes: event.values.subarray(sample * size, (sample + 1) * size),
  };
}

/** Paint a sample, scaled from its minimum to its maximum: in colour if it has three channels, else in grey. */
export function inputPicture(event: MapEvent, sample: number): InputPicture | null {
  const part = cut(event, sample);
  if (!part || part.axes.includes("token")) return null;
  const [channels, height, width] =
    part.shape.length === 3
      ? part.shape
      : part.shape.length === 2
        ? [1, ...part.shape]
        : [1, 1, part.shape[0] ?? 1];
  const values = dequantize(part.codes, event.header);
  const range = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
  const colour = channels === 3;
  const size = width * height;
  const used = colour ? values : values.subarray(0, size);
  for (const value of used) {
    if (value < range.lo) range.lo = value;
    if (value > range.hi) range.hi = value;
  }
  if (!(range.lo < range.hi)) range.hi = range.lo + 1;
  const palette = mapPalette("grey", false);
  const pixels: Pixels = {
    rgba: new Uint8ClampedArray(4 * size),
    width,
    height,
    nonfinite: null,
    dead: null,
  };
  for (let i = 0; i < size; i++) {
    const parts = colour ? [0, 1, 2].map((channel) => values[channel * size + i]) : [values[i]];
    // A pixel with NaN in one of its colours has no colour.
    const bad = parts.find(Number.isNaN);
    const rgb =
      colour && bad === undefined
        ? parts.map((value) => mapColour(value, range, palette)[0])
        : mapColour(bad ?? parts[0], range, palette);
    pixels.rgba.set([...rgb, 255], 4 * i);
    if (bad !== undefined) {
      pixels.nonfinite ??= new Uint8ClampedArray(4 * size);
      pixels.nonfinite[4 * i + 3] = 255;
    }
  }
  return { pixels, channels, colour };
}

/** Return true if two runs recorded the same probe inputs. */
export const sameInput = (a: MapEvent, b: MapEvent) =>
  a.values.length === b.values.length &&
  a.header.offset === b.header.offset &&
  a.header.scale === b.header.scale &&
  a.values.every((code, i) => code === b.values[i]);
