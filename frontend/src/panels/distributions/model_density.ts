import { type Palette, palette, table } from "../../lib/palette";
import { interpolateViridis } from "../../lib/ramps";
import { niceDown, niceUp } from "../../lib/scale";
import type { Scale } from "../../lib/types";
import { binAt, fromX, isLog, type Part, partOf, type ValueAxis, type ValueRange } from "./layout_value_axis";
import { densityOf, type Histograms, peakOf, shareOf } from "./model";
import { BINS } from "./model_bins";

/** Number of decades below the highest density that differ in colour. */
const DECADES_SHOWN = 3;

/** Return the highest density of all histograms. */
export function highest(all: readonly Histograms[]): number {
  let peak = 0;
  for (const one of all) for (let i = 0; i < one.totals.length; i++) peak = Math.max(peak, peakOf(one, i));
  return peak;
}

/** Return the log scale from densities to colours, which ends at the highest density. */
export function densityScale(peak: number): Scale {
  const hi = peak > 0 ? niceUp(peak) : 1;
  return { mode: "log", lo: niceDown(hi / 10 ** DECADES_SHOWN), hi, diverging: false };
}

const light: Palette = {
  ...palette(false, false),
  table: table((t) => interpolateViridis(1 - t)),
  under: [255, 246, 170],
};
const dark: Palette = { ...palette(false, true), under: [52, 16, 66] };

/** Return viridis, oriented so that low densities fade into the background. */
export const densityPalette = (isDark: boolean): Palette => (isDark ? dark : light);

/** Return the shares of a histogram's elements in special bins. */
export function partShares(all: Histograms, item: number, range: ValueRange): Map<Part, number> {
  const shares = new Map<Part, number>();
  const add = (bin: number) => {
    const share = shareOf(all, item, bin);
    if (share === 0) return;
    const part = partOf(bin, range);
    if (!isLog(part)) shares.set(part, (shares.get(part) ?? 0) + share);
  };
  for (const bin of [0, 1, 2, BINS - 2, BINS - 1]) add(bin);
  for (let b = 0; b < all.width; b++) add(all.first + b);
  return shares;
}

/** Return the bin at each pixel, or -1 outside of the log scales. */
export function pixelBins(axis: ValueAxis, pixels: number): Int32Array {
  const bins = new Int32Array(pixels).fill(-1);
  const ratio = axis.width / pixels;
  for (const { part, left, right } of axis.pieces) {
    if (!isLog(part)) continue;
    for (let p = Math.round(left / ratio); p < Math.round(right / ratio); p++) {
      if (p >= 0 && p < pixels) bins[p] = binAt(fromX(axis, (p + 0.5) * ratio).value);
    }
  }
  return bins;
}

/** Return the bins of a histogram on one log scale in ascending order, with their densities. */
export function skyline(
  all: Histograms,
  item: number,
  range: ValueRange,
  part: Part,
): { bin: number; density: number }[] {
  const result: { bin: number; density: number }[] = [];
  const last = all.first + all.width;
  for (let bin = all.first; bin < last; bin++) {
    if (partOf(bin, range) === part) result.push({ bin, density: densityOf(all, item, bin) });
  }
  return result;
}
