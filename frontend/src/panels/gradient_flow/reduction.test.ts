import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildGrid, stateOf } from "../../lib/grid";
import { aggregateOf, mayBeUndefined } from "../../lib/statistics";
import { CELL } from "../../lib/types";
import { grid, line, renamed, series } from "../../testing/helpers";
import { dominant } from "./paint";

/** Parse a number. Numbers that JSON lacks are strings: nan, inf, -inf. */
type Numeral = number | "nan" | "inf" | "-inf";

interface Fixture {
  aggregations: Record<string, string>;
  may_be_undefined: string[];
  blocks: {
    name: string;
    statistic: string;
    numel: number[];
    values: Numeral[][];
    absent: number[][];
    expected: Numeral[];
  }[];
  columns: {
    name: string;
    values: Numeral[];
    absent: number[];
    at: number;
    state: "value" | "zero" | "nonfinite" | "absent";
  }[];
}

/** The fixture that tests/logs/test_reduction.py also uses to check the server's implementations. */
const FIXTURE = JSON.parse(
  readFileSync(new URL("../../../../tests/fixtures/reduction.json", import.meta.url), "utf-8"),
) as Fixture;

const NUMERALS = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };
const numberOf = (one: Numeral) => (typeof one === "number" ? one : NUMERALS[one]);

test("aggregations are those of the fixture", () => {
  const names = Object.keys(FIXTURE.aggregations);
  expect(Object.fromEntries(names.map((name) => [name, aggregateOf(name)]))).toEqual(FIXTURE.aggregations);
  const undefinable = [...names, ...FIXTURE.may_be_undefined].filter(mayBeUndefined);
  expect(new Set(undefinable)).toEqual(new Set(FIXTURE.may_be_undefined));
});

test.each(FIXTURE.blocks)("block: $name", ({ statistic, numel, values, absent, expected }) => {
  const names = numel.map((_, row) => `row${row}`);
  const steps = values.map((_, step) => step);
  const cells = values.map((of, step) => of.map((one, row) => (absent[step][row] ? null : numberOf(one))));
  const made = series("r", names, steps, cells);
  const run = renamed({ ...made, rows: made.rows.map((row, i) => ({ ...row, numel: numel[i] })) }, statistic);
  const rows = names.map((_, row) => row);
  const { values: found } = buildGrid(run, statistic, [line("block", rows, "block")], Int32Array.from(rows));
  expected.forEach((one, step) => {
    const wanted = Math.fround(numberOf(one));
    if (Number.isNaN(wanted)) expect(found[step]).toBeNaN();
    else expect(Math.abs(found[step] - wanted)).toBeLessThanOrEqual(1e-6 * Math.abs(wanted));
  });
});

test.each(FIXTURE.columns)("column: $name", ({ values, absent, at, state }) => {
  const numbers = values.map((one) => Math.fround(numberOf(one)));
  const states = numbers.map((one, step) => stateOf(one, absent[step] === 1));
  const one = grid(
    "r",
    numbers.map((_, step) => step),
    [numbers],
    [states],
  );
  expect(dominant(one, 0, 0, numbers.length - 1)).toBe(at);
  expect(states[at]).toBe(CELL[state]);
});
