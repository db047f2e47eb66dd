import { cell, csvFile } from "../../lib/csv";
import { exact } from "../../lib/format";
import { type Cells, cellIndex, isBlank } from "./model";

interface RunCells {
  run: string;
  step: number;
  cells: Cells | null;
}

/** Return the cells of the maps as CSV, one per line: run, parameter, step, index, mean, min, max. */
export function weightsCsv(parameter: string, sheets: readonly RunCells[]): string {
  const lines: string[] = [];
  for (const { run, step, cells } of sheets) {
    if (!cells) continue;
    const start = `${cell(run)},${cell(parameter)},${step}`;
    for (let row = 0, at = 0; row < cells.rows; row++) {
      for (let column = 0; column < cells.columns; column++, at++) {
        if (isBlank(cells, at)) continue;
        const index = cell(cellIndex(cells, row, column));
        const three = [cells.mean[at], cells.min[at], cells.max[at]].map(exact);
        lines.push(`${start},${index},${three.join(",")}`);
      }
    }
  }
  return csvFile(["run", "parameter", "step", "index", "mean", "min", "max"], lines);
}
