import { describe, expect, test } from "vitest";
import { toCsv } from "../../lib/csv";
import { gainGrid } from "../../lib/gain";
import { buildGrid } from "../../lib/grid";
import { worstOf } from "../../lib/nonfinite";
import type { Line, Row, RunSeries, Scale } from "../../lib/types";
import { csvChunks, type Shown } from "./csv";
import { differenceGrid } from "./model_difference";

const row = (name: string): Row => ({
  name,
  module: name,
  call: 0,
  type: "Linear",
  shape: [4, 3],
  numel: 12,
  role: "weight",
});
const LOG: Scale = { mode: "log", lo: 1e-3, hi: 1, diverging: false };
const LINES: Line[] = [
  { key: "a", label: "a", depth: 0, type: "row", rows: [0] },
  { key: "b.*", label: "b", depth: 0, type: "header", rows: [1, 2] },
  { key: "b.x", label: "x", depth: 1, type: "row", rows: [1] },
  { key: "c.*", label: "c", depth: 0, type: "block", rows: [1, 2] },
];
const ROWS = [row("a"), row("b.x"), row("b.y")];

function series(run: string, steps: number, statistic: string, names = ["a", "b.x", "b.y"]): RunSeries {
  const values = new Float32Array(steps * names.length).map((_, i) => 0.1 + (i % 17) / 16);
  values[4] = Number.NaN;
  const absent = new Uint8Array(values.length);
  absent[names.length] = 1;
  return {
    run,
    rows: names.map(row),
    steps: Float64Array.from({ length: steps }, (_, i) => 10 * i),
    wallTimes: new Float64Array(steps),
    absent,
    values: new Map([[statistic, values]]),
  };
}

const shown = (statistic: string, more: Partial<Shown> = {}): Shown => ({
  kind: "gradient",
  statistic,
  lines: LINES,
  rows: ROWS,
  scale: LOG,
  comparison: null,
  ...more,
});
const text = (parts: Iterable<{ text: string }>) => [...parts].map((part) => part.text).join("");
const below = (csv: string) => csv.slice(csv.indexOf("\n") + 1);
const ALL = Int32Array.of(0, 1, 2);

describe("a CSV of every step", () => {
  test("csvChunks, any part size, equals the CSV of the heat map", () => {
    // With this many steps, a chunk contains only two lines.
    const one = series("r", 40_000, "norm");
    const parts = [...csvChunks(one, shown("norm"), null)];
    expect(parts.map(({ share }) => share)).toEqual([0.5, 1]);
    expect(text(parts)).toBe(below(toCsv([buildGrid(one, "norm", LINES, ALL)], LINES, LOG)));
    expect(text(parts).split("\n").length - 1).toBe(3 * 40_000);
  });

  test("csvChunks, rows elsewhere or missing, finds them by name", () => {
    const csv = text(csvChunks(series("r", 2, "norm", ["b.y", "a"]), shown("norm"), null)).split("\n");
    expect(csv[0]).toBe("r,a,0,0.1625,value");
    expect(csv.filter((line) => line.startsWith("r,b.x,"))).toEqual(["r,b.x,0,,absent", "r,b.x,10,,absent"]);
  });

  test("csvChunks, comparison, matches the nearest step", () => {
    const [one, ref] = [series("r", 3, "norm"), series("ref", 2, "norm")];
    const [grid, its] = [one, ref].map((of) => buildGrid(of, "norm", LINES, ALL));
    const expected = toCsv([differenceGrid(grid, its, "ratio")], LINES, LOG, its);
    expect(text(csvChunks(one, shown("norm", { comparison: "ratio" }), ref))).toBe(below(expected));
  });

  test("csvChunks, backward gain, uses the layer before", () => {
    const one = series("r", 3, "rms");
    const requested = shown("backward_gain", { kind: "activation_gradient" });
    const expected = toCsv([gainGrid(one, LINES, ALL)], LINES, LOG);
    expect(text(csvChunks(one, requested, null))).toBe(below(expected));
    expect(expected).toContain("undefined");
  });
});

describe("NaN and Inf in a line", () => {
  const [no, bad] = [Number.NaN, Number.POSITIVE_INFINITY];
  test("worstOf, counts, finds the step with the most elements", () => {
    expect(worstOf([0, 0, 0, 1], [1, no, bad, no], [0, 2, 7, no], [12, 12, 12, 0])).toEqual({
      steps: 2,
      at: 2,
      elements: 7,
      all: 12,
    });
  });
  test("worstOf, no counts, uses the values or finds nothing", () => {
    expect(worstOf([0, 0], [no, 1], undefined, undefined)).toEqual({
      steps: 1,
      at: 0,
      elements: null,
      all: null,
    });
    expect(worstOf([0, 1], [1, no], undefined, undefined)).toBeNull();
  });
  test("worstOf, steps without the statistic, leaves them out if only norms were kept", () => {
    const table = [
      [0, 0, 0],
      [1, no, bad],
      [0, 0, 4],
      [5, 5, 5],
    ] as const;
    expect(worstOf(...table, true)).toMatchObject({ steps: 1, at: 2, elements: 4 });
    expect(worstOf(...table)).toMatchObject({ steps: 2, at: 2 });
    expect(worstOf([0], [Number.POSITIVE_INFINITY], [0], [5], true)).toMatchObject({ steps: 1 });
  });
  test("worstOf, finite norms of tensors with NaN, uses the counts", () => {
    expect(worstOf([0, 0], [1, 2], [0, 3], [5, 5])).toMatchObject({ steps: 1, at: 1, elements: 3 });
  });
});
