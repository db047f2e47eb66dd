import { factor, short, tick, tickOf } from "../lib/format";
import { needsZeroLane, stepTicks, ticks, toUnit } from "../lib/scale";
import type { Domain } from "../lib/steps";
import type { Scale, Thresholds } from "../lib/types";
import { FONT, type Theme } from "./canvas";
import { clipCurve, drawClipped, extremes, sideOf } from "./clipped";
import type { Curves } from "./layout_curve";
import { cross, type Shape, tracePath } from "./markers";
import { Plot, type PlotLine } from "./plot";

interface SeriesModel {
  curves: Curves;
  styles: { colour: string; shape: Shape }[];
  scale: Scale;
  domain: Domain;
  thresholds: Thresholds | null;
  /** Value with a horizontal line; null if there is none. On scales of factors and differences it means "equal". */
  guide?: number | null;
  /** Labels of the two thresholds. */
  names: Record<keyof Thresholds, string>;
  /** Width of the y axis, so that the plot is aligned with the heat maps. */
  left: number;
  width: number;
  height: number;
  theme: Theme;
}

const LANE = 12;
/** Maximum number of steps that are drawn as dots. */
const MAX_DOTS = 60;
/** Space on the right for half of the last step label. */
export const PLOT_MARGIN = 10;

/**
 * Chart of one layer over steps, one curve per run. Zeros are in a lane at the bottom, NaN and Inf in a lane at the
 * top. Values beyond the scale have triangles at its end, with the most extreme value.
 */
export class SeriesChart {
  readonly plot: Plot;
  private model: SeriesModel | null = null;

  constructor(root: HTMLElement, onLayout?: () => void) {
    this.plot = new Plot(root, onLayout);
  }

  yOf(value: number): number {
    return this.model ? this.plot.yOf(place(this.model.scale, value)) : 0;
  }

  update(model: SeriesModel): void {
    this.model = model;
    const { curves, scale, domain, theme, left, width, height } = model;
    const marks = ticks(scale, Math.max(2, Math.floor((height - 40) / 30)));
    const steps = stepTicks(domain, Math.max(3, Math.min(10, Math.floor((width - left) / 90))));
    this.plot.update({
      width,
      height,
      margin: { left, right: PLOT_MARGIN, top: 6, bottom: 24 },
      x: domain,
      y: yRange(model),
      xTicks: { at: steps, text: steps.map(tickStep) },
      yTicks: {
        at: marks.map((value) => toUnit(scale, value)),
        text: marks.map((value) => tickOf(scale, value)),
      },
      lines: [
        ...curves.runs.map((run, i) => this.line(model, i, run.values)),
        ...curves.runs.flatMap((run, i) => (run.far ? [this.line(model, i, run.far, [2, 4])] : [])),
      ],
      theme,
      below: (g) => this.drawThresholds(g, model),
      above: (g) => {
        this.drawLanes(g, model);
        this.drawBeyond(g, model);
      },
    });
  }

  private line(
    { curves, styles, scale }: SeriesModel,
    i: number,
    values: readonly (number | null | undefined)[],
    dash?: number[],
  ): PlotLine {
    const { xs, ys } = clipCurve(
      curves.steps,
      values.map((value) => (typeof value === "number" ? toUnit(scale, value) : value)),
    );
    return {
      xs,
      ys,
      colour: styles[i].colour,
      width: dash ? 1.4 : 1.6,
      ...(dash ? { dash } : {}),
      dots: !dash && curves.steps.length <= MAX_DOTS ? 4 : 0,
    };
  }

  private drawBeyond(g: CanvasRenderingContext2D, { curves, styles, scale, theme }: SeriesModel): void {
    const { plot } = this;
    const { left, top, width } = plot.area;
    const marks = curves.runs.map(({ values, far, infinites = [] }, i) => {
      const value = (at: number) => values[at] ?? far?.[at] ?? Number.NaN;
      const units = values.map((_, at) => (Number.isNaN(value(at)) ? null : toUnit(scale, value(at))));
      const infinite = infinites.map((x) => ({ x, side: 1 as const, at: -1 }));
      const points = [...clipCurve(curves.steps, units).beyond, ...infinite].sort((a, b) => a.x - b.x);
      const text = (at: number) => (scale.factor ? factor(value(at)) : short(value(at)));
      return { points, colour: styles[i].colour, value, text, extreme: extremes(points, value) };
    });
    drawClipped(g, marks, {
      left,
      width,
      top: top + plot.yOf(1),
      bottom: top + plot.yOf(0),
      xOf: (x) => plot.xOf(x),
      background: theme.panel,
    });
  }

  private drawThresholds(
    g: CanvasRenderingContext2D,
    { thresholds, guide, names, scale, theme }: SeriesModel,
  ): void {
    const { plot } = this;
    const { left, top, width } = plot.area;
    if (guide !== null && guide !== undefined && sideOf(toUnit(scale, guide)) === 0) {
      const at = Math.round(top + plot.yOf(toUnit(scale, guide))) + 0.5;
      g.save();
      g.strokeStyle = theme.dim;
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(left, at);
      g.lineTo(left + width, at);
      g.stroke();
      g.restore();
    }
    if (!thresholds) return;
    g.save();
    g.strokeStyle = theme.critical;
    g.lineWidth = 1;
    g.setLineDash([5, 4]);
    g.fillStyle = theme.critical;
    g.font = `10px ${FONT}`;
    g.textAlign = "left";
    const y = (value: number) => plot.yOf(toUnit(scale, value));
    // On a linear scale the thresholds almost coincide, and their labels would overlap.
    const apart = y(thresholds.vanishing) - y(thresholds.exploding) > 28;
    for (const [threshold, name, baseline] of [
      [thresholds.vanishing, names.vanishing, "bottom"],
      [thresholds.exploding, names.exploding, "top"],
    ] as const) {
      const t = toUnit(scale, threshold);
      if (t < -1e-9 || t > 1 + 1e-9) continue;
      const at = Math.round(top + plot.yOf(t)) + 0.5;
      g.beginPath();
      g.moveTo(left, at);
      g.lineTo(left + width, at);
      g.stroke();
      if (!apart && threshold === thresholds.vanishing) continue;
      // Between thresholds that are close, there is no room for a text.
      const under = baseline === "top" && apart;
      g.textBaseline = under ? "top" : "bottom";
      g.fillText(name, left + 6, at + (under ? 2 : -2));
    }
    g.restore();
  }

  private drawLanes(g: CanvasRenderingContext2D, { curves, styles, theme, scale }: SeriesModel): void {
    const { plot } = this;
    const { left, top, width, height } = plot.area;
    g.save();
    const n = curves.runs.length;
    const offset = (i: number) => (i - (n - 1) / 2) * Math.min(4, 10 / Math.max(1, n)) - LANE / 2;
    const label = (text: string, y: number) => {
      g.fillStyle = theme.dim;
      g.font = `11px ${FONT}`;
      g.textAlign = "right";
      g.textBaseline = "middle";
      g.fillText(text, left - 6, y);
    };
    if (curves.runs.some(({ zeros }) => zeros.length > 0) && needsZeroLane(scale)) {
      label("0", top + height - LANE / 2);
    }
    if (curves.runs.some(({ nonfinites }) => nonfinites.length > 0)) label("NaN", top + LANE / 2);
    curves.runs.forEach((run, i) => {
      const every = Math.max(1, Math.ceil((curves.steps.length / width) * 9));
      g.strokeStyle = styles[i].colour;
      g.lineWidth = 1;
      const zeroY = needsZeroLane(scale) ? top + height + offset(i) : top + plot.yOf(place(scale, 0));
      run.zeros.forEach((step, k) => {
        if (k % every !== 0) return;
        tracePath(g, styles[i].shape, left + plot.xOf(step), zeroY, 2.2);
        g.fillStyle = theme.panel;
        g.fill();
        g.stroke();
      });
      g.strokeStyle = theme.nonfinite;
      g.lineWidth = 1.5;
      run.nonfinites.forEach((step, k) => {
        if (k % every !== 0) return;
        cross(g, left + plot.xOf(step), top - offset(i), 2.2);
      });
    });
    g.restore();
  }
}

/** Return the position of a value on the scale, limited to 0 and 1. */
const place = (scale: Scale, value: number) => Math.min(1, Math.max(0, toUnit(scale, value)));

const tickStep = (step: number) => (step >= 1e5 ? tick(step) : String(step));

/** Return the range of the y axis: the scale from 0 to 1, extended by the lanes that are needed. */
function yRange({ scale, curves, height }: SeriesModel): [number, number] {
  const share = LANE / Math.max(40, height - 40 - 2 * LANE);
  const zeros = needsZeroLane(scale) && curves.runs.some((run) => run.zeros.length > 0);
  const nonfinites = curves.runs.some((run) => run.nonfinites.length > 0);
  return [-(zeros ? share + 0.02 : 0.02), 1 + (nonfinites ? share + 0.02 : 0.02)];
}
