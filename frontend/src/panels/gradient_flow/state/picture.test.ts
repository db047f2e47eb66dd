import { describe, expect, test } from "vitest";
import { pageState } from "../../../app/page";
import { FakeSource, info, series } from "../../../testing/helpers";

describe("signals", () => {
  const kinds = { gradient: ["norm"], activation_gradient: ["rms"] };
  const filled = () => {
    const { store, flow } = pageState(new FakeSource(), () => false);
    store.runs.value = [info("a", 0, kinds), info("b", 1, kinds)];
    const loaded = (run: string, factor: number) => ({
      series: series(
        run,
        ["x.weight", "y.weight"],
        [0, 10, 20],
        [
          [factor, 1],
          [2 * factor, 1],
          [4 * factor, 1],
        ],
      ),
    });
    flow.query.data.value = new Map([
      ["a", loaded("a", 1)],
      ["b", loaded("b", 100)],
    ]);
    return { store, flow };
  };
  test("Flow, comparison, shows values of the reference and ratios of the others", () => {
    const { store, flow } = filled();
    flow.compare(true);
    expect([...flow.picture.gridOf.value.get("b")!.values]).toEqual([2, 2, 2, 0, 0, 0]);
    expect([...flow.picture.gridOf.value.get("a")!.values]).toEqual([1, 2, 4, 1, 1, 1]);
    expect(flow.picture.scale.value).toMatchObject({ lo: -2, hi: 2, factor: true });
    expect(flow.picture.mapOf.value.get("a")!.scale).toMatchObject({ mode: "log", lo: 1, hi: 5 });
    expect(flow.picture.thresholds.value).toBeNull();
    expect([...store.panelKeys()]).toEqual([["flow.vs", "ref"]]);
    store.setRef("b");
    expect(flow.picture.gridOf.value.get("a")!.values[0]).toBe(-2);
    store.toggleRun("a");
    expect(flow.picture.compared.value).toBe(false);
  });
  test("Flow, zoom, keeps the cursor and bounds its moves", () => {
    const { store, flow } = filled();
    flow.zoomTo([0, 10]);
    expect([...flow.cursor.steps.value]).toEqual([0, 10]);
    expect(flow.cursor.step.value).toBe(10);
    flow.moveStep(1);
    expect(flow.cursor.step.value).toBe(10);
    store.view.step.value = 20;
    flow.zoomTo(null);
    expect(flow.cursor.step.value).toBe(20);
    store.setPanelKeys(new Map(Object.entries({ "flow.from": "500", "flow.to": "600" })));
    expect(flow.steps.zoom.value).toBeNull();
  });
  test("Store, RMS of activation gradients, offers backward gain", () => {
    const { store } = filled();
    expect(store.statistics.value.find(({ kind }) => kind === "activation_gradient")!.names).toEqual([
      "rms",
      "backward_gain",
    ]);
    store.choose("activation_gradient", "backward_gain");
    expect([store.statistic.value, store.source.value]).toEqual(["backward_gain", "rms"]);
  });
  test("Flow, order by value, follows the reference at that step", () => {
    const { store, flow } = filled();
    flow.keys.order.value = "value@0";
    expect(flow.rows.lines.value.map(({ key }) => key)).toEqual(["x.weight", "y.weight"]);
    store.setRef("a");
    flow.query.data.value = new Map([
      ["a", { series: series("a", ["x.weight", "y.weight"], [0], [[1, 3]]) }],
    ]);
    expect(flow.rows.lines.value.map(({ key }) => key)).toEqual(["y.weight", "x.weight"]);
  });
});
