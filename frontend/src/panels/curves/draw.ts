import { short, tick } from "../../lib/format";
import { ticks, toUnit } from "../../lib/scale";
import type { Scale } from "../../lib/types";
import { FONT, type Theme } from "../../plot/canvas";
import { clipCurve, drawClipped, extremes, sideOf } from "../../plot/clipped";
import { cross, type Shape, tracePath } from "../../plot/markers";
import { Plot, type PlotLine } from "../../plot/plot";
import { type Line, nearestPoint } from "./layout";

interface LineStyle {
  colour: string;
  shape: Shape;
  /** Lengths of dashes and gaps in pixels. Empty for a solid line. */
  dash: readonly number[];
}

interface LinesModel {
  lines: readonly Line[];
  styles: readonly LineStyle[];
  scale: Scale;
  domain: readonly [number, number];
  xTicks: { at: number[]; text: string[] };
  /** True if raw values are drawn faintly behind the lines. */
  faint: boolean;
  width: number;
  height: number;
  theme: Theme;
}

const LANE = 10;
const LEFT = 50;
const BOTTOM = 22;
/** Distance in pixels between the shapes along a line, which identify its run without colour. */
const SHAPE_EVERY = 96;
/** Maximum number of points that are drawn as dots. */
const MAX_DOTS = 40;

/** Chart of lines over a shared x axis, with NaN and Inf in a lane at the top. */
export class LinesChart {
  readonly plot: Plot;
  private model: LinesModel | null = null;

  constructor(root: HTMLElement, onLayout?: () => void) {
    this.plot = new Plot(root, onLayout);
  }

  yOf(value: number): number {
    return this.model ? this.plot.yOf(toUnit(this.model.scale, value)) : 0;
  }

  /** Return the line nearest to a position of the plot area, or -1 if there is none. */
  lineAt(x: number, y: number): number {
    let best = -1;
    let shortest = Number.POSITIVE_INFINITY;
    this.model?.lines.forEach((line, i) => {
      const at = nearestPoint(line, this.plot.valueAt(x));
      if (at < 0) return;
      const value = line.drawn[at];
      const distance = Number.isFinite(value) ? Math.abs(this.yOf(value) - y) : y;
      if (distance < shortest) [best, shortest] = [i, distance];
    });
    return best;
  }

  update(model: LinesModel): void {
    this.model = model;
    const { lines, scale, domain, theme, width, height, xTicks, faint } = model;
    const share = LANE / Math.max(30, height - BOTTOM - 2 * LANE);
    const bad = lines.some(({ raw }) => raw.some((value) => !Number.isFinite(value)));
    // The lane's label replaces the topmost tick.
    const top = bad ? 1 - LANE / Math.max(30, height) : 1.01;
    const marks = ticks(scale, Math.max(2, Math.floor((height - BOTTOM) / 36))).filter(
      (value) => toUnit(scale, value) <= top,
    );
    const low = scale.mode === "log" && lines.some(({ drawn }) => drawn.some((value) => value <= 0));
    this.plot.update({
      width,
      height,
      margin: { left: LEFT, right: 8, top: 4, bottom: BOTTOM },
      x: domain,
      y: [low ? -share - 0.02 : -0.01, bad ? 1 + share + 0.02 : 1.01],
      xTicks,
      yTicks: { at: marks.map((value) => toUnit(scale, value)), text: marks.map(tick) },
      lines: lines.flatMap((_, i) =>
        faint ? [this.raw(model, i), this.line(model, i)] : [this.line(model, i)],
      ),
      theme,
      above: (g) => {
        this.drawShapes(g, model, bad, low);
        this.drawBeyond(g, model);
      },
    });
  }

  /** Mark values beyond the axis. A raw value counts even if the smoothed line is within. */
  private drawBeyond(g: CanvasRenderingContext2D, { lines, styles, scale, domain, theme }: LinesModel): void {
    const { plot } = this;
    const { left, top, width } = plot.area;
    const marks = lines.map(({ x, raw, drawn }, i) => {
      const units = Array.from(raw, (value, at) => {
        const unit = toUnit(scale, value);
        if (!Number.isFinite(value) || x[at] < domain[0] || x[at] > domain[1]) return null;
        const shown = sideOf(unit) === 0 ? toUnit(scale, drawn[at]) : unit;
        // Values that have no position on a log scale have a lane.
        return Number.isFinite(shown) ? shown : null;
      });
      const points = clipCurve(x, units).beyond;
      const value = (at: number) => (sideOf(toUnit(scale, raw[at])) === 0 ? drawn[at] : raw[at]);
      return {
        points,
        colour: styles[i].colour,
        value,
        text: (at: number) => short(value(at)),
        extreme: extremes(points, value),
      };
    });
    drawClipped(g, marks, {
      left,
      width,
      top: top + plot.yOf(1),
      bottom: top + plot.yOf(0),
      xOf: (at) => plot.xOf(at),
      background: theme.panel,
    });
  }

  private line({ lines, styles, scale }: LinesModel, i: number): PlotLine {
    const { x, drawn } = lines[i];
    const { colour, dash } = styles[i];
    return {
      xs: x,
      ys: Array.from(drawn, (value) => place(scale, value)),
      colour,
      width: 1.6,
      ...(dash.length > 0 ? { dash } : {}),
      dots: x.length <= MAX_DOTS ? 4 : 0,
    };
  }

  private raw({ lines, styles, scale }: LinesModel, i: number): PlotLine {
    const { x, raw } = lines[i];
    const ys = Array.from(raw, (value) => place(scale, value));
    return { xs: x, ys, colour: `${styles[i].colour}4d`, width: 1, dots: 0 };
  }

  private drawShapes(
    g: CanvasRenderingContext2D,
    { lines, styles, scale, theme, domain }: LinesModel,
    bad: boolean,
    low: boolean,
  ): void {
    const { plot } = this;
    const { left, top, width, height } = plot.area;
    const label = (text: string, y: number) => {
      g.fillStyle = theme.dim;
      g.font = `11px ${FONT}`;
      g.textAlign = "right";
      g.textBaseline = "middle";
      g.fillText(text, left - 5, y);
    };
    g.save();
    if (bad) label("NaN", top + LANE / 2);
    const negative = lines.some(({ drawn }) => drawn.some((value) => value < 0));
    if (low) label(negative ? "≤ 0" : "0", top + height - LANE / 2);
    g.beginPath();
    g.rect(left - 4, top - 2, width + 8, height + 4);
    g.clip();
    lines.forEach((line, i) => {
      const { colour, shape } = styles[i];
      const lane = (i - (lines.length - 1) / 2) * Math.min(3, 7 / lines.length) + LANE / 2;
      let next = left + ((SHAPE_EVERY * i) / lines.length + 12);
      let lastBad = Number.NEGATIVE_INFINITY;
      let lastLow = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < line.x.length; k++) {
        if (line.x[k] < domain[0] || line.x[k] > domain[1]) continue;
        const x = left + plot.xOf(line.x[k]);
        if (!Number.isFinite(line.raw[k])) {
          if (x - lastBad < 8) continue;
          lastBad = x;
          g.strokeStyle = theme.nonfinite;
          g.lineWidth = 1.5;
          cross(g, x, top + lane, 2.2);
          continue;
        }
        const unit = toUnit(scale, line.drawn[k]);
        if (unit === Number.NEGATIVE_INFINITY) {
          if (x - lastLow < 8) continue;
          lastLow = x;
          g.strokeStyle = colour;
          g.lineWidth = 1;
          tracePath(g, shape, x, top + height - lane, 2);
          g.stroke();
        } else if (x >= next && unit >= 0 && unit <= 1) {
          next = x + SHAPE_EVERY;
          g.fillStyle = colour;
          tracePath(g, shape, x, top + plot.yOf(unit), 3.2);
          g.fill();
        }
      }
    });
    g.restore();
  }
}

/** Return the position of a value on the scale. Null for NaN, Inf, and nonpositive values on a log scale. */
function place(scale: Scale, value: number): number | null {
  const unit = toUnit(scale, value);
  return Number.isFinite(unit) ? Math.min(1.5, Math.max(-0.5, unit)) : null;
}
