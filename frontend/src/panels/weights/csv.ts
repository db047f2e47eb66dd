import { quote } from "../../lib/csv";
import { exact } from "../../lib/format";
import { type Cells, cellIndex, isBlank } from "./model";

interface RunCells {
  run: string;
  step: number;
  cells: Cells | null;
}

/** Return the cells of the maps as CSV, one per line: run, parameter, step, index, mean, min, max. */
export function weightsCsv(parameter: string, sheets: readonly RunCells[]): string {
  const lines = ["run,parameter,step,index,mean,min,max"];
  for (const { run, step, cells } of sheets) {
    if (!cells) continue;
    for (let row = 0, at = 0; row < cells.rows; row++) {
      for (let column = 0; column < cells.columns; column++, at++) {
        if (isBlank(cells, at)) continue;
        const index = quote(cellIndex(cells, row, column));
        const three = [cells.mean[at], cells.min[at], cells.max[at]].map(exact);
        lines.push([quote(run), quote(parameter), step, index, ...three].join(","));
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
