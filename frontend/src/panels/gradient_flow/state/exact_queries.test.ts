import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pageState } from "../../../app/page";
import { asColumns, cellAt, cellStep, columnDetail, sliceColumns, widthFor } from "../../../lib/columns";
import { buildGrid } from "../../../lib/grid";
import { gridPixels } from "../../../lib/steps";
import { CELL, type RunSeries } from "../../../lib/types";
import { FakeSource, info, line, row, settle, wait } from "../../../testing/helpers";
import { REST, REST_MOVING } from "./cursor_rest";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { NaN: nan } = Number;

/** Ten steps of two rows in four columns: a spike at step 40 of `x`; `y` is zero, then NaN, then absent. */
const reduced = (run: string, spike = 9): RunSeries => ({
  run,
  rows: ROWS,
  steps: STEPS,
  wallTimes: STEPS,
  absent: new Uint8Array(0),
  values: new Map(),
  reduced: {
    steps: STEPS,
    starts: Float64Array.of(0, 2, 5, 7),
    columns: new Map([
      [
        "norm",
        {
          min: Float32Array.of(1, 0, 1, 0, -4, nan, 1, nan),
          mean: Float32Array.of(1, 0, 3, 0, -1, nan, 1, nan),
          max: Float32Array.of(1, 0, spike, 0, 2, nan, 1, nan),
          states: Uint8Array.of(1, 2, 1, 6, 1, 12, 1, 8),
          at: Uint8Array.of(0, 0, 2, 1, 1, 0, 0, 0),
        },
      ],
    ]),
  },
});
const ROWS = [row("x.weight"), row("y.weight")];
const STEPS = Float64Array.from({ length: 10 }, (_, i) => 10 * i);
const gridOf = (series: RunSeries) =>
  buildGrid(asColumns(series), "norm", [line("x.weight", [0]), line("y.weight", [1])], Int32Array.of(0, 1));

test("buildGrid, columns, show NaN, else the largest magnitude, else zero or absent", () => {
  const grid = gridOf(reduced("r"));
  expect([...grid.values.subarray(0, 4)]).toEqual([1, 9, -4, 1]);
  const { value, zero, nonfinite, absent } = CELL;
  expect([...grid.states]).toEqual([value, value, value, value, zero, nonfinite, nonfinite, absent]);
});

test("cellStep, cellAt and gridPixels, columns, agree on steps and places", () => {
  const grid = gridOf(reduced("r"));
  expect([0, 1, 2, 3].map((at) => cellStep(grid, 0, at))).toEqual([0, 40, 60, 70]);
  expect([0, 14, 20, 49, 54, 70, 999].map((step) => cellAt(grid, step))).toEqual([0, 0, 1, 2, 2, 3, 3]);
  expect(columnDetail(grid, 0, 1)).toEqual({
    ...{ from: 20, to: 40, count: 3, states: 1 },
    summary: { min: 1, mean: 3, max: 9 },
  });
  expect([...gridPixels(grid, [-5, 95], 100)]).toEqual([0, 20, 20, 50, 50, 70, 70, 100]);
});

test("columnDetail, block made by the page, has no values of one row", () => {
  const grid = buildGrid(
    asColumns(reduced("r")),
    "norm",
    [line("b.*", [0, 1], "block")],
    Int32Array.of(0, 1),
  );
  expect(columnDetail(grid, 0, 1)?.summary).toBeNull();
});

test("sliceColumns, range, keeps the columns that hold its steps", () => {
  const cut = sliceColumns(asColumns(reduced("r")), 35, 55);
  expect([...cut.reduced!.steps]).toEqual([20, 30, 40, 50, 60]);
  expect([...cut.reduced!.starts]).toEqual([0, 3]);
  expect([...cut.values.get("norm")!]).toEqual([9, nan, -4, nan]);
});

test("widthFor, small change of the window, is the same width", () => {
  expect([widthFor(10, 118, 1440), widthFor(10, 0, 1440), widthFor(1, 700, 1440)]).toEqual([128, 128, 768]);
  expect(widthFor(4, 150, 1440)).toBe(widthFor(4, 340, 1440));
});

test("ExactQueries, cursor at rest, requests its step and line, drops late responses", async () => {
  const source = new FakeSource();
  source.listed = [info("r", 0, { gradient: ["norm", "rms"] })];
  const { store, flow, runs } = pageState(source, () => false);
  void runs.reload();
  await settle();
  source.requests[0].respond({ series: [reduced("r")], missing: [] });
  await settle();
  expect(source.requests.length).toBe(1);
  // While a key is held down the cursor does not rest, and nothing is requested.
  await wait(REST + 20);
  // The order of the requests does not matter.
  const exact = source.requests.slice(1).sort((a, b) => (a.request.rows ? 1 : 0) - (b.request.rows ? 1 : 0));
  expect(exact.map(({ request }) => [request.rows, request.from, request.to])).toEqual([
    [undefined, 0, 90],
    [["x.weight"], undefined, undefined],
  ]);
  expect(flow.atCursor.gridsAtStep.value[0].reduced).toBeDefined();
  const { reduced: _, ...plain } = reduced("r");
  exact[0].respond({
    series: [
      {
        ...plain,
        absent: new Uint8Array(20),
        values: new Map([["norm", Float32Array.from({ length: 20 }, (_, i) => i)]]),
      },
    ],
    missing: [],
  });
  await settle();
  flow.moveTo(null, 40);
  expect([...flow.atCursor.gridsAtStep.value[0].values]).toEqual([8, 9]);
  store.choose("gradient", "rms");
  exact[1].respond({ series: [{ ...plain, rows: [row("x.weight")] }], missing: [] });
  await settle();
  expect(flow.exact.lines.value.size).toBe(0);
  flow.dispose();
  runs.dispose();
});

test("ExactQueries, one request fails, keeps other responses, repeats only it", async () => {
  const source = new FakeSource();
  source.listed = ["p", "q", "r"].map((run, i) => info(run, i));
  const { flow, runs } = pageState(source, () => false);
  void runs.reload();
  await settle();
  await source.respondAll((run) => reduced(run));
  await wait(REST + 20);
  const lines = source.requests.filter(({ request }) => request.rows?.[0] === "x.weight");
  expect(lines.map(({ request }) => request.runs)).toEqual([["p"], ["q"], ["r"]]);
  const whole = (run: string): RunSeries => {
    const { reduced: _, ...plain } = reduced(run);
    return {
      ...plain,
      rows: [ROWS[0]],
      absent: new Uint8Array(10),
      values: new Map([["norm", Float32Array.from({ length: 10 }, (_, i) => i)]]),
    };
  };
  lines[0].respond({ series: [whole("p")], missing: [] });
  lines[1].fail(new Error("503 no room"));
  await settle();
  lines[2].respond({ series: [whole("r")], missing: [] });
  await settle();
  expect(flow.query.error.value).toBe("503 no room");
  expect([...flow.exact.lines.value.keys()]).toEqual(["p", "r"]);
  const sent = source.requests.length;
  // Move away and back.
  flow.moveTo(1, null);
  flow.moveTo(0, null);
  await wait(REST + REST_MOVING + 40);
  const again = source.requests.slice(sent).filter(({ request }) => request.rows?.[0] === "x.weight");
  expect(again.map(({ request }) => request.runs)).toEqual([["q"]]);
  flow.dispose();
  runs.dispose();
});

test("ExactQueries, cursor moving, requests nothing until it rests", async () => {
  const source = new FakeSource();
  source.listed = [info("r", 0)];
  const { flow, runs } = pageState(source, () => false);
  void runs.reload();
  await settle();
  source.requests[0].respond({ series: [reduced("r")], missing: [] });
  await settle();
  // Wait longer than a resting cursor would need to.
  for (const at of [1, 0, 1, 0, 1, 0, 1]) {
    flow.moveTo(at, null);
    await wait(REST / 2);
  }
  // Prefetch requests have a width.
  const exact = () =>
    source.requests.map(({ request }) => request).filter(({ width }) => width === undefined);
  expect(exact()).toEqual([]);
  await wait(REST + REST_MOVING + 40);
  const rows = exact().map((request) => request.rows);
  expect(rows.length).toBe(2);
  expect(rows).toEqual(expect.arrayContaining([undefined, ["y.weight"]]));
  flow.dispose();
  runs.dispose();
});
