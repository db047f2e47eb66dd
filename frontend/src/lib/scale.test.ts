import { describe, expect, test } from "vitest";
import { grid } from "../testing/helpers";
import {
  autoScale,
  factorScale,
  finiteValues,
  niceDown,
  niceUp,
  quantile,
  stepTicks,
  ticks,
  toUnit,
} from "./scale";
import { CELL } from "./types";

const of = (values: number[]) => {
  const steps = values.map((_, i) => i);
  const states = values.map((v) =>
    Number.isFinite(v) ? (v === 0 ? CELL.zero : CELL.value) : CELL.nonfinite,
  );
  return finiteValues([grid("r", steps, [values], [states])]);
};

test("finiteValues skips zero, NaN and Inf", () => {
  const found = of([3, 0, Number.NaN, 1, Number.POSITIVE_INFINITY, 2]);
  expect([...found.sorted]).toEqual([1, 2, 3]);
  expect([found.min, found.max]).toEqual([1, 3]);
});

test("finiteValues samples many values in proportion to each run's number", () => {
  // About 300,000 values near 1 in one run, 100,000 near 1000 in the other.
  const spread = (n: number, base: number) => Array.from({ length: n }, (_, i) => base * (1 + i / n));
  const made = (run: string, values: number[]) =>
    grid(run, [...values.keys()], [values], [values.map(() => CELL.value)]);
  const [large, small] = [spread(300_000, 1), spread(100_000, 1000)];
  const found = finiteValues([made("large", large), made("small", small)]);
  expect(found.sorted.length).toBeLessThanOrEqual(1 << 16);
  expect([found.min, found.max]).toEqual([1, Math.fround(small[99_999])]);
  const all = Float64Array.from([...large, ...small]).sort();
  for (const share of [0.01, 0.3, 0.74, 0.76, 0.99])
    expect(quantile(found.sorted, share) / quantile(all, share)).toBeCloseTo(1, 3);
});

test("quantile interpolates linearly", () => {
  expect(quantile([0, 10, 20], 0.25)).toBe(5);
  expect(quantile([4], 0.99)).toBe(4);
});

test("niceUp and niceDown round outward to 1, 2 or 5", () => {
  expect([0.0012, 1, 1.01, 30, 99].map(niceUp)).toEqual([0.002, 1, 2, 50, 100]);
  expect([0.0012, 1, 0.99, 30, 99].map(niceDown)).toEqual([0.001, 1, 0.5, 20, 50]);
});

describe("autoScale", () => {
  test("rounds a wide log range to whole decades", () => {
    const scale = autoScale(of([1e-6, 3e-6, 1e-3, 0.4]), "norm", "log");
    expect(scale).toEqual({ mode: "log", lo: 1e-6, hi: 1, diverging: false });
  });
  test("rounds a narrow log range to 1, 2 or 5", () => {
    expect(autoScale(of([0.012, 0.03, 0.04]), "norm", "log")).toMatchObject({ lo: 0.01, hi: 0.05 });
  });
  test("uses the densest twelve decades of a wider range", () => {
    expect(autoScale(of([1e-30, 1e-20, 0.005, 0.5, 1]), "norm", "log")).toMatchObject({ lo: 0.01, hi: 1 });
    expect(autoScale(of([0.005, 0.5, 1, 1e20, 1e30]), "norm", "log")).toMatchObject({ lo: 0.01, hi: 1 });
    expect(autoScale(of([0.005, 0.5, 1, 1e20, 1e30]), "norm", "linear")).toMatchObject({ lo: 0, hi: 1 });
  });
  test("extends to exceeded thresholds only", () => {
    const thresholds = { vanishing: 1e-6, exploding: 100 };
    const many = (extra: number[]) =>
      of([...new Array(1000).fill(0.011), ...new Array(1000).fill(0.9), ...extra].sort());
    expect(autoScale(many([1e-9, 1e6]), "norm", "log", null, null, thresholds)).toMatchObject({
      lo: 1e-6,
      hi: 100,
    });
    expect(autoScale(many([]), "norm", "log", null, null, thresholds)).toMatchObject({ lo: 0.01, hi: 1 });
    expect(autoScale(many([1e-9, 1e6]), "norm", "log", 0.1, null, thresholds)).toMatchObject({
      lo: 0.1,
      hi: 100,
    });
  });
  test("ignores one spike in a thousand", () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1 + (i % 9));
    expect(autoScale(of([...values, 1e9]), "norm", "linear")).toMatchObject({ lo: 0, hi: 10 });
  });
  test("scales fractions from 0 to 1 in linear mode", () => {
    expect(autoScale(of([0.1, 0.2]), "zero_fraction", "linear")).toMatchObject({ lo: 0, hi: 1 });
  });
  test("diverges about 0 for signed values, linear or symlog", () => {
    expect(autoScale(of([-0.3, 0.1]), "mean", "linear")).toEqual({
      mode: "linear",
      lo: -0.5,
      hi: 0.5,
      diverging: true,
    });
    // Magnitudes 0.1 and 0.3: linear up to 0.1, but at least one decade is logarithmic.
    expect(autoScale(of([-0.3, 0.1]), "mean", "log")).toEqual({
      mode: "symlog",
      lo: -0.5,
      hi: 0.5,
      diverging: true,
      threshold: 0.05,
    });
    expect(autoScale(of([-1, 4]), "min", "log").diverging).toBe(true);
    expect(autoScale(of([1, 4]), "min", "log").diverging).toBe(false);
  });
  test("keeps the contrast of signed values if one run explodes", () => {
    const many = Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (-4 + i / 50));
    const scale = autoScale(of([...many, ...new Array(30).fill(1e30)]), "mean", "log");
    expect(scale).toEqual({ mode: "symlog", lo: -0.01, hi: 0.01, diverging: true, threshold: 1e-4 });
  });
  test("uses a valid range set by hand", () => {
    expect(autoScale(of([1, 2]), "norm", "log", 1e-3, 10)).toMatchObject({ lo: 1e-3, hi: 10 });
    expect(autoScale(of([1, 2]), "norm", "log", 5, 2)).toMatchObject({ lo: 1, hi: 2 });
    expect(autoScale(of([1, 2]), "norm", "log", -1, 10)).toMatchObject({ lo: 1, hi: 10 });
  });
  test("has a range for no value or one value", () => {
    const none = autoScale(of([]), "norm", "log");
    expect(none.lo).toBeLessThan(none.hi);
    const one = autoScale(of([1, 1]), "norm", "log");
    expect(one.lo).toBeLessThan(one.hi);
  });
});

test("toUnit maps values to positions", () => {
  const log = { mode: "log", lo: 1e-4, hi: 1, diverging: false } as const;
  expect(toUnit(log, 1e-2)).toBeCloseTo(0.5, 12);
  expect(toUnit(log, 1e-8)).toBeCloseTo(-1, 12);
  expect(toUnit(log, 0)).toBe(Number.NEGATIVE_INFINITY);
  expect(toUnit({ mode: "linear", lo: -2, hi: 2, diverging: true }, 1)).toBe(0.75);
});

test("toUnit on a symlog scale is symmetric about 0", () => {
  const scale = { mode: "symlog", lo: -99.9, hi: 99.9, diverging: true, threshold: 0.1 } as const;
  // log10(1 + 99.9 / 0.1) = 3, log10(1 + 0.9 / 0.1) = 1.
  expect([0, 99.9, -99.9, 0.9].map((value) => toUnit(scale, value))).toEqual([
    0.5,
    1,
    0,
    expect.closeTo(0.5 + 1 / 6, 12),
  ]);
  expect(ticks(scale, 9)).toEqual([-10, -1, -0.1, 0, 0.1, 1, 10]);
  expect(ticks(scale, 3)).toEqual([-10, 0, 10]);
});

describe("factorScale", () => {
  const logs = (factors: number[]) => of(factors.map(Math.log10));
  test("is symmetric about 1, rounded outward, with at most six decades", () => {
    expect(factorScale(logs([0.3, 1.5]))).toMatchObject({
      lo: expect.closeTo(-Math.log10(5), 12),
      hi: expect.closeTo(Math.log10(5), 12),
      diverging: true,
      factor: true,
    });
    expect(factorScale(logs([1, 2e3]))).toMatchObject({ lo: -4, hi: 4 });
    expect(factorScale(logs([1e-17, 1]))).toMatchObject({ lo: -6, hi: 6 });
    expect(factorScale(logs([1.01, 1.1]))).toMatchObject({ hi: Math.log10(2) });
    expect(factorScale(logs([2]), 0.1, 1000)).toMatchObject({ lo: -1, hi: 3 });
    expect(factorScale(logs([2]), -1, 0)).toMatchObject({ hi: Math.log10(2) });
  });
  test("has ticks at factors of 2 and 5 or of 10", () => {
    const at = (reach: number, count: number) =>
      ticks({ mode: "linear", lo: -reach, hi: reach, diverging: true, factor: true }, count).map((one) =>
        Number((10 ** one).toPrecision(4)),
      );
    expect(at(Math.log10(5), 5)).toEqual([0.25, 0.5, 1, 2, 4]);
    expect(at(1, 7)).toEqual([0.125, 0.25, 0.5, 1, 2, 4, 8]);
    expect(at(4, 5)).toEqual([1e-4, 0.01, 1, 100, 1e4]);
  });
});

test("ticks of linear and log scales are round", () => {
  expect(ticks({ mode: "log", lo: 1e-12, hi: 10, diverging: false }, 5)).toEqual([
    1e-12, 1e-9, 1e-6, 1e-3, 1,
  ]);
  expect(ticks({ mode: "linear", lo: 0, hi: 10, diverging: false }, 2)).toEqual([0, 5, 10]);
  expect(ticks({ mode: "log", lo: 0.2, hi: 0.5, diverging: false }, 4)).toEqual([0.2, 0.5]);
  expect(stepTicks([-1, 401], 4)).toEqual([0, 100, 200, 300, 400]);
  expect(stepTicks([-0.5, 1.5], 6)).toEqual([0, 1]);
});

test("the scale of outlier ratios is logarithmic by default and starts at 1 if linear", () => {
  const ratios = of([1.2, 2.5, 7]);
  expect(autoScale(ratios, "outlier_ratio", "log")).toMatchObject({ mode: "log", lo: 1, hi: 10 });
  expect(autoScale(ratios, "outlier_ratio", "linear")).toMatchObject({ mode: "linear", lo: 1, hi: 10 });
  expect(autoScale(of([1, 1]), "outlier_ratio", "linear")).toMatchObject({ lo: 1, hi: 2 });
});
