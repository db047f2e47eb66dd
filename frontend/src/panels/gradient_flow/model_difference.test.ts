import { describe, expect, test } from "vitest";
import { toCsv } from "../../lib/csv";
import { factor, tickOf } from "../../lib/format";
import { CELL, type Scale } from "../../lib/types";
import { grid, line } from "../../testing/helpers";
import { percentileBand } from "./model_band";
import { comparisonOf, differenceGrid, matchSteps } from "./model_difference";
import { runProfile } from "./model_profile";

const { value, zero, nonfinite, absent, refZero, refNonfinite, refAbsent } = CELL;
const cells = (run: string, values: number[], states: number[]) =>
  grid(
    run,
    [0],
    values.map((one) => [one]),
    states.map((one) => [one]),
  );

describe("steps", () => {
  test("matchSteps, nearest step, is far beyond half an interval", () => {
    const match = matchSteps([0, 4, 5, 6, 26, 40], [0, 10, 20]);
    expect([...match.at]).toEqual([0, 0, 0, 1, 2, 2]);
    expect([...match.far]).toEqual([0, 0, 0, 0, 1, 1]);
  });
  test("matchSteps, pause of the reference, is far", () => {
    expect([...matchSteps([50, 99], [0, 10, 20, 100]).far]).toEqual([1, 0]);
  });
  test("matchSteps, no reference steps, matches nothing", () => {
    expect([...matchSteps([1], []).at]).toEqual([-1]);
  });
});

describe("cells", () => {
  const all = differenceGrid(
    cells(
      "a",
      [8, 0, 0, 5, Number.NaN, 3, 3, Number.NaN],
      [value, zero, zero, value, nonfinite, value, value, absent],
    ),
    cells(
      "ref",
      [2, 4, 0, 0, 1, Number.NaN, Number.NaN, 1],
      [value, value, zero, zero, value, nonfinite, absent, value],
    ),
    "ratio",
  );
  test("differenceGrid, states of both sides, decide the state", () => {
    expect([...all.states]).toEqual([value, zero, zero, refZero, nonfinite, refNonfinite, refAbsent, absent]);
    expect(all.values[0]).toBeCloseTo(Math.log10(4), 12);
  });
  test("differenceGrid, ratio beyond float32, is exact", () => {
    const far = differenceGrid(cells("a", [1e30], [value]), cells("ref", [1e-30], [value]), "ratio");
    expect(far.values[0]).toBeCloseTo(60, 5);
    expect(factor(far.values[0])).toBe("×1e60");
  });
  test("differenceGrid, equal values, is exactly 0", () => {
    const made = differenceGrid(
      cells("a", [0.5, -2, 0, 1], [value, value, zero, value]),
      cells("ref", [0.25, -2, 1, 0], [value, value, value, zero]),
      "difference",
    );
    expect([...made.values]).toEqual([0.25, 0, -1, 1]);
    expect([...made.states]).toEqual([value, zero, value, value]);
  });
  test("differenceGrid, factors, are subtracted", () => {
    const made = differenceGrid(
      cells("a", [2, Number.NEGATIVE_INFINITY], [value, zero]),
      cells("ref", [0.5, 1], [value, value]),
      "factors",
    );
    expect(made.values[0]).toBe(1.5);
    expect(made.states[1]).toBe(zero);
  });
  test("differenceGrid, other steps, compares the nearest", () => {
    const made = differenceGrid(
      grid("a", [0, 9, 30], [[10, 10, 10]], [[value, value, value]]),
      grid("ref", [0, 10, 20], [[1, 10, 100]], [[value, value, value]]),
      "ratio",
    );
    expect([...made.values]).toEqual([1, 0, -1]);
    expect([...made.match!.far]).toEqual([0, 0, 1]);
  });
  test("runProfile, reference of 0 or NaN, stands beyond the scale", () => {
    const scale: Scale = { mode: "linear", lo: -1, hi: 1, diverging: true, factor: true };
    expect(runProfile(all, 0, scale).points.map(({ lane }) => lane)).toEqual([
      "scale",
      "zero",
      "zero",
      "over",
      "nonfinite",
      "nonfinite",
    ]);
  });
  test("toCsv, comparison, holds factors and the reference's step", () => {
    const scale: Scale = { mode: "linear", lo: -1, hi: 1, diverging: true, factor: true };
    const lines = Array.from({ length: 8 }, (_, i) => line(`r${i}`, [i]));
    const reference = cells("ref", [2, 4, 0, 0, 1, 0, 0, 1], new Array(8).fill(value));
    expect(toCsv([all], lines, scale, reference).split("\n").slice(0, 5)).toEqual([
      "run,row,step,value,state,reference_step",
      "a,r0,0,4,value,0",
      "a,r1,0,0,zero,0",
      "a,r2,0,0,zero,0",
      "a,r3,0,,refZero,0",
    ]);
  });
});

test("comparisonOf, statistics, is a ratio or a difference", () => {
  expect(comparisonOf("norm", false)).toBe("ratio");
  expect(comparisonOf("ratio", false)).toBe("ratio");
  expect(comparisonOf("mean", true)).toBe("difference");
  expect(comparisonOf("dead_fraction", false)).toBe("difference");
  expect(comparisonOf("nonfinite", false)).toBe("difference");
});

test("factor, values, is text", () => {
  expect([0, 1, -1, Math.log10(2), Math.log10(0.123), 6, -4, 3].map(factor)).toEqual([
    ...["1", "×10", "÷10", "×2", "÷8.13", "×1e6", "÷1e4", "×1000"],
  ]);
  expect([Number.NEGATIVE_INFINITY, Number.NaN].map(factor)).toEqual(["×0", "NaN"]);
  expect(tickOf({}, 0.001)).toBe("1e-3");
});

describe("percentiles", () => {
  const steps = Array.from({ length: 21 }, (_, i) => i);
  test("percentileBand, finite values, interpolates linearly", () => {
    const made = grid(
      "a",
      [...steps, 21],
      [[...steps.map((i) => 10 * i), Number.NaN]],
      [[...steps.map((i) => (i === 0 ? zero : value)), nonfinite]],
    );
    expect(percentileBand(made, 0)).toEqual({ line: 0, lo: 10, hi: 190, count: 21, nonfinite: 1 });
  });
  test("percentileBand, one value, is null", () => {
    expect(percentileBand(grid("a", [0, 1], [[1, 2]], [[value, absent]]), 0)).toBeNull();
    const low = grid("a", [0, 1, 2], [[Number.NEGATIVE_INFINITY, 0, 1]], [[zero, value, value]]);
    expect(percentileBand(low, 0)).toMatchObject({
      lo: Number.NEGATIVE_INFINITY,
      hi: expect.closeTo(0.9, 6),
    });
  });
});
