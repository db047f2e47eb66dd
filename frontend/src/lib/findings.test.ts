import { expect, test } from "vitest";
import { overheadOf } from "../data/overhead";
import { type Finding, groupFindings, layerOf } from "./findings";

const finding = (
  run: string,
  layer: string,
  depth: number,
  since: number,
  more: Partial<Finding> = {},
): Finding => ({
  run,
  rule: "gradient_norm/vanishing",
  severity: "warning",
  title: "Gradient vanishes",
  kind: "gradient",
  statistic: "norm",
  row: `${layer}.weight`,
  layer,
  depth,
  since,
  step: since + 4,
  value: 1e-9,
  evidence: "",
  limit: null,
  usual: null,
  advice: [],
  explains: [],
  source: "",
  layers: [],
  reference: null,
  ...more,
});
const group = (findings: Finding[]) =>
  groupFindings(
    findings,
    () => 400,
    (run) => run.charCodeAt(0),
  );

test("groupFindings groups layers with one issue, with the layer nearest to the cause as origin", () => {
  const found = group([finding("a", "stem", 0, 0), finding("a", "conv", 5, 0), finding("a", "fc", 9, 18)]);
  expect(found).toHaveLength(1);
  expect(layerOf(found[0].origin)).toBe("conv");
  expect(found[0].findings.map(layerOf)).toEqual(["fc", "conv", "stem"]);
  expect(found[0].since).toBe(0);
});

test("groupFindings separates runs, rules, and findings that began much later", () => {
  const found = group([
    finding("a", "stem", 0, 0),
    finding("b", "stem", 0, 0),
    finding("a", "stem", 0, 0, { rule: "gradient_norm/exploding" }),
    finding("a", "fc", 9, 21),
  ]);
  expect(found.map(({ run, since, findings }) => [run, since, findings.length])).toEqual([
    ["a", 0, 1],
    ["a", 0, 1],
    ["b", 0, 1],
    ["a", 21, 1],
  ]);
});

test("groupFindings sorts by severity, then first step, and takes a group's worst severity", () => {
  const found = group([
    finding("a", "stem", 0, 0),
    finding("b", "stem", 0, 300, { severity: "severe" }),
    finding("c", "stem", 0, 200),
    finding("c", "conv", 1, 210, { severity: "severe", title: "No gradient arrives" }),
    finding("d", "stem", 0, 1, { severity: "notice" }),
  ]);
  expect(found.map(({ run, severity, title }) => [run, severity, title])).toEqual([
    ["c", "severe", "No gradient arrives"],
    ["b", "severe", "Gradient vanishes"],
    ["a", "warning", "Gradient vanishes"],
    ["d", "notice", "Gradient vanishes"],
  ]);
  expect(layerOf(found[0].origin)).toBe("stem");
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
