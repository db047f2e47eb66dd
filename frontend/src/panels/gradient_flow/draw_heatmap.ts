import { palette } from "../../lib/palette";
import { type Domain, gridPixels, gridSpans } from "../../lib/steps";
import { CELL, type Grid, type Scale } from "../../lib/types";
import { dashTile, dotTile, hatchTile, image, prepare, theme } from "../../plot/canvas";
import { type Painted, paint } from "./paint";

interface HeatmapModel {
  grid: Grid;
  scale: Scale;
  domain: Domain;
  dark: boolean;
  width: number;
  /** Top of each line, and the height of all. */
  tops: readonly number[];
  dpr: number;
}

/** Maximum height of a canvas in pixels. Browsers refuse larger canvases. */
const MAX_PIXELS = 16_000;

/** Draw one run's heat map: cells at data resolution, stretched without smoothing, patterns on top. */
export function drawHeatmap(canvas: HTMLCanvasElement, model: HeatmapModel): void {
  const { grid, scale, domain, dark, tops } = model;
  const height = tops[grid.lines];
  if (height === 0 || model.width <= 0) return;
  const dpr = Math.min(model.dpr, MAX_PIXELS / height);
  const g = prepare(canvas, model.width, height, dpr);
  if (!g) return;
  const width = canvas.width;
  const painted = paint(grid, gridSpans(grid, domain, width), scale, palette(scale.diverging, dark));
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.imageSmoothingEnabled = false;
  stretch(g, image(painted.pixels, width, grid.lines), tops);
  const colours = theme(dark);
  overlay(g, painted, "nonfinite", hatchTile(colours.hatch, dpr), tops);
  overlay(g, painted, "absent", dotTile(colours.dots, dpr), tops);
  overlay(g, painted, "reference", dashTile(colours.dash, dpr), tops);
  if (grid.match?.far.includes(1)) dotFar(g, grid, domain, dotTile(colours.dash, dpr), tops);
}

/** Draw dots over steps whose nearest reference step is too far away for a comparison. */
function dotFar(
  g: CanvasRenderingContext2D,
  grid: Grid,
  domain: Domain,
  tile: HTMLCanvasElement,
  tops: readonly number[],
): void {
  const pattern = g.createPattern(tile, "repeat");
  if (!pattern) return;
  const pixels = gridPixels(grid, domain, g.canvas.width);
  const ratio = g.canvas.height / tops[grid.lines];
  const n = grid.steps.length;
  g.fillStyle = pattern;
  for (let line = 0; line < grid.lines; line++) {
    if (grid.states[line * n] === CELL.header) continue;
    const top = Math.round(tops[line] * ratio);
    grid.match?.far.forEach((far, s) => {
      const left = pixels[2 * s];
      if (far) g.fillRect(left, top, pixels[2 * s + 1] - left, Math.round(tops[line + 1] * ratio) - top);
    });
  }
}

/** Stretch each line of `source`, one pixel high, to its place, without smoothing and with edges on whole pixels. */
function stretch(g: CanvasRenderingContext2D, source: HTMLCanvasElement, tops: readonly number[]): void {
  const { width, height } = g.canvas;
  const ratio = height / tops[tops.length - 1];
  const y = (line: number) => Math.round(tops[line] * ratio);
  for (let line = 0; line + 1 < tops.length; ) {
    const lineHeight = y(line + 1) - y(line);
    // One call draws consecutive lines of the same height. A thousand lines would otherwise be a thousand calls.
    let end = line + 1;
    while (end + 1 < tops.length && y(end + 1) - y(end) === lineHeight) end++;
    g.drawImage(source, 0, line, width, end - line, 0, y(line), width, y(end) - y(line));
    line = end;
  }
}

function overlay(
  g: CanvasRenderingContext2D,
  painted: Painted,
  which: "nonfinite" | "absent" | "reference",
  tile: HTMLCanvasElement,
  tops: readonly number[],
): void {
  const mask = painted[which];
  if (!mask) return;
  const { width, height } = g.canvas;
  const layer = document.createElement("canvas");
  layer.width = width;
  layer.height = height;
  const h = layer.getContext("2d");
  const pattern = h?.createPattern(tile, "repeat");
  if (!h || !pattern) return;
  h.imageSmoothingEnabled = false;
  stretch(h, image(mask, width, tops.length - 1), tops);
  h.globalCompositeOperation = "source-in";
  h.fillStyle = pattern;
  h.fillRect(0, 0, width, height);
  g.drawImage(layer, 0, 0);
}
