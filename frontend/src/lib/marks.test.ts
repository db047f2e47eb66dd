import { describe, expect, test } from "vitest";
import { scalars } from "../testing/helpers";
import { groupMarks, PEAK_RULE, peakBaselines, windowCount, windowMarks } from "./marks";

const even = (n: number, value = 2) => Array.from({ length: n }, (_, i) => value + 0.01 * (i % 3));
const outstanding = (values: number[]) =>
  peakBaselines(values).flatMap((baseline, i) => (baseline === null ? [] : [i]));

describe("peakBaselines", () => {
  test("finds maxima of at least three times the median nearby", () => {
    const values = even(30);
    values[20] = 6.1;
    expect(outstanding(values)).toEqual([20]);
    expect(peakBaselines(values)[20]).toBeCloseTo(2.01, 5);
    values[20] = 5.9;
    expect(outstanding(values)).toEqual([]);
  });
  test("finds a few peaks near each other", () => {
    const values = even(40);
    for (const i of [20, 21, 22, 25]) values[i] = 50;
    expect(outstanding(values)).toEqual([20, 21, 22, 25]);
  });
  test("ignores a falling start, growth and a lasting change of level", () => {
    expect(outstanding(Array.from({ length: 60 }, (_, i) => 100 * 0.8 ** i + 1))).toEqual([]);
    expect(outstanding(Array.from({ length: 60 }, (_, i) => 1.5 ** i))).toEqual([]);
    expect(outstanding([...even(30, 1), ...even(30, 20)])).toEqual([]);
    expect(outstanding([500, ...even(PEAK_RULE.minimum - 1), 500, 2, 2, 2])).toEqual([5]);
    expect(outstanding([...even(PEAK_RULE.minimum - 1), 500, 2, 2, 2])).toEqual([]);
  });
  test("ignores ordinary values among widely varying ones", () => {
    const noise = Array.from({ length: 200 }, (_, i) => Math.exp(1.2 * Math.sin(i * i)));
    expect(outstanding(noise)).toEqual([]);
    noise[100] = 1e6;
    expect(outstanding(noise)).toEqual([100]);
  });
  test("finds infinite maxima and ignores NaN and zero", () => {
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

describe("windowMarks", () => {
  test("of a peak has its step, window and baseline", () => {
    expect(marksOf({})).toEqual([{ ...PEAK, value: 812.5, baseline: 2, ratio: 406.25 }]);
  });
  test("limits a peak's step to its window", () => {
    const places = at({ 120: 1e6 }, 0);
    expect(marksOf({ "window/gradient_norm_max_step": places })[0]).toMatchObject({ step: 120, until: 120 });
  });
  test("places skipped steps, with the loss scale", () => {
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
  test("places a skipped step that is only counted within its window", () => {
    const counted = { "window/nonfinite_steps": at({ 60: 2 }, 0), "window/skipped_steps": at({ 60: 2 }, 0) };
    expect(marksOf(counted)[0]).toMatchObject({ kind: "skipped", step: 55, exact: false, steps: 2 });
    expect(marksOf(counted).length).toBe(2);
  });
  test("counts nonfinite gradients that no cell and no other mark shows", () => {
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
  test("places the only unlogged step of a window exactly", () => {
    const steps = [0, 2, 4];
    const tags = { "window/steps": [1, 2, 2], "window/nonfinite_steps": [0, 1, 0] };
    expect(windowMarks(scalars("a", steps, tags))).toMatchObject([
      { step: 1, exact: true, after: 0, until: 2 },
    ]);
  });
  test("is empty if every step is logged", () => {
    const tags = { "window/steps": [1, 1, 1], "window/nonfinite_steps": [0, 1, 1] };
    expect(windowMarks(scalars("a", [0, 1, 2], tags))).toEqual([]);
  });
  test("marks peaks of losses without negative values, and nonfinite losses", () => {
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
  test("of a run without windows is empty", () => {
    expect(windowMarks([])).toEqual([]);
    expect(windowCount([])).toEqual({ kept: 0, written: 0 });
  });
});

test("windowCount estimates the windows that TensorBoard dropped", () => {
  expect(windowCount(scalars("a", STEPS, { "window/steps": at({ 0: 1 }, 10) }))).toEqual({
    kept: 20,
    written: 20,
  });
  const kept = scalars("a", [10, 50, 200, 300], { "window/steps": [10, 10, 10, 10] });
  expect(windowCount(kept)).toEqual({ kept: 4, written: 30 });
});

describe("groupMarks", () => {
  const marks = (steps: number[], ratios = steps.map(() => 4)) =>
    steps.map((step, i) => ({ ...PEAK, step, value: 1, baseline: 1, ratio: ratios[i] }) as never);
  test("merges overlapping marks and represents them by the highest", () => {
    const groups = groupMarks(marks([10, 15, 21, 60], [4, 5, 3, 9]), [0, 100], 100);
    expect(groups.map((one) => [one.places, one.representative])).toEqual([
      [[10, 15, 21], 1],
      [[60], 0],
    ]);
  });
  test("drops marks outside of the shown steps", () => {
    expect(groupMarks(marks([-5, 105]), [0, 100], 100)).toEqual([]);
  });
  test("merges hundreds to a few", () => {
    const groups = groupMarks(marks(Array.from({ length: 900 }, (_, i) => i)), [0, 1000], 300);
    expect(groups.length).toBe(1);
    expect(groups[0].marks.length).toBe(900);
  });
});
