import uPlot from "uplot";
import { tick } from "../derive/format";
import { type Line, nearestPoint } from "../derive/lines";
import { ticks, toUnit } from "../derive/scale";
import { allSteps } from "../derive/steps";
import type { Scale } from "../types";
import { FONT, type Ink } from "./canvas";
import { cross, type Shape, tracePath } from "./markers";

export interface LineLook {
  colour: string;
  shape: Shape;
  /** Pixels on and off; empty: solid. */
  dash: readonly number[];
}

export interface LinesModel {
  lines: readonly Line[];
  looks: readonly LineLook[];
  scale: Scale;
  domain: readonly [number, number];
  xTicks: { at: number[]; text: string[] };
  /** Raw values stand faint behind what is drawn. */
  faint: boolean;
  width: number;
  height: number;
  ink: Ink;
}

const LANE = 10;
const LEFT = 50;
const BOTTOM = 22;
/** A shape every so many pixels along a line says whose it is without its colour. */
const SHAPE_EVERY = 96;
/** Up to so many points each is drawn as one. */
const FEW = 40;

/** Lines over a shared x axis, on a scale of their own; NaN and Inf on a lane at the top. */
export class LinesChart {
  private plot: uPlot | null = null;
  private model: LinesModel | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly laidOut: () => void,
  ) {}

  /** The plot area, for pointers and overlays. */
  get over(): HTMLElement | null {
    return this.plot?.over ?? null;
  }

  valueAt(x: number): number {
    return this.plot?.posToVal(x, "x") ?? 0;
  }

  xOf(value: number): number {
    return this.plot?.valToPos(value, "x") ?? 0;
  }

  yOf(value: number): number {
    return this.model ? (this.plot?.valToPos(toUnit(this.model.scale, value), "y") ?? 0) : 0;
  }

  /** The line that passes nearest to a place of the plot area; -1: none. */
  lineAt(x: number, y: number): number {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    this.model?.lines.forEach((line, i) => {
      const at = nearestPoint(line, this.valueAt(x));
      if (at < 0) return;
      const value = line.drawn[at];
      const distance = Number.isFinite(value) ? Math.abs(this.yOf(value) - y) : y;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  update(model: LinesModel): void {
    this.plot?.destroy();
    this.model = model;
    this.plot = new uPlot(this.options(model), this.data(model), this.root);
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  /** Places on the scale, far outliers just beyond its ends: canvases draw nothing at 1e30. */
  private data({ lines, scale, faint }: LinesModel): uPlot.AlignedData {
    const xs = allSteps(lines.map(({ x }) => x));
    const at = new Map<number, number>();
    xs.forEach((x, i) => {
      at.set(x, i);
    });
    const placed = (x: Float64Array, values: ArrayLike<number>) => {
      const result: (number | null | undefined)[] = new Array(xs.length).fill(undefined);
      for (let i = 0; i < x.length; i++) result[at.get(x[i])!] = place(scale, values[i]);
      return result;
    };
    return [
      Array.from(xs),
      ...lines.flatMap(({ x, raw, drawn }) =>
        faint ? [placed(x, raw), placed(x, drawn)] : [placed(x, drawn)],
      ),
    ] as uPlot.AlignedData;
  }

  private options(model: LinesModel): uPlot.Options {
    const { lines, looks, scale, domain, ink, width, height, xTicks, faint } = model;
    const grid = { stroke: ink.grid, width: 1 };
    const base = { stroke: ink.dim, font: `11px ${FONT}`, ticks: { show: false }, gap: 5 };
    const marks = ticks(scale, Math.max(2, Math.floor((height - BOTTOM) / 36)));
    const share = LANE / Math.max(30, height - BOTTOM - 2 * LANE);
    const bad = lines.some(({ raw }) => raw.some((value) => !Number.isFinite(value)));
    const low = scale.mode === "log" && lines.some(({ drawn }) => drawn.some((value) => value <= 0));
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [4, 8, 0, 0],
      scales: {
        x: { time: false, range: [domain[0], domain[1]] },
        y: { range: [low ? -share - 0.02 : -0.01, bad ? 1 + share + 0.02 : 1.01] },
      },
      axes: [
        { ...base, grid: { show: false }, size: BOTTOM, splits: () => xTicks.at, values: () => xTicks.text },
        {
          ...base,
          grid,
          size: LEFT,
          splits: () => marks.map((value) => toUnit(scale, value)),
          filter: (_plot, splits) => splits,
          values: () => marks.map(tick),
        },
      ],
      series: [
        {},
        ...lines.flatMap((line, i) => {
          const { colour, dash } = looks[i];
          const main = {
            stroke: colour,
            width: 1.6,
            ...(dash.length > 0 ? { dash: [...dash] } : {}),
            points: { show: line.x.length <= FEW, size: 4, fill: colour, width: 1 },
          };
          return faint ? [{ stroke: `${colour}4d`, width: 1, points: { show: false } }, main] : [main];
        }),
      ],
      hooks: { ready: [() => this.laidOut()], draw: [(plot) => this.drawShapes(plot, bad, low)] },
    };
  }

  private drawShapes(plot: uPlot, bad: boolean, low: boolean): void {
    const { lines, looks, scale, ink, domain } = this.model!;
    const g = plot.ctx;
    const ratio = uPlot.pxRatio;
    const { left, top, width, height } = plot.bbox;
    const label = (text: string, y: number) => {
      g.fillStyle = ink.dim;
      g.font = `${11 * ratio}px ${FONT}`;
      g.textAlign = "right";
      g.textBaseline = "middle";
      g.fillText(text, left - 5 * ratio, y);
    };
    g.save();
    if (bad) label("NaN", top + (LANE / 2) * ratio);
    if (low) label("0", top + height - (LANE / 2) * ratio);
    g.beginPath();
    g.rect(left - 4 * ratio, top - 2 * ratio, width + 8 * ratio, height + 4 * ratio);
    g.clip();
    lines.forEach((line, i) => {
      const { colour, shape } = looks[i];
      const lane = ((i - (lines.length - 1) / 2) * Math.min(3, 7 / lines.length) + LANE / 2) * ratio;
      let next = left + ((SHAPE_EVERY * i) / lines.length + 12) * ratio;
      let lastBad = Number.NEGATIVE_INFINITY;
      let lastLow = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < line.x.length; k++) {
        if (line.x[k] < domain[0] || line.x[k] > domain[1]) continue;
        const x = plot.valToPos(line.x[k], "x", true);
        if (!Number.isFinite(line.raw[k])) {
          if (x - lastBad < 8 * ratio) continue;
          lastBad = x;
          g.strokeStyle = ink.nonfinite;
          g.lineWidth = 1.5 * ratio;
          cross(g, x, top + lane, 2.2 * ratio);
          continue;
        }
        const unit = toUnit(scale, line.drawn[k]);
        if (unit === Number.NEGATIVE_INFINITY) {
          if (x - lastLow < 8 * ratio) continue;
          lastLow = x;
          g.strokeStyle = colour;
          g.lineWidth = ratio;
          tracePath(g, shape, x, top + height - lane, 2 * ratio);
          g.stroke();
        } else if (x >= next && unit >= 0 && unit <= 1) {
          next = x + SHAPE_EVERY * ratio;
          g.fillStyle = colour;
          tracePath(g, shape, x, plot.valToPos(unit, "y", true), 3.2 * ratio);
          g.fill();
        }
      }
    });
    g.restore();
  }
}

/** Null has no place: NaN, Inf, and on a log scale what is not positive. */
function place(scale: Scale, value: number): number | null {
  const unit = toUnit(scale, value);
  return Number.isFinite(unit) ? Math.min(1.5, Math.max(-0.5, unit)) : null;
}
