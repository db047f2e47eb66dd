import { describe, expect, test } from "vitest";
import { pageState } from "../../../app/page";
import { FakeSource, info, renamed, scalars, series, settle } from "../../../testing/helpers";

const RUNS = ["a", "b", "c", "d", "e"].map((run, i) =>
  info(run, i, { gradient: ["norm", "rms", "nonfinite"], update: ["ratio"] }),
);
const seriesOf = (run: string, value = 1) =>
  series(
    run,
    ["x.weight", "y.weight"],
    [0, 10],
    [
      [value, 0],
      [value, 2],
    ],
  );

async function ready(hidden = () => false) {
  const source = new FakeSource();
  source.listed = RUNS;
  const page = pageState(source, hidden);
  void page.runs.reload();
  await settle();
  return { ...page, source };
}

test("Flow, start, shows four runs, gradient norms, last step, first row", async () => {
  const { store, flow, source } = await ready();
  expect(store.shown.value).toEqual(["a", "b", "c", "d"]);
  expect(store.ref.value).toBe("a");
  // The reference alone, then the others.
  expect(source.requests.map(({ request }) => request.runs)).toEqual([["a"]]);
  source.requests[0].respond({ series: [seriesOf("a")], missing: [] });
  await settle();
  expect(source.requests.map(({ request }) => request)).toEqual(
    ["a", "b", "c", "d"].map((run) => ({ runs: [run], kind: "gradient", statistics: ["norm"], width: 384 })),
  );
  await source.respondAll((run) => seriesOf(run), 1);
  expect(flow.cursor.step.value).toBe(10);
  expect(flow.rows.lines.value[flow.cursor.line.value].key).toBe("x.weight");
  expect(flow.query.pending.value).toBe(false);
});

test("Flow, run shown again, requests only what is missing", async () => {
  const { store, source } = await ready();
  await source.respondAll((run) => seriesOf(run));
  store.toggleRun("e");
  expect(source.runsSince(4)).toEqual(["e"]);
  await source.respondAll((run) => seriesOf(run), 4);
  store.toggleRun("e");
  store.toggleRun("e");
  store.setRef("c");
  expect(source.requests.length).toBe(5);
  expect(store.shown.value).toEqual(["c", "a", "b", "d", "e"]);
});

test("Flow, late response of another statistic, is dropped", async () => {
  const { store, flow, source } = await ready();
  store.choose("gradient", "rms");
  expect(source.requests.slice(1).map(({ request }) => request.statistics)).toEqual([["rms"]]);
  source.requests[0].respond({ series: [seriesOf("a")], missing: [] });
  await settle();
  expect(flow.series.value).toEqual([]);
  const rms = renamed(seriesOf("a"), "rms");
  await source.respondAll((run) => (run === "a" ? rms : null), 1);
  expect(source.requests.slice(1).map(({ request }) => request.statistics)).toEqual(Array(4).fill(["rms"]));
  expect(flow.series.value.map(({ run }) => run)).toEqual(["a"]);
  expect(flow.query.data.value.get("b")).toEqual({ reason: "not there" });
});

test("Flow, another statistic pending, keeps lines, steps and cursor but no value", async () => {
  const { store, flow, source } = await ready();
  await source.respondAll((run) => seriesOf(run));
  flow.moveTo(1, 0);
  const { lines } = flow.rows;
  const { steps, domain } = flow.cursor;
  const [keys, logged, reach] = [lines.value, steps.value, domain.value];
  store.choose("gradient", "rms");
  expect(flow.waiting.value).toBe(true);
  expect([
    flow.picture.grids.value,
    flow.atCursor.gridsOfLine.value,
    flow.atCursor.gridsAtStep.value,
  ]).toEqual([[], [], []]);
  expect([lines.value, steps.value, domain.value]).toEqual([keys, logged, reach]);
  expect([flow.cursor.line.value, flow.cursor.step.value]).toEqual([1, 0]);
  // Once loaded, the new values decide, even if there are fewer of them. If none have loaded, nothing is left.
  const short = renamed(series("a", ["x.weight"], [0, 5], [[1], [2]]), "rms");
  source.requests[4].respond({ series: [short], missing: [] });
  await settle();
  expect(flow.waiting.value).toBe(false);
  expect([lines.value.map(({ key }) => key), [...steps.value]]).toEqual([["x.weight"], [0, 5]]);
  store.choose("update", "ratio");
  await source.respondAll(() => null, 5);
  expect([flow.waiting.value, flow.query.pending.value, lines.value]).toEqual([false, false, []]);
});

describe("reload", () => {
  test("Flow, reload, keeps old values until new ones arrive", async () => {
    const { store, flow, source, runs } = await ready();
    await source.respondAll((run) => seriesOf(run, 1));
    flow.moveTo(1, 0);
    void runs.reload();
    await settle();
    expect(source.requests.length).toBe(5);
    expect(flow.picture.gridOf.value.get("a")!.values[0]).toBe(1);
    await source.respondAll((run) => seriesOf(run, 7), 4);
    expect(source.requests.length).toBe(8);
    expect(flow.picture.gridOf.value.get("a")!.values[0]).toBe(7);
    expect(flow.cursor.step.value).toBe(0);
    expect(store.view.row.value).toBe("y.weight");
  });
  test("Flow, reload of a hidden tab, waits until it is shown", async () => {
    let hidden = false;
    const { source, runs } = await ready(() => hidden);
    hidden = true;
    await runs.reload();
    expect(source.requests.length).toBe(1);
    await runs.shown();
    hidden = false;
    void runs.shown();
    await settle();
    expect(source.requests.length).toBe(2);
  });
  test("Flow, failed request, shows the error until one succeeds", async () => {
    const { store, flow, source, runs } = await ready();
    source.requests[0].fail(new Error("500 broken"));
    await settle();
    expect(flow.query.error.value).toBe("500 broken");
    void runs.reload();
    await settle();
    await source.respondAll((run) => seriesOf(run), 1);
    expect(flow.query.error.value).toBeNull();
    source.failRuns = new Error("502 gone");
    await runs.reload();
    expect(store.runsError.value).toBe("502 gone");
    expect(store.runs.value).not.toBeNull();
  });
});

test("Flow, values not finite, requests their counts only there", async () => {
  const { flow, source } = await ready();
  const bad = series("b", ["x.weight"], [0], [[Number.NaN]]);
  await source.respondAll((run) => (run === "b" ? bad : seriesOf(run)));
  expect(source.requests[4].request).toEqual({
    runs: ["b"],
    kind: "gradient",
    statistics: ["nonfinite", "count"],
  });
  source.requests[4].respond({ series: [bad], missing: [] });
  await settle();
  expect([...flow.query.nonfinite.data.value.keys()]).toEqual(["gradient/b"]);
});

test("Flow, cursor moves, stays within steps and lines", async () => {
  const { flow, source } = await ready();
  source.requests[0].respond({ series: [seriesOf("a")], missing: [] });
  await settle();
  flow.moveStep(-1);
  expect(flow.cursor.step.value).toBe(0);
  flow.moveStep(-1);
  expect(flow.cursor.step.value).toBe(0);
  flow.moveStep(1);
  expect(flow.cursor.step.value).toBe(10);
  flow.moveLine(1);
  flow.moveLine(1);
  expect(flow.rows.lines.value[flow.cursor.line.value].key).toBe("y.weight");
});

describe("windows between logged steps", () => {
  const peaks = (run: string) => {
    const steps = Array.from({ length: 12 }, (_, i) => 10 * i);
    return scalars(run, steps, {
      "window/steps": steps.map(() => 10),
      "window/gradient_norm_max": steps.map((step) => (step === 80 ? 90 : 2)),
      "window/gradient_norm_max_step": steps.map((step) => step - 4),
    });
  };

  test("Flow, windows, are requested once per run whatever is shown", async () => {
    const { store, flow, source } = await ready();
    expect(source.windows.map(({ request }) => request.runs)).toEqual([["a", "b", "c", "d"]]);
    expect(source.windows[0].request.tags).toContain("nnviz/window/gradient_norm_max_step");
    source.requests[0].respond({
      series: [series("a", ["x.weight"], [0, 110], [[1], [2]])],
      missing: [],
    });
    source.windows[0].respond(peaks("a"));
    await settle();
    expect(flow.marks.marks.value.get("a")!.map(({ kind, step }) => [kind, step])).toEqual([["peak", 76]]);
    expect(flow.marks.markKinds.value).toEqual(["peak"]);
    store.choose("gradient", "rms");
    store.toggleRun("e");
    expect(source.windows.map(({ request }) => request.runs).slice(1)).toEqual([["e"]]);
    store.toggleRun("a");
    await settle();
    expect(flow.marks.marks.value.has("a")).toBe(false);
  });
  test("Flow, late windows, are dropped; a failure shows until a reload", async () => {
    const { store, flow, source, runs } = await ready();
    store.toggleRun("a");
    source.windows[0].respond(peaks("a"));
    source.windows[1].fail(new Error("503 gone"));
    await settle();
    expect(flow.windows.data.value.size).toBe(0);
    expect(flow.windows.error.value).toBe("503 gone");
    void runs.reload();
    await settle();
    source.windows.at(-1)!.respond(peaks("b"));
    await settle();
    expect(flow.windows.error.value).toBeNull();
    expect(flow.marks.marks.value.get("b")!.length).toBe(1);
  });
});

describe("another kind", () => {
  const kinds = {
    gradient: ["norm", "rms"],
    optimizer: ["count", "effective_step_size", "first_moment_norm"],
  };
  test("Flow, another kind, keeps row and step and replaces a missing statistic", async () => {
    const { store, flow } = pageState(new FakeSource(), () => false);
    store.runs.value = [info("a", 0, kinds)];
    flow.query.data.value = new Map([["a", { series: seriesOf("a") }]]);
    flow.moveTo(1, 0);
    store.view.kind.value = "optimizer";
    store.view.statistic.value = "rms";
    expect([store.kind.value, store.statistic.value]).toEqual(["optimizer", "first_moment_norm"]);
    store.choose("optimizer", "effective_step_size");
    expect(store.statistic.value).toBe("effective_step_size");
    expect([flow.cursor.step.value, flow.rows.lines.value[flow.cursor.line.value].key]).toEqual([
      0,
      "y.weight",
    ]);
    store.choose("gradient", "norm");
    expect([store.kind.value, store.statistic.value]).toEqual(["gradient", "norm"]);
  });
});
