import { needsZeroLane, ticks, toUnit } from "../../lib/scale";
import type { Scale, Thresholds } from "../../lib/types";
import { prepare, type Theme } from "../../plot/canvas";
import { sideOf } from "../../plot/clipped";
import { cross, type Shape, tracePath } from "../../plot/markers";
import type { Band } from "./model_band";
import type { RunProfile } from "./model_profile";

interface ProfileRun extends RunProfile {
  colour: string;
  shape: Shape;
  /** Percentile bands of the lines that have one. */
  bands: Band[];
}

interface ProfileModel {
  runs: ProfileRun[];
  scale: Scale;
  thresholds: Thresholds | null;
  /**
   * Value marked by a vertical line; null if there is none. On scales of factors and differences it means "equal".
   */
  guide: number | null;
  /** Top of each line, and the height of all. */
  tops: readonly number[];
  /** Vertical range to draw. Most of a thousand layers are outside the viewport. */
  part: { top: number; height: number };
  width: number;
  dpr: number;
  theme: Theme;
  bandAlpha: number;
}

/** Width of the lanes for exact zeros (left) and for NaN and Inf (right). */
export function lanes(runs: number, width: number): { zero: number; nonfinite: number } {
  const lane = Math.min(width * 0.14, 10 + 5 * Math.min(runs, 5));
  return { zero: lane, nonfinite: lane };
}

/** Return the left and right end of the scale. */
function profileSpan(runs: number, width: number): [number, number] {
  const { zero, nonfinite } = lanes(runs, width);
  return [zero + 6, width - nonfinite - 6];
}

export function profileX(t: number, runs: number, width: number): number {
  const [left, right] = profileSpan(runs, width);
  return left + (right - left) * Math.min(1, Math.max(0, t));
}

/** Return whether exact zeros are drawn on the scale instead of in the left lane. */
export const zeroInside = (scale: Scale) => scale.diverging && !needsZeroLane(scale);

/** Return the values that get a grid line and a label. */
export const profileTicks = (scale: Scale, width: number) => ticks(scale, width < 200 ? 2 : 4);

export function drawProfile(canvas: HTMLCanvasElement, model: ProfileModel): void {
  const { runs, scale, thresholds, tops, width, theme } = model;
  const { top, height } = model.part;
  if (height <= 0 || width <= 0) return;
  const g = prepare(canvas, width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, width, height);
  const n = runs.length;
  const [left, right] = profileSpan(n, width);
  const x = (t: number) => profileX(t, n, width);
  const y = (line: number) => (tops[line] + tops[line + 1]) / 2 - top;
  const vertical = (at: number, colour: string, dash: number[] = []) => {
    g.setLineDash(dash);
    g.strokeStyle = colour;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(Math.round(at) + 0.5, 0);
    g.lineTo(Math.round(at) + 0.5, height);
    g.stroke();
    g.setLineDash([]);
  };

  if (thresholds) {
    const low = toUnit(scale, thresholds.vanishing);
    const high = toUnit(scale, thresholds.exploding);
    g.fillStyle = theme.band;
    // The bands extend over the lanes: an exact zero has vanished too, and NaN or Inf has exploded.
    if (low > 0) g.fillRect(0, 0, x(low), height);
    if (high <= 1) g.fillRect(x(high), 0, width - x(high), height);
  }
  for (const tick of profileTicks(scale, width)) vertical(x(toUnit(scale, tick)), theme.grid);
  vertical(left - 4, theme.grid, [1, 3]);
  vertical(right + 4, theme.grid, [1, 3]);
  if (thresholds) {
    for (const threshold of [thresholds.vanishing, thresholds.exploding]) {
      const t = toUnit(scale, threshold);
      if (t >= 0 && t <= 1) vertical(x(t), theme.critical, [4, 3]);
    }
  }

  // A guide beyond the scale would mark its end as equal.
  if (model.guide !== null && sideOf(toUnit(scale, model.guide)) === 0)
    vertical(x(toUnit(scale, model.guide)), theme.dim);

  for (let i = n - 1; i >= 0; i--)
    drawBand(g, runs[i], (value) => toUnit(scale, value), x, y, model.bandAlpha);
  const radius = Math.min(3, Math.max(1.8, tops[tops.length - 1] / tops.length / 4));
  const { zero, nonfinite } = lanes(n, width);
  // Offsets within the lanes separate runs that are all zero, or all NaN, at the same layer.
  const inLane = (start: number, lane: number, i: number) => start + (lane * (i + 0.5)) / Math.max(1, n);
  for (let i = n - 1; i >= 0; i--) {
    const run = runs[i];
    g.strokeStyle = run.colour;
    g.fillStyle = run.colour;
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    g.beginPath();
    let on = false;
    for (const point of run.points) {
      if (point.lane === "zero" || point.lane === "nonfinite") {
        on = false;
        continue;
      }
      if (on) g.lineTo(x(point.t), y(point.line));
      else g.moveTo(x(point.t), y(point.line));
      on = true;
    }
    g.stroke();
    for (const point of run.points) {
      const at = y(point.line);
      if (point.lane === "zero") {
        g.lineWidth = 1.2;
        const inside = zeroInside(scale);
        const side = inside ? sideOf(toUnit(scale, 0)) : 0;
        tracePath(g, run.shape, inside ? x(toUnit(scale, 0)) : inLane(0, zero, i), at, radius);
        g.fillStyle = theme.panel;
        g.fill();
        g.stroke();
        g.fillStyle = run.colour;
        if (side !== 0) arrow(g, x(toUnit(scale, 0)), at, side, radius);
      } else if (point.lane === "nonfinite") {
        g.strokeStyle = theme.nonfinite;
        g.lineWidth = 1.8;
        cross(g, inLane(right + 6, nonfinite, i), at, radius);
        g.strokeStyle = run.colour;
      } else {
        tracePath(g, run.shape, x(point.t), at, radius);
        g.fill();
        if (point.lane !== "scale") arrow(g, x(point.t), at, point.lane === "under" ? -1 : 1, radius);
      }
    }
  }
}

/** Draw the band between the 5th and the 95th percentile behind the curve, as one polygon over all lines. */
function drawBand(
  g: CanvasRenderingContext2D,
  { bands, colour }: ProfileRun,
  unitOf: (value: number) => number,
  place: (unit: number) => number,
  y: (line: number) => number,
  alpha: number,
): void {
  const x = (value: number) => place(unitOf(value));
  if (bands.length === 0) return;
  g.save();
  g.globalAlpha = alpha;
  g.fillStyle = colour;
  g.beginPath();
  // A band of a single line is as high as a point. A band of zero width is one pixel wide.
  const halfHeight = bands.length === 1 ? 3 : 0;
  for (const { line, lo } of bands) g.lineTo(x(lo), y(line) - halfHeight);
  for (const { line, lo, hi } of [...bands].reverse())
    g.lineTo(Math.max(x(lo) + 1, x(hi)), y(line) + halfHeight);
  g.fill();
  g.restore();
  // A band that continues beyond the scale has an arrow at its end.
  g.strokeStyle = colour;
  for (const { line, lo, hi } of bands) {
    if (sideOf(unitOf(hi)) === 1) arrow(g, place(1), y(line), 1, 2);
    if (sideOf(unitOf(lo)) === -1) arrow(g, place(0), y(line), -1, 2);
  }
}

/** Draw a small arrow for a value beyond the scale. */
function arrow(g: CanvasRenderingContext2D, x: number, y: number, direction: -1 | 1, radius: number): void {
  g.lineWidth = 1.2;
  g.beginPath();
  g.moveTo(x + direction * (radius + 1), y - radius);
  g.lineTo(x + direction * (radius + 3.5), y);
  g.lineTo(x + direction * (radius + 1), y + radius);
  g.stroke();
}
