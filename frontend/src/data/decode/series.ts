import type { ColumnValues, Missing, Percentiles, Row, RunSeries, SeriesResponse } from "../../lib/types";
import { ascending, Fields, invalid, numbers, text } from "./check";
import { items, messageOf, missingOf } from "./items";
import { Layouts } from "./rows";

/** The part of a request that its answer depends on. */
export interface SeriesBody {
  kind?: string;
  rows?: readonly (string | readonly string[])[];
}

/** Return a row for a line that was requested by name. The server sends no layout for these. */
const lineRow = (line: string | readonly string[]): Row => ({
  name: typeof line === "string" ? line : line.join("\n"),
  module: "",
  call: 0,
  type: "",
  shape: [],
  numel: null,
  role: "other",
});

/** Read the answer of `POST series`. New layouts are added to `known`, which has those of earlier answers by id. */
export function decodeSeries(header: unknown, body: SeriesBody, known: Map<string, Row[]>): SeriesResponse {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const layouts = new Layouts(answer, missing);
  // Runs with the same layout share one array of rows, also over several answers.
  for (const [id, rows] of layouts.all()) if (!known.has(id)) known.set(id, rows);
  const lines = body.rows?.map(lineRow);
  const series = items(answer, "series", missing, (one) =>
    readSeries(one, lines ?? layouts.of(one.get("layout"), known), missing),
  );
  return { series, missing };
}

function readSeries(one: Fields, rows: Row[], missing: Missing[]): RunSeries {
  const run = one.read("run", text);
  const steps = one.read("steps", ascending);
  const series = {
    run,
    rows,
    steps,
    wallTimes: numbers(one.get("wall_times"), "wall_times", [Float64Array], steps.length),
  };
  const each = <T>(key: string, read: (value: unknown, thing: string) => T): Map<string, T> => {
    const found = new Map<string, T>();
    for (const [statistic, value] of new Fields(one.get(key), key).entries()) {
      try {
        found.set(statistic, read(value, `${key} of ${statistic}`));
      } catch (error) {
        missing.push({ run, statistic, reason: messageOf(error), unread: true });
      }
    }
    return found;
  };
  const percentiles =
    one.get("percentiles") === undefined
      ? {}
      : { percentiles: each("percentiles", (value, thing) => readPercentiles(value, thing, rows.length)) };
  if (one.get("starts") === undefined) {
    const size = steps.length * rows.length;
    return {
      ...series,
      ...percentiles,
      absent: numbers(one.get("absent"), "absent", [Uint8Array], size),
      values: each("values", (value, thing) => numbers(value, thing, [Float32Array], size)),
    };
  }
  const starts = readStarts(one.get("starts"), steps.length);
  const columns = each("columns", (value, thing) => readColumns(value, thing, starts.length * rows.length));
  return {
    ...series,
    ...percentiles,
    absent: new Uint8Array(0),
    values: new Map(),
    reduced: { steps, starts, columns },
  };
}

function readStarts(value: unknown, steps: number): Float64Array {
  const starts = ascending(value, "starts");
  const bad = starts.find((start) => !Number.isInteger(start) || start < 0 || start >= steps);
  if (bad !== undefined) throw invalid("starts", bad, `an index of ${steps} steps`);
  if ((starts[0] ?? 0) !== 0) throw invalid("starts[0]", starts[0], "0");
  return starts;
}

function readColumns(value: unknown, thing: string, size: number): ColumnValues {
  const of = new Fields(value, thing);
  const floats = (key: string) => numbers(of.get(key), `${thing}.${key}`, [Float32Array], size);
  return {
    min: floats("min"),
    mean: floats("mean"),
    max: floats("max"),
    states: numbers(of.get("states"), `${thing}.states`, [Uint8Array], size),
    at: numbers<Uint8Array | Float32Array>(of.get("at"), `${thing}.at`, [Uint8Array, Float32Array], size),
  };
}

function readPercentiles(value: unknown, thing: string, rows: number): Percentiles {
  const of = new Fields(value, thing);
  const counts = (key: string) => numbers(of.get(key), `${thing}.${key}`, [Int32Array], rows);
  const values = numbers(of.get("values"), `${thing}.values`, [Float32Array]);
  if (values.length % Math.max(1, rows) !== 0)
    throw invalid(`${thing}.values`, values, `a multiple of ${rows}`);
  return { values, finite: counts("finite"), nonfinite: counts("nonfinite") };
}
