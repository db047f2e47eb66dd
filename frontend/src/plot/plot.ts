import { FONT, prepare, type Theme } from "./canvas";
import { type Envelope, envelopes } from "./layout_envelope";

export interface PlotLine {
  xs: ArrayLike<number>;
  /** As many values as `xs`. Null is a gap. Undefined is a missing point across which the line continues. */
  ys: ArrayLike<number | null | undefined>;
  colour: string;
  width: number;
  dash?: readonly number[];
  /** Diameter of the dot at each point, 0 for none. */
  dots: number;
}

interface Ticks {
  at: readonly number[];
  text: readonly string[];
}

interface PlotModel {
  width: number;
  height: number;
  /** Space around the plot area in CSS pixels. */
  margin: { left: number; right: number; top: number; bottom: number };
  x: readonly [number, number];
  y: readonly [number, number];
  xTicks: Ticks;
  yTicks: Ticks;
  lines: readonly PlotLine[];
  theme: Theme;
  /** Callbacks that draw below and above the lines. */
  below?: (g: CanvasRenderingContext2D) => void;
  above?: (g: CanvasRenderingContext2D) => void;
}

/**
 * Positions in the plot area. It is immutable, and a redraw that moves a position makes a new one. Views above the
 * plot take it as a property, because a view with equal properties is not rendered again.
 */
export interface PlotLayout {
  area: { left: number; top: number; width: number; height: number };
  x: readonly [number, number];
  /** Width of the plot with its margins. */
  width: number;
}

/** Return the distance of an x value from the left edge of the plot area. */
export function xIn({ area, x: [lo, hi] }: PlotLayout, value: number): number {
  return hi > lo ? ((value - lo) / (hi - lo)) * area.width : area.width / 2;
}

/** Return the x value at a distance from the left edge of the plot area. */
export const valueIn = ({ area, x: [lo, hi] }: PlotLayout, x: number) => lo + (x / area.width) * (hi - lo);

const NOWHERE: PlotLayout = { area: { left: 0, top: 0, width: 1, height: 1 }, x: [0, 1], width: 1 };

/** Space between an axis and its labels. */
const GAP = 6;

/** A line plot with linear axes. The owner draws everything else. All positions are CSS pixels. */
export class Plot {
  private readonly root = document.createElement("div");
  private readonly canvas = document.createElement("canvas");
  private readonly overlay = document.createElement("div");
  private context: CanvasRenderingContext2D | null = null;
  private model: PlotModel | null = null;
  /** Identifies the layout: `onLayout` is called if it changes. */
  private layoutKey = "";
  private places = NOWHERE;

  /** `onLayout` is called after positions have become available or changed. */
  constructor(
    parent: HTMLElement,
    private readonly onLayout: () => void = () => undefined,
  ) {
    this.root.className = "plot-frame";
    this.canvas.style.display = "block";
    this.overlay.className = "plot-over";
    this.root.append(this.canvas, this.overlay);
    this.root.hidden = true;
    parent.append(this.root);
  }

  /** The plot area, for pointer events and overlays. Null if there is no plot. */
  get over(): HTMLElement | null {
    return this.model ? this.overlay : null;
  }

  /** The plot's positions. Null if there is no plot. */
  get layout(): PlotLayout | null {
    return this.model && this.places;
  }

  get area(): PlotLayout["area"] {
    return this.places.area;
  }

  /** Draw a model. The canvas is reused, because a new canvas costs more than drawing the lines. */
  update(model: PlotModel): void {
    const { width, height, margin, x } = model;
    this.model = model;
    const layoutKey = [width, height, ...Object.values(margin), ...x, window.devicePixelRatio].join();
    if (layoutKey === this.layoutKey) {
      this.context?.clearRect(0, 0, width, height);
      this.draw(model);
      return;
    }
    this.layoutKey = layoutKey;
    const area = {
      left: margin.left,
      top: margin.top,
      width: Math.max(1, width - margin.left - margin.right),
      height: Math.max(1, height - margin.top - margin.bottom),
    };
    this.places = { area, x, width };
    this.root.hidden = false;
    this.root.style.cssText = `position:relative;width:${width}px;height:${height}px`;
    this.overlay.style.cssText = `position:absolute;left:${area.left}px;top:${area.top}px;width:${area.width}px;height:${area.height}px`;
    this.context = prepare(this.canvas, width, height, window.devicePixelRatio);
    this.draw(model);
    this.onLayout();
  }

  /** Hide the plot until the next update. */
  clear(): void {
    this.model = null;
    this.layoutKey = "";
    this.root.hidden = true;
  }

  destroy(): void {
    this.root.remove();
  }

  /** Return the distance of an x value from the left edge of the plot area. */
  xOf(value: number): number {
    return xIn(this.places, value);
  }

  /** Return the distance of a y value from the top edge of the plot area. */
  yOf(value: number): number {
    const [lo, hi] = this.model?.y ?? [0, 1];
    return this.area.height * (1 - (hi > lo ? (value - lo) / (hi - lo) : 0.5));
  }

  valueAt(x: number): number {
    return valueIn(this.places, x);
  }

  private draw(model: PlotModel): void {
    const { context: g, area } = this;
    if (!g) return;
    this.drawAxes(g, model);
    model.below?.(g);
    g.save();
    g.beginPath();
    g.rect(area.left, area.top, area.width, area.height);
    g.clip();
    for (const line of model.lines) this.drawLine(g, line, model.x);
    g.restore();
    model.above?.(g);
  }

  private drawAxes(g: CanvasRenderingContext2D, { xTicks, yTicks, theme }: PlotModel): void {
    const { area } = this;
    g.font = `11px ${FONT}`;
    g.strokeStyle = theme.grid;
    g.fillStyle = theme.dim;
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

  private drawLine(g: CanvasRenderingContext2D, line: PlotLine, x: PlotModel["x"]): void {
    const { xs, ys, colour, width, dash, dots } = line;
    g.strokeStyle = colour;
    g.fillStyle = colour;
    const [first, last] = visible(xs, x);
    // Use typed arrays, since there may be ten lines of thousands of points.
    const places = new Float64Array(last - first + 1);
    const heights = new Float64Array(last - first + 1);
    const { left, top } = this.area;
    let count = 0;
    for (let i = first; i <= last; i++) {
      const value = ys[i];
      if (value === undefined) continue;
      places[count] = left + this.xOf(xs[i]);
      heights[count++] = value === null ? Number.NaN : top + this.yOf(value);
    }
    if (count > DENSE * this.area.width) {
      const pieces = envelopes(
        places.subarray(0, count),
        heights.subarray(0, count),
        1 / window.devicePixelRatio,
      );
      fillEnvelope(g, pieces, width, dash);
      return;
    }
    g.lineWidth = width;
    g.lineJoin = "round";
    g.setLineDash(dash ? [...dash] : []);
    g.beginPath();
    // A point after a gap starts a new segment.
    for (let i = 0; i < count; i++) {
      if (Number.isNaN(heights[i])) continue;
      if (i > 0 && !Number.isNaN(heights[i - 1])) g.lineTo(places[i], heights[i]);
      else g.moveTo(places[i], heights[i]);
    }
    g.stroke();
    g.setLineDash([]);
    if (dots === 0) return;
    g.beginPath();
    for (let i = 0; i < count; i++) {
      if (Number.isNaN(heights[i])) continue;
      g.moveTo(places[i] + dots / 2, heights[i]);
      g.arc(places[i], heights[i], dots / 2, 0, 2 * Math.PI);
    }
    g.fill();
  }
}

/** Return the first and last index of the points in view, including one more on each side. */
function visible(xs: ArrayLike<number>, [lo, hi]: PlotModel["x"]): [number, number] {
  let first = 0;
  let last = xs.length - 1;
  while (first < last && xs[first + 1] < lo) first++;
  while (last > first && xs[last - 1] > hi) last--;
  return [first, last];
}

/** Points per pixel above which a line is drawn as the area that it covers. */
const DENSE = 1.2;

/**
 * Fill the area of a line. Columns are device pixels, so that edges are sharp. Dashes are measured along the x axis.
 */
function fillEnvelope(
  g: CanvasRenderingContext2D,
  pieces: readonly Envelope[],
  width: number,
  dash: readonly number[] | undefined,
): void {
  const pixel = 1 / window.devicePixelRatio;
  const period = dash?.reduce((sum, part) => sum + part, 0) ?? 0;
  const isDrawn = (column: number) => period === 0 || (column * pixel) % period < dash![0];
  g.beginPath();
  for (const { from, tops, bottoms } of pieces) {
    for (let start = 0; start < tops.length; start++) {
      if (!isDrawn(from + start)) continue;
      let end = start;
      while (end < tops.length && isDrawn(from + end)) end++;
      for (let i = start; i < end; i++) {
        const x = (from + i) * pixel;
        const y = tops[i] - width / 2;
        i === start ? g.moveTo(x, y) : g.lineTo(x, y);
        g.lineTo(x + pixel, y);
      }
      for (let i = end - 1; i >= start; i--) {
        const x = (from + i) * pixel;
        const y = bottoms[i] + width / 2;
        g.lineTo(x + pixel, y);
        g.lineTo(x, y);
      }
      start = end;
    }
  }
  g.fill();
}
