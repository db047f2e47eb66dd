import { expect, test } from "vitest";
import { partOf } from "../../lib/scalar_parts";
import type { ScalarSeries } from "../../lib/types";
import { curvesCsv } from "./csv";
import { beyond, type Line, lineScale } from "./layout";
import { duration, timeTicks } from "./layout_time_ticks";
import { scalarCharts } from "./model";
import { alignedSteps, clockOf, countsOtherSteps, stepAt, wallAt } from "./model_clock";
import { curveLines, stepOfX, xOfStep } from "./model_lines";
import { smooth } from "./model_smoothing";
import { type RowSeries, spikeSource } from "./model_spike_source";

const curve = (
  run: string,
  tag: string,
  steps: number[],
  walls: number[],
  values: number[] = steps,
): ScalarSeries => ({
  run,
  tag,
  steps: Float64Array.from(steps),
  wall_times: Float64Array.from(walls),
  values: Float32Array.from(values),
});
const words = { title: (id: string) => id, label: (_: string, part: unknown) => String(part) };

/** TensorBoard's `classicSmoothing` of its scalar card, copied unchanged (Apache 2.0). */
function classicSmoothing(values: number[], smoothingWeight: number): number[] {
  let last = values.length > 0 ? 0 : Number.NaN;
  let numAccum = 0;
  const isConstant = values.every((v) => v === values[0]);
  return values.map((nextVal) => {
    if (isConstant || !Number.isFinite(nextVal)) return nextVal;
    last = last * smoothingWeight + (1 - smoothingWeight) * nextVal;
    numAccum++;
    let debiasWeight = 1;
    if (smoothingWeight !== 1) debiasWeight = 1 - smoothingWeight ** numAccum;
    return last / debiasWeight;
  });
}

test.each([0, 0.3, 0.6, 0.99])("smooth with weight %d equals TensorBoard's", (weight) => {
  const random = Array.from({ length: 60 }, (_, i) => Math.sin(i * 12.9898) * 43.7);
  random[7] = Number.NaN;
  random[20] = Number.POSITIVE_INFINITY;
  const expected = classicSmoothing(random, weight);
  const found = smooth(random, weight);
  random.forEach((_, i) => {
    if (Number.isFinite(expected[i])) expect(found[i]).toBeCloseTo(expected[i], 10);
    else expect(found[i]).toBe(expected[i]);
  });
  expect([...smooth([3, 3, 3], weight)]).toEqual([3, 3, 3]);
});

test("partOf recognizes common names of parts", () => {
  const found = [
    "loss",
    "val_loss",
    "test_loss",
    "eval/loss",
    "loss/val",
    "train/loss",
    "value_loss",
    "val",
  ].map(partOf);
  expect(found.map(({ base, part }) => `${base} ${part}`)).toEqual([
    "loss train",
    "loss validation",
    "loss test",
    "loss validation",
    "loss validation",
    "loss train",
    "value_loss train",
    "val train",
  ]);
});

test("scalarCharts groups tags and sorts charts", () => {
  const charts = scalarCharts(
    [
      "accuracy_of_mine",
      "loss",
      "nnviz/global/clip_factor",
      "nnviz/global/clip_rate",
      "nnviz/global/gradient_norm",
      "nnviz/global/gradient_norm_before_clipping",
      "nnviz/global/learning_rate/0",
      "nnviz/global/learning_rate/head",
      "nnviz/global/overhead_seconds",
      "nnviz/log/aux",
      "nnviz/log/loss",
      "nnviz/log/test_accuracy",
      "nnviz/log/val_loss",
      "nnviz/window/gradient_norm_max",
      "nnviz/window/gradient_norm_max_step",
      "nnviz/window/steps",
    ],
    words,
  );
  expect(charts.map(({ id, tags }) => [id, tags.length])).toEqual([
    ["loss", 2],
    ["accuracy", 1],
    ["learning_rate", 2],
    ["gradient_norm", 2],
    ["aux", 1],
    ["clipping", 2],
    ["window_gradient_norm_max", 1],
    ["own:accuracy_of_mine", 1],
    ["own:loss", 1],
    ["overhead_seconds", 1],
  ]);
  expect(charts[0].tags).toEqual([
    { tag: "nnviz/log/loss", part: "train", label: "train" },
    { tag: "nnviz/log/val_loss", part: "validation", label: "validation" },
  ]);
  expect(charts[1].tags[0].label).toBe("test");
});

const steps = Array.from({ length: 51 }, (_, i) => 2 * i);
const walls = steps.map((step) => 1000 + step * 0.5);
const clock = clockOf([
  curve("a", "nnviz/global/gradient_norm", steps, walls),
  curve("a", "nnviz/log/x", [7], [1]),
])!;

test("stepAt and wallAt are inverse", () => {
  expect(stepAt(clock, 1010.5)).toBe(21);
  expect(wallAt(clock, 21)).toBe(1010.5);
  expect([stepAt(clock, 0), stepAt(clock, 9999)]).toEqual([0, 100]);
});

test("alignedSteps places scalars counted in epochs by wall time", () => {
  const epochs = curve("a", "loss", [0, 1, 2, 3, 4], [1010, 1020, 1030, 1040, 1050]);
  expect(countsOtherSteps(epochs, clock)).toBe(true);
  const { steps: at, byTime } = alignedSteps(epochs, clock);
  expect([byTime, [...at]]).toEqual([true, [20, 40, 60, 80, 100]]);
  const odd = curve("a", "loss", [9, 29, 49], [1004.9, 1015, 1024.4]);
  expect(alignedSteps(odd, clock)).toEqual({ steps: odd.steps, byTime: false });
});

test("curveLines returns x values per axis", () => {
  const own = curve("a", "nnviz/log/loss", [0, 10, 20], [1000, 1005, 1010], [1, 2, 3]);
  const chart = scalarCharts(["nnviz/log/loss"], words)[0];
  const clocks = new Map([["a", clock]]);
  const x = (mode: "step" | "wall" | "relative") => [
    ...curveLines(chart, [own], ["a"], clocks, mode, 0)[0].x,
  ];
  expect([x("step"), x("wall"), x("relative")]).toEqual([
    [0, 10, 20],
    [1000, 1005, 1010],
    [0, 5, 10],
  ]);
  expect(xOfStep(10, "relative", clock)).toBe(5);
  expect(stepOfX(5, "relative", clock)).toBe(10);
  expect(xOfStep(10, "wall", null)).toBeNull();
  expect(curvesCsv(curveLines(chart, [own], ["a"], clocks, "wall", 0.9), String)).toBe(
    "run,tag,step,wall_time,value\na,nnviz/log/loss,0,1000,1\na,nnviz/log/loss,10,1005,2\na,nnviz/log/loss,20,1010,3\n",
  );
});

const line = (values: number[]): Line => ({
  x: Float64Array.from(values.keys()),
  raw: Float32Array.from(values),
  drawn: Float64Array.from(values),
});

test("lineScale ignores a spike unless all values are requested", () => {
  const values = Array.from({ length: 99 }, (_, i) => 1 + (i % 10) / 10);
  const lines = [line([...values, 1e6])];
  const robust = lineScale(lines, "linear", true);
  expect([robust.mode, robust.lo < 1, robust.hi < 3]).toEqual(["linear", true, true]);
  expect(beyond(lines, robust)).toBe(1);
  const all = lineScale(lines, "linear", false);
  expect([all.hi > 1e6, beyond(lines, all)]).toEqual([true, 0]);
  expect(lineScale([line([Number.NaN, 0, 0])], "auto", true)).toMatchObject({
    mode: "linear",
    lo: 0,
    hi: 1.05,
  });
  expect(lineScale([line([0.5, 0.9])], "auto", true).lo).toBeGreaterThan(0.4);
});

test("lineScale is logarithmic for positive values over decades", () => {
  const decades = Array.from({ length: 20 }, (_, i) => 10 ** (-i / 4));
  expect(lineScale([line(decades)], "auto", true)).toMatchObject({ mode: "log", lo: 1e-5, hi: 1 });
  expect(lineScale([line([...decades, -1])], "auto", true).mode).toBe("linear");
  expect(lineScale([line([...decades, 0])], "log", true).mode).toBe("log");
  expect(lineScale([line([-1, -2])], "log", true).mode).toBe("linear");
});

const rows = (kind: string, values: number[][]): RowSeries => ({
  kind,
  statistic: kind === "update" ? "ratio" : "norm",
  rows: values[0].map((_, i) => ({ name: `layer${i}` })),
  steps: Float64Array.from(values.keys(), (i) => 2 * i),
  absent: new Uint8Array(values.length * values[0].length),
  values: Float32Array.from(values.flat()),
});

test("spikeSource returns the row with the largest ratio to its median", () => {
  const quiet = Array.from({ length: 9 }, () => [1, 100, 0.01]);
  const gradient = rows("gradient", [...quiet, [3, 500, 0.02]]);
  expect(spikeSource([gradient], 18)).toMatchObject({
    row: "layer1",
    ratio: 5,
    baseline: 100,
    value: 500,
    step: 18,
  });
  const update = rows("update", [...quiet, [1, 100, 0.5]]);
  expect(spikeSource([gradient, update], 19)).toMatchObject({
    kind: "update",
    row: "layer2",
    ratio: expect.closeTo(50),
  });
  expect(spikeSource([rows("gradient", [[1], [2]])], 2)).toBeNull();
  expect(spikeSource([], 2)).toBeNull();
});

test("spikeSource prefers the first nonfinite row, then the last layer", () => {
  const quiet = Array.from({ length: 5 }, () => [1, 1, 1]);
  const values = [...quiet, [1, Number.NaN, Number.NaN], [Number.NaN, Number.NaN, Number.NaN]];
  expect(spikeSource([rows("gradient", values)], 12)).toMatchObject({ row: "layer2", step: 10 });
});

test("timeTicks are round times", () => {
  expect(timeTicks(0, 100, 4)).toEqual([0, 30, 60, 90]);
  expect(timeTicks(1003, 1012, 3, 1000)).toEqual([1005, 1010]);
  expect([0, 4.5, 59, 90, 3725].map(duration)).toEqual(["0", "4.5 s", "59 s", "1:30", "1:02:05"]);
});
