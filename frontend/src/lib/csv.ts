import { exact } from "./format";
import { labelOf } from "./palette";
import type { CellLabel, CellState, Grid, Line, Scale } from "./types";

/** Quote a CSV field if needed. */
export const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

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
    lines.forEach((line, l) => {
      if (line.type === "header") return;
      for (let s = 0; s < grid.steps.length; s++) {
        const at = l * grid.steps.length + s;
        const state = labelOf(grid.states[at] as CellState, grid.values[at], scale);
        const reported = state === "under" || state === "over" ? "value" : state;
        const number = scale.factor ? 10 ** grid.values[at] : grid.values[at];
        const value = BLANK.includes(reported) ? "" : exact(number);
        const match = grid.match && reference ? grid.match.at[s] : -1;
        const referenceStep = !reference ? "" : match < 0 ? "," : `,${reference.steps[match]}`;
        out.push(
          `${quote(grid.run)},${quote(line.key)},${grid.steps[s]},${value},${reported}${referenceStep}`,
        );
      }
    });
  }
  return out.length > 0 ? `${out.join("\n")}\n` : "";
}
