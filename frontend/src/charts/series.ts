import uPlot from "uplot";
import type { Curves } from "../derive/curve";
import { tick, tickOf } from "../derive/format";
import { stepTicks, ticks, toUnit, zeroApart } from "../derive/scale";
import type { Domain } from "../derive/steps";
import type { Scale, Thresholds } from "../types";
import { FONT, type Ink } from "./canvas";
import { cross, type Shape, tracePath } from "./markers";

export interface SeriesModel {
  curves: Curves;
  looks: { colour: string; shape: Shape }[];
  scale: Scale;
  domain: Domain;
  thresholds: Thresholds | null;
  /** A value with a line of its own: 1 among factors. */
  guide?: number | null;
  /** What the two thresholds are called. */
  names: Record<keyof Thresholds, string>;
  /** Space for the y axis, so that the plot begins where the heat maps do. */
  left: number;
  width: number;
  height: number;
  ink: Ink;
}

const LANE = 12;
/** Room at the right for half of the last step label. */
export const PLOT_MARGIN = 10;

/** One layer over steps, a curve a run; zeros on a lane at the bottom, NaN and Inf on one at the top. */
export class SeriesChart {
  private plot: uPlot | null = null;
  private model: SeriesModel | null = null;

  /** uPlot lays itself out after the call that made it; `laidOut` says when places can be asked for. */
  constructor(
    private readonly root: HTMLElement,
    private readonly laidOut: () => void,
  ) {}

  /** The plot area, for pointers and overlays. */
  get over(): HTMLElement | null {
    return this.plot?.over ?? null;
  }

  stepAt(x: number): number {
    return this.plot?.posToVal(x, "x") ?? 0;
  }

  xOf(step: number): number {
    return this.plot?.valToPos(step, "x") ?? 0;
  }

  yOf(value: number): number {
    return this.model ? (this.plot?.valToPos(place(this.model.scale, value), "y") ?? 0) : 0;
  }

  update(model: SeriesModel): void {
    this.plot?.destroy();
    this.model = model;
    this.plot = new uPlot(this.options(model), this.data(model), this.root);
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  /** Places on the scale, not values: uPlot's own log axis gives up beyond 1e17. */
  private data({ curves, scale }: SeriesModel): uPlot.AlignedData {
    const placed = (value: number | null | undefined) =>
      typeof value === "number" ? place(scale, value) : value;
    return [
      Array.from(curves.steps),
      ...curves.runs.map(({ values }) => values.map(placed)),
      ...curves.runs.flatMap(({ far }) => (far ? [far.map(placed)] : [])),
    ] as uPlot.AlignedData;
  }

  private options(model: SeriesModel): uPlot.Options {
    const { curves, looks, scale, domain, ink, left, width, height } = model;
    const grid = { stroke: ink.grid, width: 1 };
    const font = `11px ${FONT}`;
    const base = { stroke: ink.dim, font, ticks: { show: false }, gap: 6 };
    const marks = ticks(scale, Math.max(2, Math.floor((height - 40) / 30)));
    const few = curves.steps.length <= 60;
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [6, PLOT_MARGIN, 0, 0],
      scales: {
        x: { time: false, range: [domain[0], domain[1]] },
        y: { range: padded(model) },
      },
      axes: [
        {
          ...base,
          grid: { show: false },
          size: 24,
          splits: () => stepTicks(domain, Math.max(3, Math.min(10, Math.floor((width - left) / 90)))),
          values: (_plot, splits) => splits.map(tickStep),
        },
        {
          ...base,
          grid,
          size: left,
          splits: () => marks.map((value) => toUnit(scale, value)),
          filter: (_plot, splits) => splits,
          values: () => marks.map((value) => tickOf(scale, value)),
        },
      ],
      series: [
        {},
        ...curves.runs.map((_, i) => ({
          stroke: looks[i].colour,
          width: 1.6,
          points: { show: few, size: 4, fill: looks[i].colour },
        })),
        ...curves.runs.flatMap(({ far }, i) =>
          far ? [{ stroke: looks[i].colour, width: 1.4, dash: [2, 4], points: { show: false } }] : [],
        ),
      ],
      hooks: {
        ready: [() => this.laidOut()],
        drawAxes: [(plot) => this.drawThresholds(plot)],
        draw: [(plot) => this.drawLanes(plot)],
      },
    };
  }

  private drawThresholds(plot: uPlot): void {
    const { thresholds, guide, names, scale, ink } = this.model!;
    const g = plot.ctx;
    const { left, width } = plot.bbox;
    if (guide !== null && guide !== undefined) {
      const at = Math.round(plot.valToPos(toUnit(scale, guide), "y", true)) + 0.5;
      g.save();
      g.strokeStyle = ink.dim;
      g.lineWidth = uPlot.pxRatio;
      g.beginPath();
      g.moveTo(left, at);
      g.lineTo(left + width, at);
      g.stroke();
      g.restore();
    }
    if (!thresholds) return;
    g.save();
    g.strokeStyle = ink.critical;
    g.lineWidth = uPlot.pxRatio;
    g.setLineDash([5 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
    g.fillStyle = ink.critical;
    g.font = `${10 * uPlot.pxRatio}px ${FONT}`;
    g.textAlign = "left";
    const y = (value: number) => plot.valToPos(toUnit(scale, value), "y");
    // on a linear scale they fall together, and one name would cover the other
    const apart = y(thresholds.vanishing) - y(thresholds.exploding) > 28;
    for (const [threshold, name, baseline] of [
      [thresholds.vanishing, names.vanishing, "bottom"],
      [thresholds.exploding, names.exploding, "top"],
    ] as const) {
      const t = toUnit(scale, threshold);
      if (t < -1e-9 || t > 1 + 1e-9) continue;
      const at = Math.round(plot.valToPos(t, "y", true)) + 0.5;
      g.beginPath();
      g.moveTo(left, at);
      g.lineTo(left + width, at);
      g.stroke();
      if (!apart && threshold === thresholds.vanishing) continue;
      g.textBaseline = baseline;
      g.fillText(name, left + 6 * uPlot.pxRatio, at + (baseline === "top" ? 2 : -2) * uPlot.pxRatio);
    }
    g.restore();
  }

  private drawLanes(plot: uPlot): void {
    const { curves, looks, ink } = this.model!;
    const g = plot.ctx;
    const ratio = uPlot.pxRatio;
    const { left, top, width, height } = plot.bbox;
    g.save();
    const n = curves.runs.length;
    const offset = (i: number) => ((i - (n - 1) / 2) * Math.min(4, 10 / Math.max(1, n)) - LANE / 2) * ratio;
    const label = (text: string, y: number) => {
      g.fillStyle = ink.dim;
      g.font = `${11 * ratio}px ${FONT}`;
      g.textAlign = "right";
      g.textBaseline = "middle";
      g.fillText(text, left - 6 * ratio, y);
    };
    if (curves.runs.some(({ zeros }) => zeros.length > 0) && zeroApart(this.model!.scale)) {
      label("0", top + height - (LANE / 2) * ratio);
    }
    if (curves.runs.some(({ nonfinites }) => nonfinites.length > 0)) label("NaN", top + (LANE / 2) * ratio);
    curves.runs.forEach((run, i) => {
      const every = Math.max(1, Math.ceil((curves.steps.length / width) * 9 * ratio));
      g.strokeStyle = looks[i].colour;
      g.lineWidth = ratio;
      const zeroY = zeroApart(this.model!.scale)
        ? top + height + offset(i)
        : plot.valToPos(toUnit(this.model!.scale, 0), "y", true);
      run.zeros.forEach((step, k) => {
        if (k % every !== 0) return;
        tracePath(g, looks[i].shape, plot.valToPos(step, "x", true), zeroY, 2.2 * ratio);
        g.fillStyle = ink.panel;
        g.fill();
        g.stroke();
      });
      g.strokeStyle = ink.nonfinite;
      g.lineWidth = 1.5 * ratio;
      run.nonfinites.forEach((step, k) => {
        if (k % every !== 0) return;
        cross(g, plot.valToPos(step, "x", true), top - offset(i), 2.2 * ratio);
      });
    });
    g.restore();
  }
}

/** Where on the scale, 0 to 1; what lies beyond it is at its end. */
const place = (scale: Scale, value: number) => Math.min(1, Math.max(0, toUnit(scale, value)));

const tickStep = (step: number) => (step >= 1e5 ? tick(step) : String(step));

/** The scale, 0 to 1, with room for the lanes that are needed. */
function padded({ scale, curves, height }: SeriesModel): [number, number] {
  const share = LANE / Math.max(40, height - 40 - 2 * LANE);
  const zeros = zeroApart(scale) && curves.runs.some((run) => run.zeros.length > 0);
  const nonfinites = curves.runs.some((run) => run.nonfinites.length > 0);
  return [-(zeros ? share + 0.02 : 0.02), 1 + (nonfinites ? share + 0.02 : 0.02)];
}
