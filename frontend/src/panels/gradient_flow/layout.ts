import type { Line } from "../../lib/types";
import { STRIP } from "../../plot/layout_strip";

/** Widths and heights of the parts of the stage, in CSS pixels. */
interface Geometry {
  tree: number;
  map: number;
  profile: number;
  rowHeight: number;
  /** Top of each line, followed by the height of all lines. */
  tops: number[];
  /** Height of the visible part of the lines. */
  window: number;
  series: number;
}

export const GAP = 14;
export const HEADER = 34;
export const AXIS = 24;
/** Height of a lane of marks above the step axis. Each kind of mark has a lane. */
export const LANE = 11;
const SCROLLBAR = 12;
/** Height that runs need which do not fit: the scroll bar and the strip with their number. */
export const BEYOND = SCROLLBAR + STRIP;
const ROW_MIN = 12;
const ROW_MAX = 24;
/**
 * Minimum width of a heat map, given the width of all. Runs shrink to fit. If this would make them too narrow, they
 * scroll horizontally and stay readable.
 */
const mapMin = (runs: number, free: number) => (runs <= 4 ? 80 : free >= 64 * runs ? 64 : 116);
const SERIES_MIN = 184;
/** Maximum share of the height that the list of values may take from the heat maps. */
const MAX_SHARE = 0.42;
/** Height of the legend and of the gaps beside the curves, and of one run's value. */
const BESIDE = 100;
const VALUE = 21;
const SERIES_MAX = 420;

/** Headers of expanded blocks hold no cells, so they are as low as their text allows. */
const headerHeight = (row: number) => Math.min(row, Math.max(ROW_MIN, Math.round(row * 0.72)));

/** Return the top of each line for rows of `row` pixels, followed by the height of all lines. */
export function lineTops(lines: readonly Pick<Line, "type">[], row: number): number[] {
  const tops = [0];
  for (const { type } of lines)
    tops.push(tops[tops.length - 1] + (type === "header" ? headerHeight(row) : row));
  return tops;
}

/** Return the line at the vertical position `y`, clamped to the existing lines. */
export function lineAt(tops: readonly number[], y: number): number {
  let lo = 0;
  let hi = tops.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (tops[mid] > y) hi = mid;
    else lo = mid + 1;
  }
  return Math.max(0, (lo === tops.length ? tops.length - 1 : lo) - 1);
}

/** Height drawn beyond the visible part, so that a short scroll does not redraw. */
const OVERSCAN = 240;

/**
 * Return the vertical range to draw, which contains the visible part. It changes in steps of `OVERSCAN` pixels, not
 * with every scrolled pixel.
 */
export function partInSight(
  scrolled: number,
  visible: number,
  body: number,
): { top: number; height: number } {
  if (body <= visible) return { top: 0, height: body };
  const top = Math.max(0, Math.floor(scrolled / OVERSCAN) * OVERSCAN - OVERSCAN);
  return { top, height: Math.min(body, top + visible + 3 * OVERSCAN) - top };
}

/** Return the index of the first line within a vertical range, and the index after the last. */
export function linesWithin(
  tops: readonly number[],
  { top, height }: { top: number; height: number },
): [number, number] {
  const end = lineAt(tops, top + height - 1) + 1;
  return tops.length < 2 ? [0, 0] : [lineAt(tops, top), Math.min(tops.length - 1, end)];
}

/** Return the minimum height of the curves. The values of the runs beside them need more height for more runs. */
const seriesMin = (rest: number, runs: number) =>
  Math.max(SERIES_MIN, Math.min(BESIDE + VALUE * runs, Math.floor(MAX_SHARE * rest)));

/** Return the number of lines of minimum height that fit above the curves. */
export const roomFor = (height: number, axis: number, runs: number) => {
  const rest = height - HEADER - axis;
  return Math.max(10, Math.floor((rest - seriesMin(rest, runs)) / ROW_MIN));
};

/**
 * Return the sizes of the stage. `chosen` is the width of the tree that the user chose, or null. Rows share the available height within their minimum and maximum height, and the
 * stage scrolls if they do not fit. Rows are whole pixels high, so that lines and cells stay crisp and aligned.
 */
export function stageGeometry(
  width: number,
  height: number,
  lines: readonly Pick<Line, "type">[],
  runs: number,
  longest: number,
  axis = AXIS,
  chosen: number | null = null,
): Geometry {
  const narrow = width < 900;
  const usual = Math.min(narrow ? 168 : 232, Math.max(narrow ? 120 : 150, Math.ceil(longest)));
  const profile = width < 760 ? 160 : narrow ? 190 : 250;
  // One heat map stays in sight, however wide the tree is.
  const tree = Math.min(chosen ?? usual, Math.max(usual, width - profile - mapMin(1, 0) - 2 * GAP));
  const free = width - tree - profile - GAP * (runs + 1);
  const overflows = free < mapMin(runs, free) * runs;

  const rest = height - HEADER - axis - (overflows ? BEYOND : 0);
  const available = Math.max(120, rest - seriesMin(rest, runs));
  let rowHeight = ROW_MAX;
  while (rowHeight > ROW_MIN && lineTops(lines, rowHeight)[lines.length] > available) rowHeight -= 1;
  const tops = lineTops(lines, rowHeight);
  const body = tops[lines.length];
  const window = Math.min(body, available);
  const scrollbar = body > window ? SCROLLBAR : 0;
  const map = Math.max(mapMin(runs, free), Math.floor((free - scrollbar) / Math.max(1, runs)));
  const series = Math.min(SERIES_MAX, Math.max(seriesMin(rest, runs), rest - window));
  return { tree, map, profile, rowHeight, tops, window, series };
}
