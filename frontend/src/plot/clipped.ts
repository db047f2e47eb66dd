import { isOver, isUnder } from "../lib/scale";
import { FONT } from "./canvas";

/** Side of a scale at which a value is clipped: 1 above, -1 below, 0 if it is within. */
export type Side = -1 | 0 | 1;

export const sideOf = (unit: number): Side => (isUnder(unit) ? -1 : isOver(unit) ? 1 : 0);

/** A curve on a scale from 0 to 1, and the points that lie beyond its ends. */
export interface ClippedCurve {
  xs: ArrayLike<number>;
  ys: (number | null | undefined)[];
  /** Positions and indices of clipped points, in the order of the curve. */
  beyond: { x: number; side: Side; at: number }[];
}

/**
 * Split a curve at the ends of the scale. The line reaches the end where it leaves the scale, and has a gap while it is
 * beyond: a line along the end would read as a value. `units` are positions on the scale, null for a gap, and
 * undefined for a missing point.
 */
export function clipCurve(
  xs: ArrayLike<number>,
  units: readonly (number | null | undefined)[],
): ClippedCurve {
  const beyond: ClippedCurve["beyond"] = [];
  units.forEach((unit, at) => {
    if (typeof unit !== "number") return;
    const side = sideOf(unit);
    if (side !== 0) beyond.push({ x: xs[at], side, at });
  });
  if (beyond.length === 0) return { xs, ys: [...units], beyond };
  const outX: number[] = [];
  const outY: (number | null | undefined)[] = [];
  let before: { x: number; side: Side } | null = null;
  units.forEach((unit, at) => {
    const x = xs[at];
    if (typeof unit !== "number") {
      outX.push(x);
      outY.push(unit);
      if (unit === null) before = null;
      return;
    }
    const side = sideOf(unit);
    if (before && side !== 0 && before.side === side) {
      outX.push((before.x + x) / 2);
      outY.push(null);
    }
    outX.push(x);
    outY.push(Math.min(1, Math.max(0, unit)));
    before = { x, side };
  });
  return { xs: outX, ys: outY, beyond };
}

/** Half the width of the triangle of a clipped point, and the minimum distance between two. */
const HALF = 3.5;
const APART = 9;
/** Height of a line of values, and the number of lines at each end of the scale. More would hide the curves. */
const LINE = 11;
const LINES = 3;

interface Marks {
  points: ClippedCurve["beyond"];
  colour: string;
  /** Return the value of a point, and the value as text. */
  value: (at: number) => number;
  text: (at: number) => string;
  /** Index of the most extreme point per side, or -1. */
  extreme: { over: number; under: number };
}

interface Place {
  left: number;
  width: number;
  /** Positions of the upper and the lower end of the scale. */
  top: number;
  bottom: number;
  /** Distance of an x value from the left edge. */
  xOf: (x: number) => number;
  background: string;
}

/**
 * Draw a triangle at the end of the scale for each clipped point, and beside the most extreme one of each curve and side
 * its value. Where many curves are clipped, only the most extreme values are written.
 */
export function drawClipped(g: CanvasRenderingContext2D, curves: readonly Marks[], place: Place): void {
  g.save();
  g.font = `10px ${FONT}`;
  const written: { from: number; to: number; y: number }[] = [];
  for (const { points, colour } of curves) {
    g.fillStyle = colour;
    const last = { [-1]: Number.NEGATIVE_INFINITY, 1: Number.NEGATIVE_INFINITY };
    for (const { x, side } of points) {
      if (side === 0) continue;
      const at = place.xOf(x);
      if (at < 0 || at > place.width || at - last[side] < APART) continue;
      last[side] = at;
      triangle(g, place.left + at, side === 1 ? place.top : place.bottom, side);
    }
  }
  for (const side of [1, -1] as const) {
    const labels = curves.flatMap(({ points, colour, text, value, extreme }) => {
      const index = side === 1 ? extreme.over : extreme.under;
      const point = index < 0 ? undefined : points.find(({ at }) => at === index);
      const at = point ? place.xOf(point.x) : -1;
      return at < 0 || at > place.width ? [] : [{ at, colour, label: text(index), value: value(index) }];
    });
    // If there is no room for all, those of the points farthest beyond the scale are written.
    labels.sort((a, b) => side * (b.value - a.value));
    for (const { at, colour, label } of labels) {
      const width = g.measureText(label).width;
      const from = place.left + Math.min(place.width - width - 1, Math.max(1, at - width / 2));
      const isFree = (y: number) =>
        y >= place.top &&
        y <= place.bottom &&
        !written.some(
          (one) => Math.abs(one.y - y) < LINE && one.from < from + width + 4 && one.to > from - 4,
        );
      // Each value is on a line of its own, below the triangles, if it would overlap another.
      const first = side === 1 ? place.top + 14 : place.bottom - 14;
      const y = Array.from({ length: LINES }, (_, i) => first + i * LINE * side).find(isFree);
      if (y === undefined) continue;
      written.push({ from, to: from + width, y });
      g.textAlign = "left";
      g.textBaseline = "middle";
      g.lineWidth = 3;
      g.lineJoin = "round";
      g.strokeStyle = place.background;
      g.strokeText(label, from, y);
      g.fillStyle = colour;
      g.fillText(label, from, y);
    }
  }
  g.restore();
}

function triangle(g: CanvasRenderingContext2D, x: number, y: number, side: -1 | 1): void {
  g.beginPath();
  g.moveTo(x, y);
  g.lineTo(x - HALF, y + side * 2 * HALF);
  g.lineTo(x + HALF, y + side * 2 * HALF);
  g.closePath();
  g.fill();
}

/** Return the indices of the largest value above and the smallest below the scale, or -1. */
export function extremes(points: ClippedCurve["beyond"], value: (at: number) => number): Marks["extreme"] {
  let [over, under] = [-1, -1];
  for (const { at, side } of points) {
    // A point without an index has no value.
    if (at < 0) continue;
    if (side === 1 && (over < 0 || value(at) > value(over))) over = at;
    if (side === -1 && (under < 0 || value(at) < value(under))) under = at;
  }
  return { over, under };
}
