import { csvRows } from "../../lib/csv";
import type { Line, Row, RunSeries, Scale } from "../../lib/types";
import { type Comparison, differenceGrid } from "./model_difference";
import { gridFor } from "./model_grid";

/** Cells per chunk of CSV, so that the page stays responsive between chunks. */
const CHUNK_CELLS = 100_000;

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

/**
 * Yield the logged values of a run as chunks of CSV, each with the fraction that is done by then. Every logged step
 * is included, also where the heat map shows columns of steps. If there is a `reference`, the values are compared
 * with it.
 */
export function* csvChunks(
  series: RunSeries,
  shown: Shown,
  reference: RunSeries | null,
): Generator<{ text: string; share: number }> {
  const index = placesOf(shown.rows, series.rows);
  const referenceIndex = reference && placesOf(shown.rows, reference.rows);
  const linesPerChunk = Math.max(1, Math.floor(CHUNK_CELLS / Math.max(1, series.steps.length)));
  for (let first = 0; first < shown.lines.length; first += linesPerChunk) {
    const lines = shown.lines.slice(first, first + linesPerChunk);
    const grid = gridFor(shown.kind, shown.statistic, series, lines, index);
    const other =
      reference && referenceIndex && shown.comparison
        ? gridFor(shown.kind, shown.statistic, reference, lines, referenceIndex)
        : null;
    const drawn = other ? differenceGrid(grid, other, shown.comparison!) : grid;
    const text = csvRows([drawn], lines, shown.scale, other);
    yield { text, share: Math.min(1, (first + linesPerChunk) / shown.lines.length) };
  }
}

/** Return the index of each row in a table, or -1 if it is missing. */
function placesOf(rows: readonly Row[], table: readonly Row[]): Int32Array {
  const places = new Map(table.map(({ name }, i): [string, number] => [name, i]));
  return Int32Array.from(rows, ({ name }) => places.get(name) ?? -1);
}
