import { describe, expect, test } from "vitest";
import { toCsv } from "../../lib/csv";
import { CELL, type Line, type Scale } from "../../lib/types";
import { curveScale, curves } from "../../plot/layout_curve";
import { grid, line } from "../../testing/helpers";
import { lineAt, lineTops, stageGeometry } from "./layout";
import { runProfile } from "./model_profile";

const { value, zero, nonfinite, absent } = CELL;
const LOG: Scale = { mode: "log", lo: 1e-4, hi: 1, diverging: false };
const A = grid(
  "a",
  [0, 10],
  [
    [0.01, 0.1],
    [0, Number.NaN],
    [1e-9, Number.NaN],
  ],
  [
    [value, value],
    [zero, nonfinite],
    [value, absent],
  ],
);

describe("profile", () => {
  test("runProfile, values, zeros and NaN, stand on their lanes", () => {
    expect(runProfile(A, 3, LOG)).toEqual({
      run: "a",
      step: 0,
      points: [
        { line: 0, lane: "scale", t: expect.closeTo(0.5, 6), value: Math.fround(0.01) },
        { line: 1, lane: "zero", t: 0, value: 0 },
        { line: 2, lane: "under", t: 0, value: Math.fround(1e-9) },
      ],
    });
    const late = runProfile(A, 99, LOG);
    expect(late.step).toBe(10);
    expect(late.points.map(({ lane }) => lane)).toEqual(["scale", "nonfinite"]);
  });
  test("runProfile, no steps, has no points", () => {
    expect(runProfile(grid("e", [], [[]], [[]]), 3, LOG)).toEqual({ run: "e", step: null, points: [] });
  });
});

describe("curves", () => {
  const shared: Scale = { mode: "log", lo: 1e-10, hi: 100, diverging: false };
  const b = grid("b", [5, 10], [[2, 3]], [[value, value]]);
  test("curves, shared steps, marks missing steps and values", () => {
    const made = curves([grid("a", [0, 10], [[0, 4]], [[zero, value]]), b], 0);
    expect([...made.steps]).toEqual([0, 5, 10]);
    expect(made.runs[0]).toEqual({
      run: "a",
      values: [null, undefined, 4],
      far: null,
      zeros: [0],
      nonfinites: [],
    });
    expect(made.runs[1].values).toEqual([undefined, 2, 3]);
  });
  test("curveScale, values, holds all and at least a decade", () => {
    expect(curveScale(curves([b], 0), "log", shared)).toMatchObject({ lo: 1, hi: 10 });
    expect(curveScale(curves([b], 0), "linear", shared)).toMatchObject({ lo: 0, hi: 3 });
    const signed = curves([grid("s", [0, 1], [[-2, 4]], [[value, value]])], 0);
    expect(curveScale(signed, "linear", shared)).toMatchObject({
      mode: "linear",
      lo: -2,
      hi: 4,
      diverging: true,
    });
    const symlog: Scale = { mode: "symlog", lo: -100, hi: 100, diverging: true, threshold: 0.1 };
    expect(curveScale(signed, "log", symlog)).toEqual({ ...symlog, lo: -2, hi: 5 });
    expect(curveScale(curves([], 0), "log", shared)).toMatchObject({ mode: "log" });
  });
  test("curveScale, exploding run, has the chart's own range", () => {
    const runs = [b, grid("x", [5, 10], [[1, 1e30]], [[value, value]])];
    expect(curveScale(curves(runs, 0), "log", shared)).toMatchObject({ lo: 1, hi: 1e30 });
    const vanished = [b, grid("x", [5, 10], [[1e-30, 1]], [[value, value]])];
    expect(curveScale(curves(vanished, 0), "log", shared)).toMatchObject({ lo: 1e-30, hi: 5 });
    const factors: Scale = { mode: "linear", lo: -6, hi: 6, diverging: true, factor: true };
    expect(curveScale(curves([grid("x", [5, 10], [[0, 31]], [[value, value]])], 0), "log", factors).hi).toBe(
      31,
    );
    const symlog: Scale = { mode: "symlog", lo: -1, hi: 1, diverging: true, threshold: 0.1 };
    const signed = curves([grid("s", [5, 10], [[-1e30, 1]], [[value, value]])], 0);
    expect(curveScale(signed, "log", symlog).lo).toBe(-1e30);
  });
  test("curveScale, rare values far away, are clipped", () => {
    const steps = Array.from({ length: 50 }, (_, i) => i);
    const usual = steps.map((i) => (i === 20 ? 1e30 : 1 + i / 50));
    const made = curves([grid("x", steps, [usual], [steps.map(() => value)])], 0);
    expect(curveScale(made, "log", shared)).toMatchObject({ hi: 5 });
  });
});

describe("geometry", () => {
  const lines = (n: number, headers = 0): Pick<Line, "type">[] => [
    ...Array.from({ length: headers }, () => ({ type: "header" as const })),
    ...Array.from({ length: n }, () => ({ type: "row" as const })),
  ];
  test("lineTops and lineAt, heights, agree", () => {
    const tops = lineTops([{ type: "row" }, { type: "header" }, { type: "row" }], 24);
    expect(tops).toEqual([0, 24, 41, 65]);
    expect([-4, 0, 23, 24, 41, 64, 99].map((y) => lineAt(tops, y))).toEqual([0, 0, 0, 1, 2, 2, 2]);
  });
  test("stageGeometry, more rows, shrink to a limit and scroll", () => {
    expect(stageGeometry(1160, 740, lines(5), 3, 180).rowHeight).toBe(24);
    const many = stageGeometry(1160, 740, lines(30), 3, 180);
    expect(many.rowHeight).toBeLessThan(24);
    expect(many.tops[30]).toBe(many.window);
    const scrolls = stageGeometry(1160, 740, lines(300), 3, 180);
    expect(scrolls.rowHeight).toBe(12);
    expect(scrolls.tops[300]).toBeGreaterThan(scrolls.window);
  });
  test.each([
    [1160, 740, 4],
    [752, 690, 4],
    [720, 490, 4],
    [720, 490, 30],
  ])("%i by %i with %i runs: nothing is pushed out below", (width, height, runs) => {
    const size = stageGeometry(width, height, lines(40, 8), runs, 200);
    const bar = size.map * runs + size.tree + size.profile + 14 * (runs + 1) > width ? 12 : 0;
    expect(34 + size.window + 24 + bar + size.series).toBeLessThanOrEqual(height);
    expect(size.map).toBeGreaterThanOrEqual(80);
  });
});

test("toCsv, cells, hold state and exact value", () => {
  const csv = toCsv([A], [line("x,y", [0]), line("h", [0], "header"), line("z", [0])], LOG);
  expect(csv).toBe(
    'run,row,step,value,state\na,"x,y",0,0.01,value\na,"x,y",10,0.1,value\na,z,0,1e-9,value\na,z,10,,absent\n',
  );
});
