import { tableColour } from "../../lib/palette";
import { isUnder, toUnit } from "../../lib/scale";
import type { Scale } from "../../lib/types";
import { prepare, type Theme } from "../../plot/canvas";
import { drawShareBar, drawStrips, hatch, shareStyle } from "./draw_shares";
import { type Part, toX, type ValueAxis, valuePart } from "./layout_value_axis";
import { densityOf, type Histograms } from "./model";
import { densityPalette, partShares, pixelBins } from "./model_density";

interface DensityMapModel {
  all: Histograms;
  axis: ValueAxis;
  /** Top and bottom of each histogram in whole pixels. A histogram of height 0 is not drawn. */
  spans: ArrayLike<number>;
  /** Scale from densities to colours. */
  scale: Scale;
  /** The highest density per histogram, if each has its own scale. Null if all share one scale. */
  peaks: ArrayLike<number> | null;
  /** `lines` draws quantiles as lines through all histograms. `marks` draws them as marks on each histogram. */
  quantiles: "lines" | "marks";
  colour: string;
  dark: boolean;
  height: number;
  dpr: number;
  theme: Theme;
}

/** Draw histograms as lines of a heat map: density as colour, shares of special bins as bars, quantiles on top. */
export function drawDensityMap(canvas: HTMLCanvasElement, model: DensityMapModel): void {
  const { all, axis, spans, dark, height, theme } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  drawStrips(g, axis, 0, height, theme);
  paintCells(g, model);
  const pattern = hatch(g, theme);
  for (let i = 0; i < all.totals.length; i++) {
    const [top, bottom] = [spans[2 * i], spans[2 * i + 1]];
    if (bottom <= top) continue;
    for (const [part, share] of partShares(all, i, axis.range)) {
      const style = shareStyle(part, model.colour, dark);
      drawShareBar(g, axis, part, share, top, bottom - top, style, pattern);
    }
  }
  if (model.quantiles === "lines") drawLines(g, model);
  else drawMarks(g, model);
}

/** Paint cells at screen resolution. If several histograms share a pixel, the highest density is shown. */
function paintCells(g: CanvasRenderingContext2D, { all, axis, spans, scale, peaks, dark }: DensityMapModel) {
  const { width, height } = g.canvas;
  const ratio = width / axis.width;
  const bins = pixelBins(axis, width);
  const colours = densityPalette(dark);
  const best = new Float32Array(width * height);
  for (let i = 0; i < all.totals.length; i++) {
    const top = Math.max(0, Math.round(spans[2 * i] * ratio));
    const bottom = Math.min(height, Math.round(spans[2 * i + 1] * ratio));
    if (bottom <= top) continue;
    const factor = peaks && peaks[i] > 0 ? scale.hi / peaks[i] : 1;
    for (let x = 0; x < width; x++) {
      const at = bins[x] - all.first;
      if (bins[x] < 0 || at < 0 || at >= all.width || all.counts[i * all.width + at] === 0) continue;
      const density = densityOf(all, i, bins[x]) * factor;
      for (let y = top; y < bottom; y++) if (density > best[y * width + x]) best[y * width + x] = density;
    }
  }
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let p = 0; p < best.length; p++) {
    if (best[p] === 0) continue;
    const t = toUnit(scale, best[p]);
    const rgb = isUnder(t) ? colours.under : tableColour(colours, t);
    pixels.set(rgb, 4 * p);
    pixels[4 * p + 3] = 255;
  }
  const layer = document.createElement("canvas");
  layer.width = width;
  layer.height = height;
  layer.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  g.save();
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.drawImage(layer, 0, 0);
  g.restore();
}

const COUNT = 5;
const MEDIAN = 2;
/** Dashes of the five quantiles, which distinguish them without colour. */
const DASHES = [[1.5, 2.5], [5, 3], [], [5, 3], [1.5, 2.5]];

function drawLines(g: CanvasRenderingContext2D, { all, axis, spans, theme }: DensityMapModel): void {
  g.lineJoin = "round";
  for (const pass of ["halo", "line"] as const) {
    for (let q = 0; q < COUNT; q++) {
      g.beginPath();
      let before: Part | null = null;
      for (let i = 0; i < all.totals.length; i++) {
        const value = all.quantiles[i * COUNT + q];
        const [x, top, bottom] = [toX(axis, value), spans[2 * i], spans[2 * i + 1]];
        const part = valuePart(value, axis.range);
        if (Number.isNaN(value) || bottom <= top) {
          before = null;
          continue;
        }
        // Quantiles of opposite signs are not connected.
        if (part === before) g.lineTo(x, (top + bottom) / 2);
        else g.moveTo(x, top);
        g.lineTo(x, bottom);
        before = part;
      }
      g.setLineDash(pass === "halo" ? [] : DASHES[q]);
      g.strokeStyle = pass === "halo" ? theme.panel : theme.text;
      g.globalAlpha = pass === "halo" ? 0.6 : 1;
      g.lineWidth = (q === MEDIAN ? 1.8 : 1.1) + (pass === "halo" ? 1.8 : 0);
      g.stroke();
    }
  }
  g.setLineDash([]);
  g.globalAlpha = 1;
}

/**
 * Draw a line from the 5th to the 95th percentile of each histogram, thicker between the quartiles, with a tick at the
 * median.
 */
function drawMarks(g: CanvasRenderingContext2D, { all, axis, spans, theme }: DensityMapModel): void {
  for (let i = 0; i < all.totals.length; i++) {
    const [top, bottom] = [spans[2 * i], spans[2 * i + 1]];
    if (bottom <= top || Number.isNaN(all.quantiles[i * COUNT])) continue;
    const xs = Array.from({ length: COUNT }, (_, q) => toX(axis, all.quantiles[i * COUNT + q]));
    drawBox(g, xs, bottom + 2.5, top, bottom, theme);
  }
}

export function drawBox(
  g: CanvasRenderingContext2D,
  xs: readonly number[],
  y: number,
  top: number,
  bottom: number,
  theme: Theme,
): void {
  const [first, lower, median, upper, last] = xs;
  const line = (from: number, to: number, width: number) => {
    g.lineWidth = width;
    g.beginPath();
    g.moveTo(from, y);
    g.lineTo(Math.max(to, from + 1), y);
    g.stroke();
  };
  g.strokeStyle = theme.text;
  line(first, last, 1);
  line(lower, upper, 3);
  g.fillStyle = theme.panel;
  g.fillRect(median - 2, top, 4, bottom - top + 4);
  g.fillStyle = theme.text;
  g.fillRect(median - 1, top, 2, bottom - top + 4);
}
