import { prepare, type Theme } from "../../plot/canvas";
import { drawBox } from "./draw_density_map";
import { traceSkyline } from "./draw_ridges";
import { drawStrips, hatch, shareStyle } from "./draw_shares";
import { isLog, toX, type ValueAxis, valueTicks } from "./layout_value_axis";
import { type Histograms, peakOf } from "./model";
import { partShares, skyline } from "./model_density";

interface SliceModel {
  all: Histograms;
  item: number;
  /** A second histogram, drawn as an outline. */
  over: { all: Histograms; item: number; colour: string } | null;
  axis: ValueAxis;
  /** Density at full height. */
  peak: number;
  colour: string;
  dark: boolean;
  height: number;
  dpr: number;
  theme: Theme;
}

/** Height of the box of quantiles below the plot. */
const BOX = 10;

/**
 * Draw one histogram, and a second one as an outline. Fractions of elements in special bins are bars, for which full
 * height is 100 %.
 */
export function drawSlice(canvas: HTMLCanvasElement, model: SliceModel): void {
  const { all, item, over, axis, colour, height, theme } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  const base = height - BOX;
  const tall = base - 4;
  drawStrips(g, axis, 0, base, theme);
  g.strokeStyle = theme.grid;
  g.lineWidth = 1;
  g.beginPath();
  for (const { x } of valueTicks(axis, 34)) {
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, base);
  }
  g.moveTo(0, base + 0.5);
  g.lineTo(axis.width, base + 0.5);
  g.stroke();
  const own = { all, item, colour };
  for (const one of over ? [own, over] : [own]) {
    const perDensity = tall / (model.peak || peakOf(one.all, one.item) || 1);
    for (const { part } of axis.pieces) {
      if (!isLog(part)) continue;
      g.beginPath();
      traceSkyline(g, axis, skyline(one.all, one.item, axis.range, part), part, base, perDensity);
      if (one === own) {
        g.globalAlpha = 0.45;
        g.fillStyle = colour;
        g.fill();
        g.globalAlpha = 1;
      }
      g.strokeStyle = one.colour;
      g.lineWidth = one === own ? 1 : 1.6;
      g.stroke();
    }
    drawShares(g, model, one, one === own, base, tall);
  }
  const quantiles = all.quantiles.subarray(5 * item, 5 * item + 5);
  if (all.totals[item] > 0 && !Number.isNaN(quantiles[0])) {
    const xs = Array.from(quantiles, (value) => toX(axis, value));
    drawBox(g, xs, base + 6, base + 2, base + 6, theme);
  }
}

function drawShares(
  g: CanvasRenderingContext2D,
  { axis, dark, theme }: SliceModel,
  one: { all: Histograms; item: number; colour: string },
  filled: boolean,
  base: number,
  tall: number,
): void {
  const pattern = hatch(g, theme);
  for (const [part, share] of partShares(one.all, one.item, axis.range)) {
    const piece = axis.pieces.find((candidate) => candidate.part === part);
    if (!piece) continue;
    const style = shareStyle(part, one.colour, dark);
    const bar = Math.max(1, share * tall);
    const box = [piece.left, base - bar, piece.right - piece.left, bar] as const;
    if (filled) {
      g.fillStyle = style.colour;
      g.fillRect(...box);
      if (style.hatched && pattern) {
        g.fillStyle = pattern;
        g.fillRect(...box);
      }
    } else {
      g.strokeStyle = one.colour;
      g.lineWidth = 1.6;
      g.strokeRect(box[0] + 0.8, box[1] + 0.8, box[2] - 1.6, Math.max(0, box[3] - 1.6));
    }
  }
}
