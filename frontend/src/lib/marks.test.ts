import { describe, expect, test } from "vitest";
import { scalars } from "../testing/helpers";
import { groupMarks, PEAK_RULE, standOut, windowCount, windowMarks } from "./marks";

const even = (n: number, value = 2) => Array.from({ length: n }, (_, i) => value + 0.01 * (i % 3));
const outstanding = (values: number[]) => standOut(values).flatMap((usual, i) => (usual === null ? [] : [i]));

describe("a maximum that stands out", () => {
  test("is at least three times what is usual, and the usual is the median nearby", () => {
    const values = even(30);
    values[20] = 6.1;
    expect(outstanding(values)).toEqual([20]);
    expect(standOut(values)[20]).toBeCloseTo(2.01, 5);
    values[20] = 5.9;
    expect(outstanding(values)).toEqual([]);
  });
  test("several that are near each other do, as long as they are few", () => {
    const values = even(40);
    for (const i of [20, 21, 22, 25]) values[i] = 50;
    expect(outstanding(values)).toEqual([20, 21, 22, 25]);
  });
  test("a beginning that falls, a growth and a lasting change of level do not", () => {
    expect(outstanding(Array.from({ length: 60 }, (_, i) => 100 * 0.8 ** i + 1))).toEqual([]);
    expect(outstanding(Array.from({ length: 60 }, (_, i) => 1.5 ** i))).toEqual([]);
    expect(outstanding([...even(30, 1), ...even(30, 20)])).toEqual([]);
    expect(outstanding([500, ...even(PEAK_RULE.least - 1), 500, 2, 2, 2])).toEqual([5]);
    expect(outstanding([...even(PEAK_RULE.least - 1), 500, 2, 2, 2])).toEqual([]);
  });
  test("nor what is usual among values that vary widely", () => {
    const noise = Array.from({ length: 200 }, (_, i) => Math.exp(1.2 * Math.sin(i * i)));
    expect(outstanding(noise)).toEqual([]);
    noise[100] = 1e6;
    expect(outstanding(noise)).toEqual([100]);
  });
  test("infinite ones do; NaN and zeros are nothing to compare with", () => {
    const values = even(30);
    values[20] = Number.POSITIVE_INFINITY;
    values[21] = Number.NaN;
    values[22] = 0;
    expect(outstanding(values)).toEqual([20]);
    expect(outstanding(Array(20).fill(0))).toEqual([]);
    expect(outstanding([])).toEqual([]);
  });
});

const STEPS = Array.from({ length: 20 }, (_, i) => 10 * i);
const at = (values: Record<number, number>, other: number) => STEPS.map((step) => values[step] ?? other);
const base = {
  "window/steps": at({ 0: 1 }, 10),
  "window/gradient_norm_max": at({ 120: 812.5 }, 2),
  "window/gradient_norm_max_step": at({ 0: 0, 120: 114 }, 0).map(
    (step, i) => step || Math.max(0, 10 * i - 3),
  ),
};
const marksOf = (tags: Record<string, number[]>, more = scalars("a", [], {})) =>
  windowMarks([...scalars("a", STEPS, { ...base, ...tags }), ...more]);
const PEAK = { kind: "peak", quantity: "gradient_norm", step: 114, exact: true, after: 110, until: 120 };

describe("marks of a run", () => {
  test("a peak has its step, its window and what is usual", () => {
    expect(marksOf({})).toEqual([{ ...PEAK, value: 812.5, usual: 2, ratio: 406.25 }]);
  });
  test("its step is held within its window", () => {
    const places = at({ 120: 1e6 }, 0);
    expect(marksOf({ "window/gradient_norm_max_step": places })[0]).toMatchObject({ step: 120, until: 120 });
  });
  test("skipped steps are where they were, with the scale", () => {
    const more = scalars("a", [50, 53], { "global/skipped": [0, 1], "global/loss_scale": [1, 4096] });
    const counted = { "window/nonfinite_steps": at({ 60: 1 }, 0), "window/skipped_steps": at({ 60: 1 }, 0) };
    expect(marksOf(counted, more)[0]).toEqual({
      kind: "skipped",
      step: 53,
      exact: true,
      after: 50,
      until: 60,
      steps: 1,
      lossScale: 4096,
    });
    expect(marksOf(counted, more).length).toBe(2);
  });
  test("one that is only counted is somewhere in its window", () => {
    const counted = { "window/nonfinite_steps": at({ 60: 2 }, 0), "window/skipped_steps": at({ 60: 2 }, 0) };
    expect(marksOf(counted)[0]).toMatchObject({ kind: "skipped", step: 55, exact: false, steps: 2 });
    expect(marksOf(counted).length).toBe(2);
  });
  test("nonfinite gradients count where no cell and no other mark shows them", () => {
    const own = { "global/gradient_norm": at({ 60: Number.NaN, 90: Number.NaN }, 1) };
    const tags = {
      ...own,
      "window/nonfinite_steps": at({ 60: 3, 90: 1 }, 0),
      "window/nonfinite": at({ 60: 17, 90: 4 }, 0),
    };
    const [bad, ...others] = marksOf(tags);
    expect(bad).toMatchObject({ kind: "nonfinite", step: 55, exact: false, after: 50, until: 60 });
    expect(bad).toMatchObject({ quantity: "gradient_norm", steps: 2, elements: 17 });
    expect(others.map(({ kind }) => kind)).toEqual(["peak"]);
  });
  test("of two steps the one between is known", () => {
    const steps = [0, 2, 4];
    const tags = { "window/steps": [1, 2, 2], "window/nonfinite_steps": [0, 1, 0] };
    expect(windowMarks(scalars("a", steps, tags))).toMatchObject([
      { step: 1, exact: true, after: 0, until: 2 },
    ]);
  });
  test("where every step is logged the cells show it all", () => {
    const tags = { "window/steps": [1, 1, 1], "window/nonfinite_steps": [0, 1, 1] };
    expect(windowMarks(scalars("a", [0, 1, 2], tags))).toEqual([]);
  });
  test("losses: by the same rule if none is negative; one that is no number is marked as that", () => {
    const loss = { "window/loss_max": at({ 150: 40 }, 1), "window/loss_max_step": at({}, 144) };
    expect(marksOf(loss)[1]).toMatchObject({
      kind: "peak",
      quantity: "loss",
      step: 144,
      value: 40,
      until: 150,
    });
    loss["window/loss_max"][3] = -1;
    loss["window/loss_max"][5] = Number.NaN;
    const [lost, ...others] = marksOf(loss);
    expect(lost).toMatchObject({
      kind: "nonfinite",
      quantity: "loss",
      value: Number.NaN,
      until: 50,
      step: 50,
    });
    expect(others.length).toBe(1);
  });
  test("a run without windows has none", () => {
    expect(windowMarks([])).toEqual([]);
    expect(windowCount([])).toEqual({ kept: 0, written: 0 });
  });
});

test("windows that TensorBoard has not kept are counted", () => {
  expect(windowCount(scalars("a", STEPS, { "window/steps": at({ 0: 1 }, 10) }))).toEqual({
    kept: 20,
    written: 20,
  });
  const kept = scalars("a", [10, 50, 200, 300], { "window/steps": [10, 10, 10, 10] });
  expect(windowCount(kept)).toEqual({ kept: 4, written: 30 });
});

describe("groups", () => {
  const marks = (steps: number[], ratios = steps.map(() => 4)) =>
    steps.map((step, i) => ({ ...PEAK, step, value: 1, usual: 1, ratio: ratios[i] }) as never);
  test("marks that would cover each other are one, and the highest stands for them", () => {
    const groups = groupMarks(marks([10, 15, 21, 60], [4, 5, 3, 9]), [0, 100], 100);
    expect(groups.map((one) => [one.places, one.representative])).toEqual([
      [[10, 15, 21], 1],
      [[60], 0],
    ]);
  });
  test("what lies outside of the steps shown is left out", () => {
    expect(groupMarks(marks([-5, 105]), [0, 100], 100)).toEqual([]);
  });
  test("hundreds become few", () => {
    const groups = groupMarks(marks(Array.from({ length: 900 }, (_, i) => i)), [0, 1000], 300);
    expect(groups.length).toBe(1);
    expect(groups[0].marks.length).toBe(900);
  });
});
