import { blockKey } from "../../lib/grid";
import { nearest } from "../../lib/steps";
import type { Line, Row, RunSeries, SeriesRequest } from "../../lib/types";
import { BAND } from "./model_band";
import type { Zoom } from "./model_zoom";

/** Request for exact values, without kind and statistic. */
export type ExactRequest = Omit<SeriesRequest, "kind" | "statistics">;

/** Logged steps to request on each side of the cursor. */
const AROUND = 12;
/** More steps are requested if fewer than this many loaded steps remain on a side of the cursor. */
const MARGIN = 4;
/** Lines to prefetch above and below the selected one. */
const LINES_AHEAD = 3;
/** Number of requests, pending at the same time, that the runs of a line are divided among. */
const GROUPS = 4;
/** Columns to request along with percentiles. They are not used. */
const FEW_COLUMNS = 16;
/** Maximum number of row names per request. */
const MAX_NAMES = 20_000;

/** Return whether exact values of a line of a series have loaded. */
export type HasLine = (series: RunSeries, key: string) => boolean;

const rangeOf = (zoom: Zoom | null) => (zoom === null ? {} : { from: zoom[0], to: zoom[1] });

const namesOf = (line: Line, rows: readonly Row[]) => {
  const names = line.rows.map((row) => rows[row].name);
  return line.type === "row" ? names[0] : names;
};

/** Return requests for runs within the zoom, reduced to as many columns as the whole run. */
export function zoomRequests(lacking: readonly RunSeries[], zoom: Zoom): ExactRequest[] {
  return lacking.map(({ run, reduced }) => ({
    runs: [run],
    width: reduced!.starts.length,
    ...rangeOf(zoom),
  }));
}

/** Return requests for all rows at the steps around the cursor. Runs with the same steps share a request. */
export function nearRequests(
  reduced: readonly RunSeries[],
  step: number,
  nearOf: (series: RunSeries) => RunSeries | undefined,
): ExactRequest[] {
  const wanted = new Map<string, ExactRequest & { runs: string[] }>();
  for (const series of reduced) {
    const all = series.reduced!.steps;
    const at = nearest(all, step);
    if (at < 0) continue;
    const near = nearOf(series);
    const [low, high] = [Math.max(0, at - MARGIN), Math.min(all.length - 1, at + MARGIN)];
    if (near && covers(near.steps, all[low], all[high])) continue;
    const from = all[Math.max(0, at - AROUND)];
    const to = all[Math.min(all.length - 1, at + AROUND)];
    const group = wanted.get(`${from} ${to}`) ?? { from, to, runs: [] };
    group.runs.push(series.run);
    wanted.set(`${from} ${to}`, group);
  }
  return [...wanted.values()];
}

const covers = (steps: ArrayLike<number>, from: number, to: number) =>
  steps.length > 0 && steps[0] <= from && steps[steps.length - 1] >= to;

/**
 * Return requests for the selected line at every step. Once it has loaded, return requests for the lines around it.
 */
export function lineRequests(
  reduced: readonly RunSeries[],
  lines: readonly Line[],
  at: number,
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): ExactRequest[] {
  const missing = (line: Line) => {
    const key = blockKey(line, rows);
    return reduced.filter((series) => !has(series, key));
  };
  let wanted = [lines[at]];
  let lacking = missing(lines[at]);
  if (lacking.length === 0) {
    const around = lines
      .slice(Math.max(0, at - LINES_AHEAD), at + LINES_AHEAD + 1)
      .filter(({ type }) => type !== "header");
    wanted = around.filter((line) => missing(line).length > 0);
    // Runs only differ in their loaded lines while one of them is new. Requesting all lines of all runs is simpler.
    lacking = wanted.length > 0 ? [...reduced] : [];
  }
  if (lacking.length === 0) return [];
  const names = lacking.map(({ run }) => run);
  const size = Math.ceil(names.length / GROUPS);
  return Array.from({ length: Math.ceil(names.length / size) }, (_, i) => ({
    runs: names.slice(i * size, (i + 1) * size),
    rows: wanted.map((line) => namesOf(line, rows)),
    ...rangeOf(zoom),
  }));
}

/** Return requests for collapsed blocks in columns that are computed from the values at every step. */
export function blockRequests(
  reduced: readonly RunSeries[],
  blocks: readonly Line[],
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): ExactRequest[] {
  return reduced.flatMap((series) => {
    const wanted = withinLimit(blocks.filter((line) => !has(series, blockKey(line, rows))));
    if (wanted.length === 0) return [];
    const width = series.reduced!.starts.length;
    const names = wanted.map((line) => namesOf(line, rows));
    return [{ runs: [series.run], rows: names, width, ...rangeOf(zoom) }];
  });
}

/** Return requests for the percentiles of lines over steps. */
export function bandRequests(
  reduced: readonly RunSeries[],
  lines: readonly Line[],
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): ExactRequest[] {
  return reduced.flatMap((series) => {
    const wanted = withinLimit(lines.filter((line) => !has(series, blockKey(line, rows))));
    if (wanted.length === 0) return [];
    const names = wanted.map((line) => namesOf(line, rows));
    const percentiles = [BAND.lo, BAND.hi];
    return [{ runs: [series.run], rows: names, width: FEW_COLUMNS, percentiles, ...rangeOf(zoom) }];
  });
}

/** Drop lines that would exceed the number of names per request. */
function withinLimit(lines: readonly Line[]): Line[] {
  let names = 0;
  return lines.filter((line) => {
    names += line.rows.length;
    return names <= MAX_NAMES;
  });
}
