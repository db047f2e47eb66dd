import { describe, expect, test } from "vitest";
import type { Scale } from "../../lib/types";
import { cellOf, isDefined, type LineSeries } from "./model_values";
import { sparkPaths } from "./parts/cells";

const scale: Scale = { mode: "log", lo: 1e-3, hi: 1, diverging: false };

/** One line of a run at steps 0, 10, 20 and so on. */
function series(values: number[], absent: number[] = []): LineSeries {
  const at = Float64Array.from(values, (_, i) => 10 * i);
  const value = Float32Array.from(values);
  const flags = Uint8Array.from(values, (_, i) => (absent.includes(i) ? 1 : 0));
  return { run: "a", steps: at, lines: 1, whole: true, at, value, low: value, high: value, absent: flags };
}

const paths = (values: number[], absent: number[] = []) =>
  sparkPaths(
    series(values, absent),
    0,
    scale,
    (step) => step,
    (value) => Math.round(value * 100),
    22,
  );

describe("sparkPaths", () => {
  test("values within the scale, are a curve", () => {
    expect(paths([0.1, 0.2])).toEqual({ curve: "M0 10h0.1L10 20", clipped: "", bad: "" });
  });
  test("values beyond the scale, have triangles and no line along its end", () => {
    const { curve, clipped } = paths([0.1, 1e31, 1e31, 4e-17, 0.1]);
    expect(clipped.match(/z/g)).toHaveLength(3);
    expect(curve.match(/M20 /g)).toHaveLength(1);
  });
  test("exact zeros on a log scale, are below it", () => {
    expect(paths([0.1, 0]).clipped).toContain("M10 22");
  });
  test("NaN and Inf, are crosses, and absent steps are gaps", () => {
    const { curve, bad } = paths([0.1, Number.NaN, Number.POSITIVE_INFINITY, 7, 0.1], [3]);
    expect(bad.match(/M/g)).toHaveLength(2);
    expect(curve).toBe("M0 10h0.1M40 10h0.1");
  });
});

describe("cellOf", () => {
  test("NaN of a statistic that is undefined for some layers, is NaN where any step has a value", () => {
    const some = series([0.5, Number.NaN]);
    const none = series([Number.NaN, Number.NaN]);
    expect(isDefined(some, 0)).toBe(true);
    expect(isDefined(none, 0)).toBe(false);
    const state = (of: LineSeries) => cellOf(Number.NaN, false, "saturated_fraction", isDefined(of, 0)).state;
    expect([state(some), state(none)]).toEqual([2, 5]);
    expect(cellOf(Number.NaN, false, "dead_fraction").state).toBe(2);
  });
});
