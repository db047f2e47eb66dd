export interface Geometry {
  tree: number;
  map: number;
  profile: number;
  rowHeight: number;
  /** Height of all lines together. */
  body: number;
  /** Height of the visible part of them. */
  window: number;
  series: number;
}

export const GAP = 14;
export const HEADER = 34;
export const AXIS = 24;
const ROW_MIN = 12;
const ROW_MAX = 24;
const MAP_MIN = 132;
const SERIES_MIN = 176;
const SERIES_MAX = 340;

/**
 * Sizes of the stage in CSS pixels. Rows share the height that is there, within limits; beyond them the stage
 * scrolls. Rows are whole pixels high, so that lines and cells stay crisp and aligned.
 */
export function stageGeometry(
  width: number,
  height: number,
  lines: number,
  runs: number,
  longest: number,
): Geometry {
  const narrow = width < 900;
  const tree = Math.min(narrow ? 168 : 232, Math.max(narrow ? 120 : 150, longest));
  const profile = width < 700 ? 150 : narrow ? 190 : 250;
  const free = width - tree - profile - GAP * (runs + 1);
  const map = Math.max(MAP_MIN, Math.floor(free / Math.max(1, runs)));
  const available = Math.max(120, height - HEADER - AXIS - SERIES_MIN);
  const rowHeight = Math.min(ROW_MAX, Math.max(ROW_MIN, Math.floor(available / Math.max(1, lines))));
  const body = rowHeight * lines;
  const window = Math.min(body, available);
  const series = Math.min(SERIES_MAX, Math.max(SERIES_MIN, height - HEADER - AXIS - window));
  return { tree, map, profile, rowHeight, body, window, series };
}
