import { describe, expect, test } from "vitest";
import { gainGrid, gainParts, sourceOf } from "../../lib/gain";
import { CELL } from "../../lib/types";
import { grid, line, renamed, row, series } from "../../testing/helpers";
import { linesWithin, lineTops, partInSight } from "./layout";
import { folder, foldsThatFit, setFold } from "./model_folds";
import { byName, byValue, flatLines, orderText, parseOrder } from "./model_order";
import { parentOf, treeLines } from "./model_tree";
import { brushed, sliceSteps, zoomedBy } from "./model_zoom";

const { value, zero, nonfinite, absent, header, undefined: none } = CELL;

describe("backward gain", () => {
  const rms = (values: (number | null)[][]) => {
    const made = series(
      "a",
      values[0].map((_, i) => `l${i}`),
      values.map((_, i) => i),
      values,
    );
    return renamed(made, "rms");
  };
  const index = Int32Array.from([0, 1, 2, 3]);
  const rows = [0, 1, 2, 3].map((i) => line(`l${i}`, [i]));

  test("gainGrid, layers, is the RMS before over its own", () => {
    const made = gainGrid(rms([[0.02, 0.2, 0.1, 0.1]]), rows, index);
    expect([...made.states]).toEqual([none, value, value, value]);
    expect([...made.values].slice(1).map((one) => Number((10 ** one).toPrecision(6)))).toEqual([0.1, 2, 1]);
  });
  test("gainGrid, zero, NaN and absent, become states", () => {
    // l1 passes no gradient on. l2 itself is 0. l3 is compared with l1 at the step where l2 is absent.
    const made = gainGrid(
      rms([
        [0, 1, 0, 2],
        [1, Number.NaN, 1, 1],
        [1, 8, null, 2],
      ]),
      rows,
      index,
    );
    const at = (l: number) => [0, 1, 2].map((s) => made.states[l * 3 + s]);
    expect(at(1)).toEqual([zero, nonfinite, value]);
    expect(at(2)).toEqual([none, nonfinite, absent]);
    expect(at(3)).toEqual([zero, value, value]);
    expect(made.values[3 * 3 + 2]).toBeCloseTo(Math.log10(4), 6);
  });
  test("gainGrid, block, joins its layers", () => {
    const lines = [
      line("l0", [0]),
      line("b.*", [1, 2], "block"),
      line("h.*", [3], "header"),
      line("l3", [3]),
    ];
    const made = gainGrid(rms([[1, 4, 0.5, 5]]), lines, index);
    // 1 / 4 times 4 / 0.5.
    expect(10 ** made.values[1]).toBeCloseTo(2, 6);
    expect(made.states[2]).toBe(header);
    expect(10 ** made.values[3]).toBeCloseTo(0.1, 6);
  });
  test("gainParts, layer, returns both RMS values", () => {
    expect(gainParts(rms([[1, 4, 0.5, 5]]), [1, 2], 0)).toEqual({ into: 0.5, out: 1, before: "l0" });
    expect(gainParts(rms([[1, 4]]), [0], 0)).toBeNull();
  });
  test("sourceOf, backward gain, is RMS", () => {
    expect(sourceOf("activation_gradient", "backward_gain")).toBe("rms");
    expect(sourceOf("gradient", "norm")).toBe("norm");
  });
});

describe("folds", () => {
  const names = ["stem", "enc.0.a.q", "enc.0.a.k", "enc.0.m", "enc.1.a.q", "enc.1.a.k", "enc.1.m", "head"];
  const rows = names.map((name) => row(name, { module: name, role: "weight" }));
  const all = names.map((_, i) => i);
  const lines = (folds: string[]) =>
    treeLines(rows, all, { isFolded: folder(folds), dropWeight: false }).map(({ key }) => key);

  test("foldsThatFit, long tree, folds the deepest blocks first", () => {
    // If six or more lines fit, twelve lines are scrolled.
    expect(lines([]).length).toBe(12);
    expect(foldsThatFit(rows, all, false, 6)).toEqual([]);
    const long = [0, 1, 2].flatMap((i) =>
      names.map((name) => row(`t${i}.${name}`, { module: `t${i}.${name}`, role: "weight" })),
    );
    const many = long.map((_, i) => i);
    expect(treeLines(long, many, { isFolded: () => false, dropWeight: false }).length).toBe(39);
    expect(foldsThatFit(long, many, false, 15)).toEqual(["@1"]);
    expect(foldsThatFit(long, many, false, 14)).toEqual(["@0"]);
    expect(lines(["@1"])).toEqual([
      ...["stem", "enc.0.*", "enc.0.a.*", "enc.0.m", "enc.1.*", "enc.1.a.*", "enc.1.m", "head"],
    ]);
    expect(lines(["@0"])).toEqual(["stem", "enc.0.*", "enc.1.*", "head"]);
    expect(foldsThatFit(rows, all, false, 2)).toEqual(["@0"]);
  });
  test("setFold, one block, opens or folds it alone", () => {
    const opened = setFold(["@0"], "enc.1.*", 0, false);
    expect(opened).toEqual(["@0", "-enc.1.*"]);
    expect(lines(opened)).toEqual(["stem", "enc.0.*", "enc.1.*", "enc.1.a.*", "enc.1.m", "head"]);
    expect(setFold(opened, "enc.1.*", 0, true)).toEqual(["@0"]);
    expect(setFold(["@1"], "enc.0.*", 0, true)).toEqual(["@1", "enc.0.*"]);
    expect(setFold(["enc.0.*"], "enc.0.*", 0, false)).toEqual([]);
  });
  test("parentOf, line, is the header of its block", () => {
    const tree = treeLines(rows, all, { isFolded: () => false, dropWeight: false });
    const at = (key: string) => tree.findIndex((one) => one.key === key);
    expect(tree[parentOf(tree, at("enc.0.a.k"))].key).toBe("enc.0.a.*");
    expect(tree[parentOf(tree, at("enc.0.m"))].key).toBe("enc.0.*");
    expect(parentOf(tree, at("head"))).toBe(at("head"));
  });
});

describe("order", () => {
  const names = ["b.10.weight", "b.2.weight", "a.weight", "c.weight"];
  const flat = flatLines(
    names.map((name) => row(name)),
    [0, 1, 2, 3],
    true,
  );
  test("byName, numbers in names, sorts them as numbers", () => {
    expect(byName(flat).map(({ label }) => label)).toEqual(["a", "b.2", "b.10", "c"]);
  });
  test("byValue, cells, sorts not finite, largest, none", () => {
    const made = grid(
      "a",
      [0, 1],
      [
        [9, 1],
        [9, 0],
        [9, Number.NaN],
        [9, Number.NaN],
      ],
      [
        [value, value],
        [value, zero],
        [value, absent],
        [value, nonfinite],
      ],
    );
    expect(byValue(flat, made, 1).map(({ label }) => label)).toEqual(["c", "b.10", "b.2", "a"]);
    expect(byValue(flat, made, 0).map(({ label }) => label)).toEqual(["b.10", "b.2", "a", "c"]);
  });
  test("parseOrder, text of orderText, is the same order", () => {
    for (const text of [null, "name", "value@240"]) expect(orderText(parseOrder(text))).toBe(text);
    expect(parseOrder("value@x")).toEqual({ by: "depth" });
  });
});

describe("zoom", () => {
  const steps = Float64Array.from([0, 10, 20, 30, 40]);
  test("brushed, range, takes two whole steps at least", () => {
    expect(brushed(steps, 8, 31)).toEqual([10, 30]);
    expect(brushed(steps, 31, 8)).toEqual([10, 30]);
    expect(brushed(steps, 12, 14)).toEqual([10, 20]);
    expect(brushed(steps, 39, 41)).toEqual([30, 40]);
    expect(brushed(steps, -3, 44)).toBeNull();
    expect(brushed(Float64Array.from([1]), 0, 2)).toBeNull();
  });
  test("zoomedBy, half and twice, stays within the run", () => {
    expect(zoomedBy(steps, null, 20, 0.5)).toEqual([10, 30]);
    expect(zoomedBy(steps, null, 40, 0.5)).toEqual([20, 40]);
    expect(zoomedBy(steps, [10, 30], 20, 2)).toBeNull();
  });
  test("sliceSteps, zoom, is a view of the same values", () => {
    const whole = series(
      "a",
      ["x", "y"],
      [0, 10, 20],
      [
        [1, 2],
        [3, null],
        [5, 6],
      ],
    );
    const cut = sliceSteps(whole, [10, 20]);
    expect([...cut.steps]).toEqual([10, 20]);
    expect([...cut.values.get("norm")!]).toEqual([3, Number.NaN, 5, 6]);
    expect([...cut.absent]).toEqual([0, 1, 0, 0]);
    expect(cut.values.get("norm")!.buffer).toBe(whole.values.get("norm")!.buffer);
    expect(sliceSteps(whole, null)).toBe(whole);
    expect(sliceSteps(whole, [0, 20])).toBe(whole);
  });
});

test("partInSight and linesWithin, scroll, hold the visible lines", () => {
  const tops = lineTops(
    Array.from({ length: 1000 }, () => ({ type: "row" as const })),
    12,
  );
  const part = partInSight(6000, 400, tops[1000]);
  expect(part.top).toBeLessThanOrEqual(6000);
  expect(part.top + part.height).toBeGreaterThanOrEqual(6400);
  const [first, end] = linesWithin(tops, part);
  expect([tops[first] <= part.top, tops[end] >= part.top + part.height]).toEqual([true, true]);
  expect(end - first).toBeLessThan(140);
  expect(partInSight(0, 400, 300)).toEqual({ top: 0, height: 300 });
  expect(linesWithin([0], { top: 0, height: 0 })).toEqual([0, 0]);
});
