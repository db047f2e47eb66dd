import { prepare, type Theme } from "../../plot/canvas";
import { drawShareBar, drawStrips, hatch, shareStyle } from "./draw_shares";
import { isLog, type Part, toX, type ValueAxis, valueTicks } from "./layout_value_axis";
import { type Histograms, peakOf } from "./model";
import { binEnds } from "./model_bins";
import { partShares, skyline } from "./model_density";

interface RidgesModel {
  all: Histograms;
  axis: ValueAxis;
  /** The histograms to draw, ascending, and the baseline of each histogram. */
  items: readonly number[];
  baselines: readonly number[];
  /** Index of the histogram at the cursor, or -1. */
  cursor: number;
  /** Density at full height. Null if each ridge has full height. */
  peak: number | null;
  /** Height of the highest ridge in pixels. */
  rise: number;
  colour: string;
  dark: boolean;
  height: number;
  dpr: number;
  theme: Theme;
}

/** Add a skyline above a baseline to the path, bin by bin. Empty bins are skipped. */
export function traceSkyline(
  g: CanvasRenderingContext2D,
  axis: ValueAxis,
  line: readonly { bin: number; density: number }[],
  part: Part,
  baseline: number,
  perDensity: number,
): void {
  let last = Number.NaN;
  for (const { bin, density } of line) {
    if (density === 0) continue;
    const ends = binEnds(bin).map((value) => toX(axis, inside(value, axis, part)));
    const [left, right] = ends[0] < ends[1] ? ends : [ends[1], ends[0]];
    const y = baseline - density * perDensity;
    if (Math.abs(left - last) > 0.01 || Number.isNaN(last)) {
      if (!Number.isNaN(last)) g.lineTo(last, baseline);
      g.moveTo(left, baseline);
    }
    g.lineTo(left, y);
    g.lineTo(right, y);
    last = right;
  }
  if (!Number.isNaN(last)) g.lineTo(last, baseline);
}

/** Clamp a value to the range, to compensate for rounding errors. */
function inside(value: number, axis: ValueAxis, part: Part): number {
  const { from, to, floor } = axis.range;
  if (part === "positive") return Math.min(to, Math.max(from > 0 ? from : floor, value));
  return Math.max(from, Math.min(to < 0 ? to : -floor, value));
}

/** Draw histograms over steps, one behind the other, the newest in front. */
export function drawRidges(canvas: HTMLCanvasElement, model: RidgesModel): void {
  const { all, axis, items, baselines, cursor, peak, rise, colour, dark, height, theme } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  drawStrips(g, axis, 0, height, theme);
  g.strokeStyle = theme.grid;
  g.lineWidth = 1;
  g.beginPath();
  for (const { x } of valueTicks(axis, 34)) {
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, height);
  }
  g.stroke();
  const pattern = hatch(g, theme);
  const gap = Math.min(...baselines.slice(1).map((y, i) => y - baselines[i]), 12);
  const bar = Math.max(2, Math.min(7, gap - 1));
  const ridge = (i: number) => {
    const item = items[i];
    const scale = rise / ((peak ?? peakOf(all, item)) || 1);
    const now = item === cursor;
    // Older ridges fade into the background.
    const age = items.length > 1 ? i / (items.length - 1) : 1;
    for (const { part, left, right } of axis.pieces) {
      if (!isLog(part)) continue;
      g.fillStyle = theme.grid;
      g.fillRect(left, Math.round(baselines[i]), right - left, 1);
      const line = skyline(all, item, axis.range, part);
      if (line.length === 0) continue;
      g.beginPath();
      traceSkyline(g, axis, line, part, baselines[i], scale);
      g.fillStyle = mix(theme.panel, colour, now ? 0.75 : 0.18 + 0.42 * age);
      g.fill();
      g.strokeStyle = now ? theme.accent : mix(theme.panel, colour, 0.55 + 0.45 * age);
      g.lineWidth = now ? 1.75 : 0.9;
      g.stroke();
    }
    for (const [part, share] of partShares(all, item, axis.range)) {
      const style = shareStyle(part, now ? theme.accent : colour, dark);
      drawShareBar(g, axis, part, share, baselines[i] - bar, bar, style, pattern);
    }
  };
  items.forEach((_, i) => {
    ridge(i);
  });
  // The cursor's ridge is drawn last, so that newer ones do not hide it.
  const at = items.indexOf(cursor);
  if (at < 0 || at === items.length - 1) return;
  g.strokeStyle = theme.accent;
  g.lineWidth = 1.75;
  const scale = rise / ((peak ?? peakOf(all, cursor)) || 1);
  for (const { part } of axis.pieces) {
    if (!isLog(part)) continue;
    g.beginPath();
    traceSkyline(g, axis, skyline(all, cursor, axis.range, part), part, baselines[at], scale);
    g.stroke();
  }
}

const hex = (colour: string): [number, number, number] => {
  const n = Number.parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
};

/** Mix two `#rrggbb` colours. The result is opaque, so that ridges hide those behind them. */
function mix(from: string, to: string, share: number): string {
  const [a, b] = [hex(from), hex(to)];
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * share)).join(",")})`;
}
