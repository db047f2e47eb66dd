import { effect } from "@preact/signals";
import { describe, expect, test } from "vitest";
import { Loader } from "../app/loader";
import { FakeSource, info, scalars, series, settle } from "../testing/helpers";
import { Store } from "./store";

const RUNS = ["a", "b", "c", "d", "e"].map((run, i) =>
  info(run, i, { gradient: ["norm", "rms", "nonfinite"], update: ["ratio"] }),
);
const answerOf = (run: string, value = 1) =>
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
  const store = new Store();
  const source = new FakeSource();
  source.listed = RUNS;
  const loader = new Loader(store, source, hidden);
  void loader.reload();
  await settle();
  return { store, source, loader };
}

test("the first four runs, gradient norms, the last step, the first row", async () => {
  const { store, source } = await ready();
  expect(store.shown.value).toEqual(["a", "b", "c", "d"]);
  expect(store.ref.value).toBe("a");
  // The reference alone, then the others.
  expect(source.requests.map(({ request }) => request.runs)).toEqual([["a"]]);
  source.requests[0].answer({ series: [answerOf("a")], missing: [] });
  await settle();
  expect(source.requests.map(({ request }) => request)).toEqual(
    ["a", "b", "c", "d"].map((run) => ({ runs: [run], kind: "gradient", statistics: ["norm"], width: 384 })),
  );
  await source.answerAll((run) => answerOf(run), 1);
  expect(store.step.value).toBe(10);
  expect(store.lines.value[store.line.value].key).toBe("x.weight");
  expect(store.loading.value).toBe(false);
});

test("only what is not there is fetched", async () => {
  const { store, source } = await ready();
  await source.answerAll((run) => answerOf(run));
  store.toggleRun("e");
  expect(source.runsSince(4)).toEqual(["e"]);
  await source.answerAll((run) => answerOf(run), 4);
  store.toggleRun("e");
  store.toggleRun("e");
  store.setRef("c");
  expect(source.requests.length).toBe(5);
  expect(store.shown.value).toEqual(["c", "a", "b", "d", "e"]);
});

test("an answer that comes after another was asked for is dropped", async () => {
  const { store, source } = await ready();
  store.choose("gradient", "rms");
  expect(source.requests.slice(1).map(({ request }) => request.statistics)).toEqual([["rms"]]);
  source.requests[0].answer({ series: [answerOf("a")], missing: [] });
  await settle();
  expect(store.series.value).toEqual([]);
  const rms = answerOf("a");
  rms.values = { rms: rms.values.norm };
  await source.answerAll((run) => (run === "a" ? rms : null), 1);
  expect(source.requests.slice(1).map(({ request }) => request.statistics)).toEqual(Array(4).fill(["rms"]));
  expect(store.series.value.map(({ run }) => run)).toEqual(["a"]);
  expect(store.loaded.value.get("b")).toEqual({ reason: "not there" });
});

test("lines, steps and cursor stay while another statistic is on its way, and no value of it is said", async () => {
  const { store, source } = await ready();
  await source.answerAll((run) => answerOf(run));
  store.moveTo(1, 0);
  const { lines, steps, domain } = store;
  const [keys, logged, reach] = [lines.value, steps.value, domain.value];
  store.choose("gradient", "rms");
  expect(store.flow.waiting.value).toBe(true);
  expect([store.grids.value, store.gridsOfLine.value, store.gridsAtStep.value]).toEqual([[], [], []]);
  expect([lines.value, steps.value, domain.value]).toEqual([keys, logged, reach]);
  expect([store.line.value, store.step.value]).toEqual([1, 0]);
  // What has come decides again, also where it is less; and where nothing has come at all, nothing is left.
  const short = series("a", ["x.weight"], [0, 5], [[1], [2]]);
  short.values = { rms: short.values.norm };
  source.requests[4].answer({ series: [short], missing: [] });
  await settle();
  expect(store.flow.waiting.value).toBe(false);
  expect([lines.value.map(({ key }) => key), [...steps.value]]).toEqual([["x.weight"], [0, 5]]);
  store.choose("update", "ratio");
  await source.answerAll(() => null, 5);
  expect([store.flow.waiting.value, store.loading.value, lines.value]).toEqual([false, false, []]);
});

describe("reload", () => {
  test("keeps what is shown until the new values come, and the view", async () => {
    const { store, source, loader } = await ready();
    await source.answerAll((run) => answerOf(run, 1));
    store.moveTo(1, 0);
    void loader.reload();
    await settle();
    expect(source.requests.length).toBe(5);
    expect(store.gridOf.value.get("a")!.values[0]).toBe(1);
    await source.answerAll((run) => answerOf(run, 7), 4);
    expect(source.requests.length).toBe(8);
    expect(store.gridOf.value.get("a")!.values[0]).toBe(7);
    expect(store.step.value).toBe(0);
    expect(store.view.row.value).toBe("y.weight");
  });
  test("waits while the tab is hidden", async () => {
    let hidden = false;
    const { source, loader } = await ready(() => hidden);
    hidden = true;
    await loader.reload();
    expect(source.requests.length).toBe(1);
    await loader.shown();
    hidden = false;
    void loader.shown();
    await settle();
    expect(source.requests.length).toBe(2);
  });
  test("an error is told, and goes away when it works again", async () => {
    const { store, source, loader } = await ready();
    source.requests[0].fail(new Error("500 broken"));
    await settle();
    expect(store.seriesError.value).toBe("500 broken");
    void loader.reload();
    await settle();
    await source.answerAll((run) => answerOf(run), 1);
    expect(store.seriesError.value).toBeNull();
    source.failRuns = new Error("502 gone");
    await loader.reload();
    expect(store.runsError.value).toBe("502 gone");
    expect(store.runs.value).not.toBeNull();
  });
});

test("what is not finite is asked for, and only where it is", async () => {
  const { store, source } = await ready();
  const bad = series("b", ["x.weight"], [0], [[Number.NaN]]);
  await source.answerAll((run) => (run === "b" ? bad : answerOf(run)));
  expect(source.requests[4].request).toEqual({
    runs: ["b"],
    kind: "gradient",
    statistics: ["nonfinite", "count"],
  });
  source.requests[4].answer({ series: [bad], missing: [] });
  await settle();
  expect([...store.nonfinite.value.keys()]).toEqual(["gradient/b"]);
});

test("moving the cursor", async () => {
  const { store, source } = await ready();
  source.requests[0].answer({ series: [answerOf("a")], missing: [] });
  await settle();
  store.moveStep(-1);
  expect(store.step.value).toBe(0);
  store.moveStep(-1);
  expect(store.step.value).toBe(0);
  store.moveStep(1);
  expect(store.step.value).toBe(10);
  store.moveLine(1);
  store.moveLine(1);
  expect(store.lines.value[store.line.value].key).toBe("y.weight");
});

test("a run filter that does not parse leaves the last one that did", async () => {
  const { store } = await ready();
  store.view.runFilter.value = "[ab]";
  expect(store.listed.items.value).toEqual(["a", "b"]);
  store.view.runFilter.value = "[ab";
  expect(store.listed.valid.value).toBe(false);
  expect(store.listed.items.value).toEqual(["a", "b"]);
  store.selectListed(false);
  expect(store.selected.value).toEqual(["c", "d"]);
});

test("a reference that was only implied does not jump to a run that is added before it", async () => {
  const { store } = await ready();
  store.view.runs.value = ["b", "c"];
  expect(store.ref.value).toBe("b");
  store.toggleRun("a");
  expect(store.shown.value).toEqual(["b", "a", "c"]);
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

  test("are asked for once a run, in one request, whatever statistic is shown", async () => {
    const { store, source } = await ready();
    expect(source.windows.map(({ request }) => request.runs)).toEqual([["a", "b", "c", "d"]]);
    expect(source.windows[0].request.tags).toContain("nnviz/window/gradient_norm_max_step");
    source.requests[0].answer({
      series: [series("a", ["x.weight"], [0, 110], [[1], [2]])],
      missing: [],
    });
    source.windows[0].answer(peaks("a"));
    await settle();
    expect(store.marks.value.get("a")!.map(({ kind, step }) => [kind, step])).toEqual([["peak", 76]]);
    expect(store.markKinds.value).toEqual(["peak"]);
    store.choose("gradient", "rms");
    store.toggleRun("e");
    expect(source.windows.map(({ request }) => request.runs).slice(1)).toEqual([["e"]]);
    store.toggleRun("a");
    await settle();
    expect(store.marks.value.has("a")).toBe(false);
  });
  test("that come too late are dropped; a failure is told until a reload works", async () => {
    const { store, source, loader } = await ready();
    store.toggleRun("a");
    source.windows[0].answer(peaks("a"));
    source.windows[1].fail(new Error("503 gone"));
    await settle();
    expect(store.windows.value.size).toBe(0);
    expect(store.windowsError.value).toBe("503 gone");
    void loader.reload();
    await settle();
    source.windows.at(-1)!.answer(peaks("b"));
    await settle();
    expect(store.windowsError.value).toBeNull();
    expect(store.marks.value.get("b")!.length).toBe(1);
  });
});

describe("another kind", () => {
  const kinds = {
    gradient: ["norm", "rms"],
    optimizer: ["count", "effective_step_size", "first_moment_norm"],
  };
  test("keeps row and step; a statistic that it lacks gives way to its first", async () => {
    const store = new Store();
    store.runs.value = [info("a", 0, kinds)];
    store.loaded.value = new Map([["a", { series: answerOf("a") }]]);
    store.moveTo(1, 0);
    store.view.kind.value = "optimizer";
    store.view.statistic.value = "rms";
    expect([store.kind.value, store.statistic.value]).toEqual(["optimizer", "first_moment_norm"]);
    store.choose("optimizer", "effective_step_size");
    expect(store.statistic.value).toBe("effective_step_size");
    expect([store.step.value, store.lines.value[store.line.value].key]).toEqual([0, "y.weight"]);
    store.choose("gradient", "norm");
    expect([store.kind.value, store.statistic.value]).toEqual(["gradient", "norm"]);
  });
});

test("a panel's keys live in the address, also before the panel was opened", () => {
  const store = new Store();
  store.setPanelKeys({ "act.sample": "3", "hist.mode": "heat" });
  expect(store.key("act.sample").value).toBe("3");
  store.key("act.sample").value = null;
  store.key("act.layer").value = "fc1";
  expect(store.panelKeys()).toEqual({ "hist.mode": "heat", "act.layer": "fc1" });
  store.setPanelKeys({});
  expect(store.key("act.layer").value).toBeNull();
  expect(() => store.key("step")).toThrow("invalid key: step");
});

test("a panel's key that is first asked for later is written down, too", () => {
  const store = new Store();
  const seen: Record<string, string>[] = [];
  effect(() => {
    seen.push(store.panelKeys());
  });
  store.key("late.choice").value = "b";
  expect(seen.at(-1)).toEqual({ "late.choice": "b" });
});
