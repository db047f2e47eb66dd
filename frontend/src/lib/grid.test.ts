import { describe, expect, test } from "vitest";
import { line, renamed, series } from "../testing/helpers";
import { statisticName } from "../ui/text";
import { aggregate, buildGrid } from "./grid";
import { aggregateOf, hasThresholds, sortKinds, sortStatistics } from "./statistics";
import { CELL } from "./types";

const { value, zero, nonfinite, absent, header } = CELL;

describe("buildGrid", () => {
  const one = series(
    "r",
    ["a", "b"],
    [0, 10, 20],
    [
      [3, 4],
      [0, null],
      [Number.NaN, Number.POSITIVE_INFINITY],
    ],
  );
  test("arranges contiguous lines with states, and a missing row as absent", () => {
    const made = buildGrid(
      one,
      "norm",
      [line("a", [0]), line("x", [1]), line("b", [2])],
      Int32Array.of(0, -1, 1),
    );
    expect([...made.states]).toEqual([
      value,
      zero,
      nonfinite,
      absent,
      absent,
      absent,
      value,
      absent,
      nonfinite,
    ]);
    expect(made.values[0]).toBe(3);
    expect(made.values[1]).toBe(0);
    expect(made.values[6]).toBe(4);
    expect(made.values[8]).toBe(Number.POSITIVE_INFINITY);
  });
  test("aggregates a block's norm as the root sum of squares of present rows", () => {
    const made = buildGrid(one, "norm", [line("blk.*", [0, 1], "block")], Int32Array.of(0, 1));
    expect(made.values[0]).toBe(5);
    expect([...made.states]).toEqual([value, zero, nonfinite]);
  });
  test("gives the header of an expanded block no cells", () => {
    const made = buildGrid(
      one,
      "norm",
      [line("blk.*", [0, 1], "header"), line("a", [0])],
      Int32Array.of(0, 1),
    );
    expect([...made.states.slice(0, 3)]).toEqual([header, header, header]);
    expect(made.states[3]).toBe(value);
  });
  test("marks a missing statistic as absent", () => {
    expect([...buildGrid(one, "rms", [line("a", [0])], Int32Array.of(0)).states]).toEqual([
      absent,
      absent,
      absent,
    ]);
  });
  test("treats a fraction that is always NaN as undefined, one that becomes NaN as nonfinite", () => {
    const two = series(
      "r",
      ["relu", "tanh"],
      [0, 1],
      [
        [Number.NaN, 0.5],
        [Number.NaN, Number.NaN],
      ],
    );
    const made = buildGrid(
      renamed(two, "saturated_fraction"),
      "saturated_fraction",
      [line("relu", [0]), line("tanh", [1])],
      Int32Array.of(0, 1),
    );
    expect([...made.states]).toEqual([CELL.undefined, CELL.undefined, value, nonfinite]);
  });
});

test("aggregate matches values computed by hand", () => {
  expect(aggregate("root_sum_squares", [3e-30, 4e-30])).toBeCloseTo(5e-30, 36);
  expect(aggregate("min", [2, -3, 4])).toBe(-3);
  expect(aggregate("max", [2, -3, 4])).toBe(4);
  expect(aggregate("sum", [2, 3, 4])).toBe(9);
  expect(aggregate("mean", [0.1, 0.3])).toBeCloseTo(0.2, 12);
  expect(aggregate("max", [1, Number.NaN])).toBeNaN();
  expect(aggregate("min", [1, Number.POSITIVE_INFINITY])).toBeNaN();
});

test("aggregateOf returns the reduction of each statistic", () => {
  expect(
    ["norm", "norm~", "min", "max", "absmax", "count", "nonfinite", "std", "ratio", "novel"].map(aggregateOf),
  ).toEqual([
    "root_sum_squares",
    "root_sum_squares",
    "min",
    "max",
    "max",
    "sum",
    "sum",
    "mean",
    "mean",
    "mean",
  ]);
  expect(hasThresholds("gradient", "norm")).toBe(true);
  expect(hasThresholds("gradient", "norm~")).toBe(true);
  expect(hasThresholds("gradient", "rms")).toBe(false);
  expect(hasThresholds("update", "norm")).toBe(false);
  expect(sortStatistics(["zzz", "count", "norm", "absmax"])).toEqual(["norm", "absmax", "count", "zzz"]);
  expect(sortKinds(["activation", "novel", "gradient"])).toEqual(["gradient", "activation", "novel"]);
});

describe("optimizer statistics", () => {
  test("a block's moments are root sums of squares, its step size a root mean square over elements", () => {
    expect(aggregateOf("first_moment_norm")).toBe("root_sum_squares");
    expect(aggregateOf("second_moment_norm")).toBe("root_sum_squares");
    expect(aggregateOf("outlier_ratio")).toBe("max");
    expect(aggregate(aggregateOf("effective_step_size"), [3, 1], [1, 3])).toBeCloseTo(Math.sqrt(12 / 4), 12);
    const one = series(
      "r",
      ["a.weight", "b.weight"],
      [0, 10],
      [
        [3e-20, 1e-20],
        [Number.NaN, 1],
      ],
    );
    one.rows[0].numel = 1;
    one.rows[1].numel = 3;
    const made = buildGrid(
      renamed(one, "effective_step_size"),
      "effective_step_size",
      [line("x.*", [0, 1], "block")],
      Int32Array.of(0, 1),
    );
    expect(made.values[0] / 1e-20).toBeCloseTo(Math.sqrt(3), 5);
    expect([...made.states]).toEqual([value, nonfinite]);
  });
  test("have names and an order", () => {
    expect(sortKinds(["parameter", "optimizer", "update"])).toEqual(["update", "optimizer", "parameter"]);
    expect(
      sortStatistics(["count", "effective_step_size", "second_moment_norm", "first_moment_norm"]),
    ).toEqual(["first_moment_norm", "second_moment_norm", "effective_step_size", "count"]);
    expect(statisticName("optimizer", "first_moment_norm")).toBe("First moment norm");
    expect(statisticName("optimizer", "effective_step_size")).toBe("Effective step size");
    expect(statisticName("optimizer", "count")).toBe("Optimizer element count");
    expect(statisticName("activation", "outlier_ratio")).toBe("Activation outlier ratio of units");
  });
});
