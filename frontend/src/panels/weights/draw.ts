import { palette } from "../../lib/palette";
import type { Scale } from "../../lib/types";
import { hatchTile, prepare, theme } from "../../plot/canvas";
import type { Cells, CellValues } from "./model";
import type { Bars } from "./model_facts";
import { edge, type Placement, paintCells } from "./paint";

/** Space for the norms of rows on the right and of columns below. */
export const MARGIN = { right: 34, bottom: 26 };
const BAR_GAP = 4;

interface WeightModel {
  cells: Cells;
  shown: CellValues;
  placement: Placement;
  scale: Scale;
  rows: Bars | null;
  columns: Bars | null;
  /** Norms whose bars fill the margins. */
  reach: { rows: number; columns: number };
  dark: boolean;
  dpr: number;
}

/** Draw the weights of a layer, with the norms of its rows and columns beside them. */
export function drawWeights(canvas: HTMLCanvasElement, model: WeightModel): void {
  const { cells, placement, scale, dark, dpr } = model;
  const g = prepare(canvas, placement.width + MARGIN.right, placement.height + MARGIN.bottom, dpr);
  if (!g) return;
  const painted = paintCells(cells, model.shown, placement, scale, palette(true, dark), dpr);
  g.putImageData(new ImageData(new Uint8ClampedArray(painted.pixels), painted.width, painted.height), 0, 0);
  drawBars(g, model, 1);
  drawBars(g, model, 0);
}

/**
 * Draw the norms along one axis as bars. A paler part extends from the smallest to the largest norm of a tile. Zero
 * and clipped norms have marks.
 */
function drawBars(g: CanvasRenderingContext2D, model: WeightModel, axis: 0 | 1): void {
  const { cells, placement, dark } = model;
  const reach = axis === 1 ? model.reach.rows : model.reach.columns;
  const bars = axis === 1 ? model.rows : model.columns;
  if (!bars) return;
  const colours = theme(dark);
  const room = (axis === 1 ? MARGIN.right : MARGIN.bottom) - BAR_GAP - 5;
  const start = (axis === 1 ? placement.width : placement.height) + BAR_GAP;
  const lines = bars.high.length;
  const block = cells.kernel ? placement.block[axis] : 1;
  const box = (from: number, to: number, a: number, b: number) =>
    axis === 1 ? g.fillRect(a, from, b - a, to - from) : g.fillRect(from, a, to - from, b - a);
  const hatch = g.createPattern(hatchTile(colours.hatch, 1), "repeat");
  for (let line = 0; line < lines; line++) {
    const from = edge(placement, axis, line * block);
    const to = edge(placement, axis, (line + 1) * block - 1) + placement.cell[axis];
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
      // A norm of 0 has a mark, because an empty bar would look like a gap.
      g.fillStyle = colours.critical;
      box(from, Math.max(from + 1, to - thick), start - 1, start + 3);
    }
    if (high > reach * 1.0001) {
      g.fillStyle = colours.accent;
      box(from, Math.max(from + 1, to - thick), start + room - 1, start + room + 3);
    }
  }
}
