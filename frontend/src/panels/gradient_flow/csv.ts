import { csvRows } from "../../lib/csv";
import { gainGrid, isGain } from "../../lib/gain";
import { buildGrid } from "../../lib/grid";
import type { Grid, Line, Row, RunSeries, Scale, SeriesHeader } from "../../lib/types";
import { type Comparison, differenceGrid } from "./model_difference";

/** Number of cells that become text at once. The page stays responsive in between. */
const CELLS = 100_000;

/** The content of the heat maps apart from the values. */
export interface Shown {
  kind: string;
  statistic: string;
  lines: readonly Line[];
  /** Rows that the lines refer to. */
  rows: readonly Row[];
  scale: Scale;
  /** Kind of comparison with the reference; null if there is none. */
  comparison: Comparison | null;
}

/** Read a run at every step from an answer of `series`; null if the answer is empty. */
export function readWhole(header: unknown): RunSeries | null {
  const { layouts, series } = header as SeriesHeader;
  if (series.length === 0) return null;
  const [{ run, layout, steps, wall_times, absent, values }] = series;
  return { run, rows: layouts[layout!], steps, wallTimes: wall_times, absent: absent!, values: values! };
}

/**
 * Return every logged value of a run as lines of CSV, some at a time, with the share that is done by then. Values that the
 * server reduces to columns for the screen are written as they were logged. All are compared with `reference`.
 */
export function* wholeRows(
  series: RunSeries,
  shown: Shown,
  reference: RunSeries | null,
): Generator<{ text: string; share: number }> {
  const own = placesOf(shown.rows, series.rows);
  const its = reference && placesOf(shown.rows, reference.rows);
  const many = Math.max(1, Math.floor(CELLS / Math.max(1, series.steps.length)));
  for (let first = 0; first < shown.lines.length; first += many) {
    const lines = shown.lines.slice(first, first + many);
    const grid = gridFor(series, shown, lines, own);
    const other = reference && its && shown.comparison ? gridFor(reference, shown, lines, its) : null;
    const drawn = other ? differenceGrid(grid, other, shown.comparison!) : grid;
    const text = csvRows([drawn], lines, shown.scale, other);
    yield { text, share: Math.min(1, (first + many) / shown.lines.length) };
  }
}

const gridFor = (
  series: RunSeries,
  { kind, statistic }: Shown,
  lines: readonly Line[],
  places: Int32Array,
): Grid =>
  isGain(kind, statistic) ? gainGrid(series, lines, places) : buildGrid(series, statistic, lines, places);

/** Return the place of each row in a table, or -1. */
function placesOf(rows: readonly Row[], table: readonly Row[]): Int32Array {
  const places = new Map(table.map(({ name }, i): [string, number] => [name, i]));
  return Int32Array.from(rows, ({ name }) => places.get(name) ?? -1);
}
