import { niceDown, niceUp, stepTicks, ticks, toUnit } from "../../lib/scale";
import { isFraction } from "../../lib/statistics";
import type { Scale } from "../../lib/types";
import type { Line } from "./model_picture";

export const HEIGHT = 118;
const LEFT = 46;
const RIGHT = 12;
const TOP = 16;
const BOTTOM = 20;
/** Height of the lane of NaN and Inf at the top, and of zeros on a log scale at the bottom. */
const LANE = 8;
/** Ratio of the largest to the smallest value from which a scale is logarithmic. */
const WIDE = 20;

export interface LineLayout {
  run: string;
  /** SVG path of the line, in pixels. */
  path: string;
  /** The end of the line, where its marker is. */
  end: { x: number; y: number } | null;
  nonfinite: { x: number; y: number }[];
  zeros: { x: number; y: number }[];
}

export interface PictureLayout {
  width: number;
  scale: Scale;
  area: { left: number; right: number; top: number; bottom: number };
  yTicks: { y: number; value: number }[];
  xTicks: { x: number; value: number }[];
  lines: LineLayout[];
  xOf: (at: number) => number;
  /** Return the step or row at a position. */
  atOf: (x: number) => number;
  /** Return the position of a value, null if the scale has none. */
  yOf: (value: number) => number | null;
}

/** Lay out a picture of lines with horizontal guides at some values, `width` pixels wide. */
export function layOut(
  lines: readonly Line[],
  guides: readonly number[],
  domain: readonly [number, number],
  statistic: string,
  width: number,
): PictureLayout {
  const scale = pictureScale(lines, guides, domain, statistic);
  const hasBad = lines.some(({ values }) =>
    values.some((value) => value !== null && !Number.isFinite(value)),
  );
  const hasZeros = scale.mode === "log" && lines.some(({ values }) => values.includes(0));
  const area = { left: LEFT, right: width - RIGHT, top: TOP, bottom: HEIGHT - BOTTOM };
  const [high, low] = [area.top + (hasBad ? LANE : 0), area.bottom - (hasZeros ? LANE : 0)];
  const xOf = (at: number) =>
    domain[1] > domain[0]
      ? area.left + ((at - domain[0]) / (domain[1] - domain[0])) * (area.right - area.left)
      : (area.left + area.right) / 2;
  const yOf = (value: number) => {
    const unit = toUnit(scale, value);
    return Number.isFinite(unit) ? low - Math.min(1, Math.max(0, unit)) * (low - high) : null;
  };
  const places = { xOf, yOf, bad: area.top + 2, zero: area.bottom - 2, domain };
  return {
    width,
    scale,
    area,
    yTicks: ticks(scale, 3).flatMap((value) => {
      const y = yOf(value);
      return y === null ? [] : [{ y, value }];
    }),
    xTicks: stepTicks(domain, Math.max(2, Math.min(5, Math.floor(width / 90)))).map((value) => ({
      x: xOf(value),
      value,
    })),
    lines: lines.map((line) => layOutLine(line, places)),
    xOf,
    atOf: (x) => {
      const share = (x - area.left) / Math.max(1, area.right - area.left);
      return domain[0] + Math.min(1, Math.max(0, share)) * (domain[1] - domain[0]);
    },
    yOf,
  };
}

interface Places {
  xOf: (at: number) => number;
  yOf: (value: number) => number | null;
  bad: number;
  zero: number;
  domain: readonly [number, number];
}

function layOutLine({ run, at, values }: Line, { xOf, yOf, bad, zero, domain }: Places): LineLayout {
  const made: LineLayout = { run, path: "", end: null, nonfinite: [], zeros: [] };
  const parts: string[] = [];
  let isOpen = false;
  for (let i = 0; i < at.length; i++) {
    const value = values[i];
    const isInside = at[i] >= domain[0] && at[i] <= domain[1];
    const y = value === null || !Number.isFinite(value) || !isInside ? null : yOf(value);
    const x = xOf(at[i]);
    if (isInside && value !== null && !Number.isFinite(value)) spread(made.nonfinite, x, bad);
    else if (isInside && value === 0 && y === null) spread(made.zeros, x, zero);
    if (y === null) {
      isOpen = false;
      continue;
    }
    parts.push(`${isOpen ? "L" : "M"}${round(x)} ${round(y)}`);
    // A single point between gaps is a dot.
    if (!isOpen) parts.push(`h0.01`);
    isOpen = true;
    made.end = { x, y };
  }
  made.path = parts.join("");
  return made;
}

/** Add a mark unless it would cover the last one. */
function spread(marks: { x: number; y: number }[], x: number, y: number): void {
  const last = marks.at(-1);
  if (!last || x - last.x >= LANE) marks.push({ x, y });
}

const round = (value: number) => Math.round(value * 10) / 10;

function pictureScale(
  lines: readonly Line[],
  guides: readonly number[],
  [from, to]: readonly [number, number],
  statistic: string,
): Scale {
  let [lo, hi, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const take = (value: number | null) => {
    if (value === null || !Number.isFinite(value)) return;
    lo = Math.min(lo, value);
    hi = Math.max(hi, value);
    if (value > 0) least = Math.min(least, value);
  };
  for (const { at, values } of lines)
    for (let i = 0; i < at.length; i++) if (at[i] >= from && at[i] <= to) take(values[i]);
  guides.forEach(take);
  if (lo > hi) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  if (lo >= 0 && hi > 0 && !isFraction(statistic) && hi / least > WIDE) {
    return { mode: "log", lo: niceDown(least), hi: niceUp(hi), diverging: false };
  }
  if (isFraction(statistic)) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  const above = hi > 0 ? niceUp(hi) : 0;
  const below = lo < 0 ? -niceUp(-lo) : 0;
  return { mode: "linear", lo: below, hi: above > below ? above : below + 1, diverging: false };
}
