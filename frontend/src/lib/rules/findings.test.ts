import { expect, test } from "vitest";
import { overheadOf } from "../../data/overhead";
import { finding } from "../../testing/findings";
import { byRank, chainsOf, layerOf, scalarOf } from "./findings";

const shape = (chains: ReturnType<typeof chainsOf>) =>
  chains.map(({ cause, effects, severity }) => [cause.rule, effects.map(({ rule }) => rule), severity]);

test("chainsOf folds what a cause explains under it, with the worst severity", () => {
  const found = [
    finding("a", "learning_rate/too_high", { place: 0 }),
    finding("a", "gradient/exploding", { severity: "severe", place: 1, cause: 0 }),
    finding("a", "loss/nonfinite", { severity: "severe", place: 2, cause: 0 }),
    finding("a", "update/none", { severity: "notice", place: 3 }),
  ];
  expect(shape(chainsOf(found))).toEqual([
    ["learning_rate/too_high", ["gradient/exploding", "loss/nonfinite"], "severe"],
    ["update/none", [], "notice"],
  ]);
});

test("chainsOf, a cause is dismissed, keeps what it explains as causes", () => {
  const found = [
    finding("a", "update/none", { place: 0, explains: ["loss/nonfinite"] }),
    finding("a", "gradient/exploding", { place: 2, cause: 1 }),
    finding("a", "loss/nonfinite", { place: 3, cause: 1 }),
  ];
  expect(chainsOf(found).map(({ cause }) => cause.rule)).toEqual(found.map(({ rule }) => rule));
});

test("chainsOf, a rule is found twice, follows the place and not the name", () => {
  const found = [
    finding("a", "one", { place: 0, explains: ["two"] }),
    finding("a", "two", { place: 1, cause: 0 }),
    finding("a", "two", { place: 2 }),
    finding("a", "three", { place: 3, cause: 2 }),
  ];
  expect(shape(chainsOf(found)).map(([rule, effects]) => [rule, effects])).toEqual([
    ["one", ["two"]],
    ["two", ["three"]],
  ]);
});

test("byRank sorts runs by severity and step, and keeps the order within a run", () => {
  const chains = [
    ...chainsOf([finding("a", "a1", { since: 30 }), finding("a", "a2", { since: 2 })]),
    ...chainsOf([finding("b", "b1", { since: 9, severity: "severe" })]),
  ];
  expect(byRank(chains).map(({ cause }) => cause.rule)).toEqual(["b1", "a1", "a2"]);
});

test("layerOf is the layer, else the row without its parameter, else nothing", () => {
  expect(layerOf(finding("a", "r"))).toBe("fc");
  expect(layerOf(finding("a", "r", { layer: "", row: "net.0.bias" }))).toBe("net.0");
  expect(layerOf(finding("a", "r", { layer: "", row: "" }))).toBe("");
});

test("scalarOf names the logged scalar of a finding without a layer", () => {
  const bare = { kind: "", statistic: "", row: "", layer: "" };
  expect(scalarOf(finding("a", "loss/spike", { ...bare, scalar: "train/loss" }))).toBe(
    "nnviz/log/train/loss",
  );
  expect(scalarOf(finding("a", "loss/nonfinite", { ...bare, evidence: "loss is nan at step 3" }))).toBe(
    "nnviz/log/loss",
  );
  expect(scalarOf(finding("a", "clipping/always", { ...bare, global: "clip_factor" }))).toBe(
    "nnviz/global/clip_factor",
  );
  expect(scalarOf(finding("a", "gradient/zero", bare))).toBeNull();
});
test("overheadOf divides the cost of logged steps by the time between the first and the last", () => {
  const steps = [0, 10, 20, 30, 40];
  const walls = [100, 101, 102, 103, 104];
  // The cost of the first step precedes this interval.
  expect(overheadOf(steps, walls, [9, 0.1, 0.1, 0.2, 0.2])).toEqual({
    share: expect.closeTo(0.15),
    seconds: expect.closeTo(0.15),
    steps: 5,
    sampled: false,
  });
  expect(overheadOf([0, 10], [1, 2], [0.1, 0.1])).toBeNull();
  expect(overheadOf(steps, [1, 1, 1, 1, 1], [0, 0, 0, 0, 0])).toBeNull();
});

test("overheadOf estimates the number of logged steps of a sample from the smallest distance", () => {
  const steps = Array.from({ length: 1000 }, (_, i) => i * 30 + [0, 10, -10][i % 3]);
  const walls = steps.map((step) => step);
  const one = overheadOf(
    steps,
    walls,
    steps.map(() => 0.5),
  )!;
  expect(one.sampled).toBe(true);
  expect(one.steps).toBe(1 + (steps[999] - steps[0]) / 10);
  expect(one.share).toBeCloseTo(0.05);
});
