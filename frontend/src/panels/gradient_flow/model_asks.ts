import { blockKey } from "../../lib/grid";
import { nearest } from "../../lib/steps";
import type { Line, Row, RunSeries, SeriesRequest } from "../../lib/types";
import { BAND } from "./model_band";
import type { Zoom } from "./model_zoom";

/** A request for exact values, apart from kind and statistic. */
export type Ask = Omit<SeriesRequest, "kind" | "statistics">;

/** Logged steps on each side of the cursor that are asked for together. */
const AROUND = 12;
/** Steps between the cursor and the end of those that are there, below which others are asked for. */
const MARGIN = 4;
/** Lines above and below the selected one that are asked for ahead. */
const LINES_AHEAD = 3;
/** Groups that the runs of a line are divided into: as many requests may be pending at once. */
const GROUPS = 4;
/** Columns that come along with percentiles. Nobody looks at them. */
const FEW_COLUMNS = 16;
/** Most names of rows in one request. */
const MOST_NAMES = 20_000;

/** Return whether exact values of a line of a series are there. */
export type HasLine = (series: RunSeries, key: string) => boolean;

const rangeOf = (zoom: Zoom | null) => (zoom === null ? {} : { from: zoom[0], to: zoom[1] });

const namesOf = (line: Line, rows: readonly Row[]) => {
  const names = line.rows.map((row) => rows[row].name);
  return line.type === "row" ? names[0] : names;
};

/** Ask for runs within the zoom, in columns of its own. */
export function zoomAsks(lacking: readonly RunSeries[], zoom: Zoom): Ask[] {
  return lacking.map(({ run, reduced }) => ({
    runs: [run],
    width: reduced!.starts.length,
    ...rangeOf(zoom),
  }));
}

/** Ask for all rows at the steps around the cursor. Runs with the same steps share a request. */
export function nearAsks(
  reduced: readonly RunSeries[],
  step: number,
  nearOf: (series: RunSeries) => RunSeries | undefined,
): Ask[] {
  const wanted = new Map<string, Ask & { runs: string[] }>();
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

/** Ask for the selected line at every step. Once it is there, ask for the lines around it. */
export function lineAsks(
  reduced: readonly RunSeries[],
  lines: readonly Line[],
  at: number,
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): Ask[] {
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
    // Runs differ in what they have only while one of them is new: asking all of them for all is simpler.
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

/** Ask for collapsed blocks in columns, made of the values at every step. */
export function blockAsks(
  reduced: readonly RunSeries[],
  blocks: readonly Line[],
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): Ask[] {
  return reduced.flatMap((series) => {
    const wanted = withinLimit(blocks.filter((line) => !has(series, blockKey(line, rows))));
    if (wanted.length === 0) return [];
    const width = series.reduced!.starts.length;
    const names = wanted.map((line) => namesOf(line, rows));
    return [{ runs: [series.run], rows: names, width, ...rangeOf(zoom) }];
  });
}

/** Ask for the percentiles of lines over steps. */
export function bandAsks(
  reduced: readonly RunSeries[],
  lines: readonly Line[],
  rows: readonly Row[],
  has: HasLine,
  zoom: Zoom | null,
): Ask[] {
  return reduced.flatMap((series) => {
    const wanted = withinLimit(lines.filter((line) => !has(series, blockKey(line, rows))));
    if (wanted.length === 0) return [];
    const names = wanted.map((line) => namesOf(line, rows));
    const percentiles = [BAND.lo, BAND.hi];
    return [{ runs: [series.run], rows: names, width: FEW_COLUMNS, percentiles, ...rangeOf(zoom) }];
  });
}

/** Drop lines once the request holds as many names as it may. */
function withinLimit(lines: readonly Line[]): Line[] {
  let names = 0;
  return lines.filter((line) => {
    names += line.rows.length;
    return names <= MOST_NAMES;
  });
}
