import { exact } from "./format";
import { labelOf } from "./palette";
import type { CellLabel, CellState, Grid, Line, Scale } from "./types";

/** Characters at the start of a cell that make a spreadsheet run it as a formula. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|Inf|NaN)$/i;
/** Characters that end a cell, in any of the usual formats of CSV. */
const SPECIAL = /[",;\t\r\n]/;

/**
 * Return a name as a CSV cell. A spreadsheet would run a name such as `=1+1`, so it gets an apostrophe in front, which
 * makes it a text. Numbers stay as they are.
 *
 * >>> cell("@SUM(1)")
 * "'@SUM(1)"
 */
export function cell(name: string): string {
  const text = FORMULA.test(name) && !NUMBER.test(name) ? `'${name}` : name;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Return a line of CSV without its end. Numbers are written in full. */
export const csvLine = (cells: readonly (string | number)[]) =>
  cells.map((one) => (typeof one === "number" ? exactNumber(one) : cell(one))).join(",");

/** Return a number as it is. Infinities and NaN are written as the page shows them. */
const exactNumber = (value: number) => (Number.isFinite(value) ? String(value) : exact(value));

/** Return a CSV file of lines below a head. */
export const csvFile = (head: readonly string[], lines: readonly string[]) =>
  `${[csvLine(head), ...lines].join("\n")}\n`;

/** States that are written without a value. */
const BLANK: readonly CellLabel[] = ["absent", "undefined", "refZero", "refNonfinite", "refAbsent"];

/**
 * Return the cells of heat maps as CSV, one per line: run, row, step, value, state. Factors are written as plain
 * numbers, not as logarithms. If runs are compared with `reference`, the reference's step is added.
 */
export function toCsv(
  grids: readonly Grid[],
  lines: readonly Line[],
  scale: Scale,
  reference: Grid | null = null,
): string {
  return csvHead(reference !== null) + csvRows(grids, lines, scale, reference);
}

export const csvHead = (compared: boolean) =>
  `run,row,step,value,state${compared ? ",reference_step" : ""}\n`;

/** Return the lines of the CSV without its header. */
export function csvRows(
  grids: readonly Grid[],
  lines: readonly Line[],
  scale: Scale,
  reference: Grid | null,
): string {
  const out: string[] = [];
  for (const grid of grids) {
    const run = cell(grid.run);
    lines.forEach((line, l) => {
      if (line.type === "header") return;
      const start = `${run},${cell(line.key)}`;
      for (let s = 0; s < grid.steps.length; s++) {
        const at = l * grid.steps.length + s;
        const state = labelOf(grid.states[at] as CellState, grid.values[at], scale);
        const reported = state === "under" || state === "over" ? "value" : state;
        const number = scale.factor ? 10 ** grid.values[at] : grid.values[at];
        const value = BLANK.includes(reported) ? "" : exact(number);
        const match = grid.match && reference ? grid.match.at[s] : -1;
        const referenceStep = !reference ? "" : match < 0 ? "," : `,${reference.steps[match]}`;
        out.push(`${start},${grid.steps[s]},${value},${reported}${referenceStep}`);
      }
    });
  }
  return out.length > 0 ? `${out.join("\n")}\n` : "";
}
