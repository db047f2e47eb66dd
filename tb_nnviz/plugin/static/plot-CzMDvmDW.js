import { p as prepare, F as FONT } from "./exports-CPHQXYi9.js";
function envelopes(xs, ys, pixel = 1) {
  const pieces = [];
  let piece = null;
  const cover = (column, y) => {
    const { from, tops, bottoms } = piece;
    const i = column - from;
    if (i === tops.length) {
      tops.push(y);
      bottoms.push(y);
    } else {
      if (y < tops[i]) tops[i] = y;
      if (y > bottoms[i]) bottoms[i] = y;
    }
  };
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i];
    if (Number.isNaN(y)) {
      piece = null;
      continue;
    }
    const column = Math.floor(xs[i] / pixel);
    if (!piece) {
      piece = { from: column, tops: [], bottoms: [] };
      pieces.push(piece);
    } else {
      const slope = (y - ys[i - 1]) / (xs[i] - xs[i - 1]);
      for (let edge = piece.from + piece.tops.length; edge <= column; edge++) {
        const crossing = ys[i - 1] + slope * (edge * pixel - xs[i - 1]);
        cover(edge - 1, crossing);
        cover(edge, crossing);
      }
    }
    cover(column, y);
  }
  return pieces;
}
const NOWHERE = [0, 1];
const GAP = 6;
class Plot {
  /** `laidOut` says that places can be asked for, or are others than before. */
  constructor(parent, laidOut = () => void 0) {
    this.laidOut = laidOut;
    this.root.className = "plot-frame";
    this.canvas.style.display = "block";
    this.overlay.className = "plot-over";
    this.root.append(this.canvas, this.overlay);
    this.root.hidden = true;
    parent.append(this.root);
  }
  laidOut;
  root = document.createElement("div");
  canvas = document.createElement("canvas");
  overlay = document.createElement("div");
  context = null;
  model = null;
  /** What places depend on. */
  places = "";
  area = { left: 0, top: 0, width: 1, height: 1 };
  /** The plot area, for pointers and overlays; null while there is no plot. */
  get over() {
    return this.model ? this.overlay : null;
  }
  /** The same canvas is drawn on again: a new one is a new layer, which costs more than the lines do. */
  update(model) {
    const { width, height, margin, x } = model;
    this.model = model;
    const places = [width, height, ...Object.values(margin), ...x, window.devicePixelRatio].join();
    if (places === this.places) {
      this.context?.clearRect(0, 0, width, height);
      this.draw(model);
      return;
    }
    this.places = places;
    this.area = {
      left: margin.left,
      top: margin.top,
      width: Math.max(1, width - margin.left - margin.right),
      height: Math.max(1, height - margin.top - margin.bottom)
    };
    const { area } = this;
    this.root.hidden = false;
    this.root.style.cssText = `position:relative;width:${width}px;height:${height}px`;
    this.overlay.style.cssText = `position:absolute;left:${area.left}px;top:${area.top}px;width:${area.width}px;height:${area.height}px`;
    this.context = prepare(this.canvas, width, height, window.devicePixelRatio);
    this.draw(model);
    this.laidOut();
  }
  /** No plot until the next update. */
  clear() {
    this.model = null;
    this.places = "";
    this.root.hidden = true;
  }
  destroy() {
    this.root.remove();
  }
  /** From the left edge of the plot area. */
  xOf(value) {
    const [lo, hi] = this.model?.x ?? NOWHERE;
    return hi > lo ? (value - lo) / (hi - lo) * this.area.width : this.area.width / 2;
  }
  /** From the top edge of the plot area. */
  yOf(value) {
    const [lo, hi] = this.model?.y ?? NOWHERE;
    return this.area.height * (1 - (hi > lo ? (value - lo) / (hi - lo) : 0.5));
  }
  valueAt(x) {
    const [lo, hi] = this.model?.x ?? NOWHERE;
    return lo + x / this.area.width * (hi - lo);
  }
  draw(model) {
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
  drawAxes(g, { xTicks, yTicks, ink }) {
    const { area } = this;
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
  drawLine(g, line, x) {
    const { xs, ys, colour, width, dash, dots } = line;
    g.strokeStyle = colour;
    g.fillStyle = colour;
    const [first, last] = visible(xs, x);
    const places = [];
    const heights = [];
    for (let i = first; i <= last; i++) {
      const value = ys[i];
      if (value === void 0) continue;
      places.push(this.area.left + this.xOf(xs[i]));
      heights.push(value === null ? Number.NaN : this.area.top + this.yOf(value));
    }
    if (places.length > DENSE * this.area.width) {
      fillEnvelope(g, envelopes(places, heights, 1 / window.devicePixelRatio), width, dash);
      return;
    }
    g.lineWidth = width;
    g.lineJoin = "round";
    g.setLineDash(dash ? [...dash] : []);
    g.beginPath();
    heights.forEach((y, i) => {
      if (Number.isNaN(y)) return;
      if (i > 0 && !Number.isNaN(heights[i - 1])) g.lineTo(places[i], y);
      else g.moveTo(places[i], y);
    });
    g.stroke();
    g.setLineDash([]);
    if (dots === 0) return;
    g.beginPath();
    heights.forEach((y, i) => {
      if (Number.isNaN(y)) return;
      g.moveTo(places[i] + dots / 2, y);
      g.arc(places[i], y, dots / 2, 0, 2 * Math.PI);
    });
    g.fill();
  }
}
function visible(xs, [lo, hi]) {
  let first = 0;
  let last = xs.length - 1;
  while (first < last && xs[first + 1] < lo) first++;
  while (last > first && xs[last - 1] > hi) last--;
  return [first, last];
}
const DENSE = 1.2;
function fillEnvelope(g, pieces, width, dash) {
  const pixel = 1 / window.devicePixelRatio;
  const period = dash?.reduce((sum, part) => sum + part, 0) ?? 0;
  const isDrawn = (column) => period === 0 || column * pixel % period < dash[0];
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
export {
  Plot as P
};
