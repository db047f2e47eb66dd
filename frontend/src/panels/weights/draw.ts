import { palette } from "../../lib/palette";
import type { Scale } from "../../lib/types";
import { hatchTile, prepare, theme } from "../../plot/canvas";
import type { Cells, Figures } from "./model";
import type { Bars } from "./model_facts";
import { edge, type Placing, paintCells } from "./paint";

/** Room for the norms of rows at the right, and of columns below. */
export const MARGIN = { right: 34, bottom: 26 };
const AIR = 4;

interface WeightModel {
  cells: Cells;
  figures: Figures;
  placing: Placing;
  scale: Scale;
  rows: Bars | null;
  columns: Bars | null;
  /** The norm that fills the margin. */
  reach: { rows: number; columns: number };
  dark: boolean;
  dpr: number;
}

/** A layer's weights, and the norms of its rows and columns beside them. */
export function drawWeights(canvas: HTMLCanvasElement, model: WeightModel): void {
  const { cells, placing, scale, dark, dpr } = model;
  const g = prepare(canvas, placing.width + MARGIN.right, placing.height + MARGIN.bottom, dpr);
  if (!g) return;
  const painted = paintCells(cells, model.figures, placing, scale, palette(true, dark), dpr);
  g.putImageData(new ImageData(new Uint8ClampedArray(painted.pixels), painted.width, painted.height), 0, 0);
  drawBars(g, model, 1);
  drawBars(g, model, 0);
}

/** Norms along one axis: paler from the least to the largest of a line of tiles; 0 and beyond marked by shape. */
function drawBars(g: CanvasRenderingContext2D, model: WeightModel, axis: 0 | 1): void {
  const { cells, placing, dark } = model;
  const reach = axis === 1 ? model.reach.rows : model.reach.columns;
  const bars = axis === 1 ? model.rows : model.columns;
  if (!bars) return;
  const colours = theme(dark);
  const room = (axis === 1 ? MARGIN.right : MARGIN.bottom) - AIR - 5;
  const start = (axis === 1 ? placing.width : placing.height) + AIR;
  const lines = bars.high.length;
  const block = cells.kernel ? placing.block[axis] : 1;
  const box = (from: number, to: number, a: number, b: number) =>
    axis === 1 ? g.fillRect(a, from, b - a, to - from) : g.fillRect(from, a, to - from, b - a);
  const hatch = g.createPattern(hatchTile(colours.hatch, 1), "repeat");
  for (let line = 0; line < lines; line++) {
    const from = edge(placing, axis, line * block);
    const to = edge(placing, axis, (line + 1) * block - 1) + placing.cell[axis];
    const thick = to - from > 3 ? 1 : 0;
    const [low, high] = [bars.low[line], bars.high[line]];
    if (Number.isNaN(high)) {
      g.fillStyle = "rgb(200,30,160)";
      box(from, to - thick, start, start + room);
      if (hatch) {
        g.fillStyle = hatch;
        box(from, to - thick, start, start + room);
      }
      continue;
    }
    const length = (norm: number) => (reach > 0 ? room * Math.min(1, norm / reach) : 0);
    g.fillStyle = colours.dots;
    box(from, to - thick, start, start + length(high));
    g.fillStyle = colours.dim;
    g.globalAlpha = 0.72;
    box(from, to - thick, start, start + length(low));
    g.globalAlpha = 1;
    if (low === 0) {
      // a line of zeros has no bar: a mark of its own, so that it is not taken for a gap
      g.fillStyle = colours.critical;
      box(from, Math.max(from + 1, to - thick), start - 1, start + 3);
    }
    if (high > reach * 1.0001) {
      g.fillStyle = colours.accent;
      box(from, Math.max(from + 1, to - thick), start + room - 1, start + room + 3);
    }
  }
}
