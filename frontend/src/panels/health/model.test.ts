import { expect, test } from "vitest";
import type { RunHealth } from "../../lib/rules/health";
import { readSettings } from "../../lib/rules/settings";
import { finding } from "../../testing/findings";
import { series } from "../../testing/helpers";
import { findingsCsv } from "./csv";
import { layOut } from "./layout";
import {
  byFamily,
  countFound,
  countVerdicts,
  groupUnchecked,
  unknownSettings,
  verdictOf,
  visibleChains,
} from "./model";
import { medianLines, pictureOf, profileLines, rowLines, showsValue, valueAt } from "./model_picture";

const health = (more: Partial<RunHealth> = {}): RunHealth => ({
  run: "a",
  verdict: "severe",
  steps: [0, 9],
  findings: [
    finding("a", "gradient/exploding", { severity: "severe", place: 0 }),
    finding("a", "loss/nonfinite", { severity: "severe", place: 1, cause: 0 }),
    finding("a", "update/none", { severity: "notice", place: 2 }),
  ],
  parted: null,
  checked: ["gradient/exploding", "gradient/zero", "loss/nonfinite"],
  unchecked: [
    { rule: "x/one", reason: "lacks input" },
    { rule: "y/two", reason: "lacks output" },
    { rule: "x/three", reason: "lacks output" },
  ],
  unread: [],
  ...more,
});

test("verdictOf leaves out dismissed rules", () => {
  expect(verdictOf(health(), new Set())).toBe("severe");
  expect(verdictOf(health(), new Set(["gradient/exploding"]))).toBe("severe");
  expect(verdictOf(health(), new Set(["gradient/exploding", "loss/nonfinite"]))).toBe("notice");
  expect(verdictOf(health({ findings: [], verdict: "nothing found" }), new Set())).toBe("nothing found");
  expect(verdictOf(health({ findings: [], verdict: "not checkable" }), new Set())).toBe("not checkable");
});

test("visibleChains, an effect is dismissed, keeps its cause", () => {
  const [first] = visibleChains(health(), new Set(["loss/nonfinite"]));
  expect([first.cause.rule, first.effects]).toEqual(["gradient/exploding", []]);
});

test("countVerdicts is in order of severity", () => {
  const counts = countVerdicts(
    new Map([
      ["a", "nothing found"],
      ["b", "severe"],
      ["c", "nothing found"],
    ]),
  );
  expect(counts).toEqual([
    { verdict: "severe", runs: ["b"] },
    { verdict: "nothing found", runs: ["a", "c"] },
  ]);
});

test("groupUnchecked has each reason once, byFamily each family once", () => {
  expect(groupUnchecked(health().unchecked)).toEqual([
    { reason: "lacks output", rules: ["y/two", "x/three"] },
    { reason: "lacks input", rules: ["x/one"] },
  ]);
  expect(byFamily(health().checked)).toEqual([
    { family: "gradient", names: ["exploding", "zero"] },
    { family: "loss", names: ["nonfinite"] },
  ]);
});

test("countFound counts runs, not findings", () => {
  const twice = health({ findings: [finding("b", "r"), finding("b", "r")] });
  expect(countFound([health(), twice])).toEqual(
    new Map([
      ["gradient/exploding", 1],
      ["loss/nonfinite", 1],
      ["update/none", 1],
      ["r", 1],
    ]),
  );
});

test("unknownSettings names rules and limits that do not exist", () => {
  const rules = [
    { name: "loss/spike", title: "", limits: new Map([["limit", 3]]), words: new Map(), source: "" },
  ];
  const settings = readSettings("loss/spike:limit=4:reach=2,loss/nan:off");
  expect(unknownSettings(settings, rules)).toEqual(["loss/spike reach", "loss/nan"]);
});

test("findingsCsv names the cause of each effect and guards formulas", () => {
  const chains = visibleChains(
    health({ findings: [{ ...health().findings[0], layer: "=1+1" }, health().findings[1]] }),
    new Set(),
  );
  const lines = findingsCsv(chains).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain(",,'=1+1,");
  expect(lines[2].split(",").slice(2, 5)).toEqual([
    "loss/nonfinite",
    "Title of loss/nonfinite",
    "gradient/exploding",
  ]);
});

test("pictureOf chooses row, profile, median, scalar or none", () => {
  const type = (more: object, rule = "gradient/zero") =>
    pictureOf(finding("a", rule, more), ["a", "b"])?.type ?? null;
  expect(type({})).toBe("row");
  expect(type({ layers: ["a", "b"] }, "gradient/vanishing")).toBe("profile");
  expect(type({ row: "", layer: "" }, "learning_rate/too_high")).toBe("median");
  expect(type({ kind: "", statistic: "", evidence: "loss is" }, "loss/spike")).toBe("scalar");
  expect(type({ kind: "", statistic: "" }, "parameter/foreign")).toBeNull();
});

test("lines of a picture have gaps where a row is absent", () => {
  const one = series(
    "a",
    ["x.weight", "y.weight"],
    [0, 10, 11],
    [
      [1, 5],
      [null, 7],
      [3, Number.NaN],
    ],
  );
  const [line] = rowLines([{ ...one, rows: one.rows.slice(0, 1), ...firstRow(one) }], "norm");
  expect(line.values).toEqual([1, null, 3]);
  expect(medianLines([one], "norm")[0].values).toEqual([3, 7, 3]);
  expect(valueAt(line, 9)).toEqual({ at: 11, value: 3 });
  const { names, lines } = profileLines([series("a", ["x.weight", "y.weight"], [4], [[1, null]])], "norm");
  expect([names, lines[0].values]).toEqual([
    ["x.weight", "y.weight"],
    [1, null],
  ]);
});

/** Return the first of two rows of a series. */
const firstRow = (one: ReturnType<typeof series>) => ({
  absent: one.absent.filter((_, i) => i % 2 === 0),
  values: new Map([["norm", one.values.get("norm")!.filter((_, i) => i % 2 === 0)]]),
});

test("showsValue is false if the finding's value is none of the picture's", () => {
  const line = { run: "a", at: [10, 14], values: [1, 1.00001e-9] };
  expect(showsValue(finding("a", "r", { value: 1 }), line, false)).toBe(false);
  expect(showsValue(finding("a", "r", { value: 1 }), line, true)).toBe(true);
  expect(showsValue(finding("a", "r"), line, false)).toBe(true);
  expect(showsValue(finding("a", "r", { value: 0.3 }), line, false)).toBe(false);
  expect(showsValue(finding("a", "r", { value: null }), line, false)).toBe(false);
});

test("layOut places steps by their number, not by their index", () => {
  const line = { run: "a", at: [0, 100, 101, 102, 200], values: [1, 2, 2, 2, 3] };
  const layout = layOut([line], [], [0, 200], "norm", 400);
  const xs = [...layout.lines[0].path.matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x));
  const { left, right } = layout.area;
  expect(xs[1]).toBeCloseTo((left + right) / 2, 0);
  for (const step of [0, 37, 101, 200]) expect(layout.atOf(layout.xOf(step))).toBeCloseTo(step, 6);
  expect([layout.atOf(-50), layout.atOf(9999)]).toEqual([0, 200]);
  expect(xs[3] - xs[1]).toBeLessThan((right - left) / 50);
});

test("layOut puts NaN and zeros into lanes, and widens the scale to the guides", () => {
  const line = { run: "a", at: [0, 1, 2, 3], values: [1e-6, 0, Number.NaN, 10] };
  const layout = layOut([line], [1e3], [0, 3], "norm", 400);
  expect(layout.scale).toMatchObject({ mode: "log", lo: 1e-6, hi: 1e3 });
  expect(layout.lines[0].zeros).toHaveLength(1);
  expect(layout.lines[0].nonfinite).toHaveLength(1);
  expect(layout.lines[0].path.match(/M/g)).toHaveLength(2);
  const share = layOut([line], [], [0, 3], "zero_fraction", 400);
  expect([share.scale.lo, share.scale.hi]).toEqual([0, 1]);
});
