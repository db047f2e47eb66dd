import { FONT, type Ink, prepare } from "./canvas";

export interface PlotLine {
  xs: ArrayLike<number>;
  /** Same length: null is a gap; undefined has no point here and the line goes on. */
  ys: ArrayLike<number | null | undefined>;
  colour: string;
  width: number;
  dash?: readonly number[];
  /** Diameter of a dot at every point; 0: none. */
  dots: number;
}

export interface Ticks {
  at: readonly number[];
  text: readonly string[];
}

export interface PlotModel {
  width: number;
  height: number;
  /** Room around the plot area, CSS pixels. */
  margin: { left: number; right: number; top: number; bottom: number };
  x: readonly [number, number];
  y: readonly [number, number];
  xTicks: Ticks;
  yTicks: Ticks;
  lines: readonly PlotLine[];
  ink: Ink;
  /** Under the lines, and over them. */
  below?: (plot: Plot) => void;
  above?: (plot: Plot) => void;
}

/** Space between an axis and its labels. */
const GAP = 6;

/** Lines on two linear axes; what else is on them its owner draws. All places are CSS pixels. */
export class Plot {
  readonly canvas = document.createElement("canvas");
  /** The plot area, for pointers and overlays. */
  readonly over = document.createElement("div");
  private readonly root = document.createElement("div");
  readonly g: CanvasRenderingContext2D | null;
  readonly area: { left: number; top: number; width: number; height: number };

  constructor(
    parent: HTMLElement,
    private readonly model: PlotModel,
  ) {
    const { width, height, margin } = model;
    this.area = {
      left: margin.left,
      top: margin.top,
      width: Math.max(1, width - margin.left - margin.right),
      height: Math.max(1, height - margin.top - margin.bottom),
    };
    const { area } = this;
    this.root.className = "plot-frame";
    this.root.style.cssText = `position:relative;width:${width}px;height:${height}px`;
    this.canvas.style.display = "block";
    this.over.className = "plot-over";
    this.over.style.cssText = `position:absolute;left:${area.left}px;top:${area.top}px;width:${area.width}px;height:${area.height}px`;
    this.root.append(this.canvas, this.over);
    parent.append(this.root);
    this.g = prepare(this.canvas, width, height, window.devicePixelRatio);
    this.draw();
  }

  destroy(): void {
    this.root.remove();
  }

  /** From the left edge of the plot area. */
  xOf(value: number): number {
    const [lo, hi] = this.model.x;
    return hi > lo ? ((value - lo) / (hi - lo)) * this.area.width : this.area.width / 2;
  }

  /** From the top edge of the plot area. */
  yOf(value: number): number {
    const [lo, hi] = this.model.y;
    return this.area.height * (1 - (hi > lo ? (value - lo) / (hi - lo) : 0.5));
  }

  valueAt(x: number): number {
    const [lo, hi] = this.model.x;
    return lo + (x / this.area.width) * (hi - lo);
  }

  private draw(): void {
    const { g, area, model } = this;
    if (!g) return;
    this.drawAxes(g);
    model.below?.(this);
    g.save();
    g.beginPath();
    g.rect(area.left, area.top, area.width, area.height);
    g.clip();
    for (const line of model.lines) this.drawLine(g, line);
    g.restore();
    model.above?.(this);
  }

  private drawAxes(g: CanvasRenderingContext2D): void {
    const { area, model } = this;
    const { xTicks, yTicks, ink } = model;
    g.font = `11px ${FONT}`;
    g.strokeStyle = ink.grid;
    g.fillStyle = ink.dim;
    g.lineWidth = 1;
    g.textAlign = "right";
    g.textBaseline = "middle";
    yTicks.at.forEach((value, i) => {
      const y = area.top + this.yOf(value);
      if (y < area.top - 1 || y > area.top + area.height + 1) return;
      g.beginPath();
      g.moveTo(area.left, Math.round(y) + 0.5);
      g.lineTo(area.left + area.width, Math.round(y) + 0.5);
      g.stroke();
      g.fillText(yTicks.text[i], area.left - GAP, y);
    });
    g.textAlign = "center";
    g.textBaseline = "top";
    xTicks.at.forEach((value, i) => {
      const x = this.xOf(value);
      if (x < -1 || x > area.width + 1) return;
      g.fillText(xTicks.text[i], area.left + x, area.top + area.height + GAP);
    });
  }

  private drawLine(g: CanvasRenderingContext2D, { xs, ys, colour, width, dash, dots }: PlotLine): void {
    const { left, top } = this.area;
    g.strokeStyle = colour;
    g.fillStyle = colour;
    g.lineWidth = width;
    // Where points stand closer than pixels nobody sees a round joint, and each costs.
    g.lineJoin = xs.length > this.area.width ? "bevel" : "round";
    g.setLineDash(dash ? [...dash] : []);
    g.beginPath();
    let isOpen = false;
    const places: [number, number][] = [];
    for (let i = 0; i < xs.length; i++) {
      const value = ys[i];
      if (value === undefined) continue;
      if (value === null) {
        isOpen = false;
        continue;
      }
      const x = left + this.xOf(xs[i]);
      const y = top + this.yOf(value);
      isOpen ? g.lineTo(x, y) : g.moveTo(x, y);
      isOpen = true;
      places.push([x, y]);
    }
    g.stroke();
    g.setLineDash([]);
    if (dots === 0) return;
    g.beginPath();
    for (const [x, y] of places) {
      g.moveTo(x + dots / 2, y);
      g.arc(x, y, dots / 2, 0, 2 * Math.PI);
    }
    g.fill();
  }
}
