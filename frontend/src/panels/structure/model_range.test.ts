import { expect, test } from "vitest";
import { CELL } from "../../lib/types";
import { rangeOf, unitOf } from "./model_range";
import { NOTHING, PENDING } from "./model_values";

const cell = (value: number) => ({ state: Number.isFinite(value) ? CELL.value : CELL.nonfinite, value });

test("rangeOf has the extremes of finite values and counts the others", () => {
  expect(rangeOf([cell(2), cell(0.5), cell(Number.NaN), cell(Number.POSITIVE_INFINITY), NOTHING])).toEqual({
    low: 0.5,
    high: 2,
    bad: 2,
    isPending: false,
  });
  expect(rangeOf([NOTHING, PENDING])).toEqual({ low: Number.NaN, high: Number.NaN, bad: 0, isPending: true });
});

test("unitOf is the position within the range", () => {
  const range = { low: 1, high: 100, bad: 0, isPending: false };
  expect([1, 10, 100].map((value) => unitOf(value, range, true))).toEqual([0, 0.5, 1]);
  expect(unitOf(50.5, range, false)).toBe(0.5);
  expect(unitOf(3, { ...range, low: 3, high: 3 }, true)).toBe(0.5);
  expect(unitOf(0, { ...range, low: -1, high: 1 }, true)).toBe(0.5);
});
