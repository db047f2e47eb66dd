import type { CellState, Grid, Line, Scale } from "../types";
import { exact } from "./format";
import { labelOf } from "./palette";

export const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** What the heat maps show, one line a cell: run, row, step, value, state. */
export function toCsv(grids: readonly Grid[], lines: readonly Line[], scale: Scale): string {
  const out = ["run,row,step,value,state"];
  for (const grid of grids) {
    lines.forEach((line, l) => {
      if (line.type === "header") return;
      for (let s = 0; s < grid.steps.length; s++) {
        const at = l * grid.steps.length + s;
        const state = labelOf(grid.states[at] as CellState, grid.values[at], scale);
        const named = state === "under" || state === "over" ? "value" : state;
        const value = named === "absent" || named === "undefined" ? "" : exact(grid.values[at]);
        out.push(`${quote(grid.run)},${quote(line.key)},${grid.steps[s]},${value},${named}`);
      }
    });
  }
  return `${out.join("\n")}\n`;
}
