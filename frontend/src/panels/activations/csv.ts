import { cell, csvFile } from "../../lib/csv";
import { exact } from "../../lib/format";
import { type MapGrid, valueIndex } from "./model";

/** Return the shown values of a layer as CSV, one per line: run, layer, step, sample, unit, row, column, value. */
export function mapsToCsv(
  grids: readonly MapGrid[],
  layer: string,
  sample: number,
  difference: boolean,
): string {
  const [first] = grids;
  const unit = first?.unitAxis || "unit";
  const row = first?.rowAxis || "row";
  const column = first?.columnAxis || "column";
  const value = difference ? "value_or_difference" : "value";
  const out: string[] = [];
  for (const grid of grids) {
    const start = `${cell(grid.run)},${cell(layer)},${grid.step}`;
    grid.ids.forEach((id, unitPlace) => {
      for (let r = 0; r < grid.rows; r++) {
        for (let c = 0; c < grid.columns; c++) {
          const shown = grid.rowAxis === "sample" ? r : sample;
          out.push(
            `${start},${shown},${id},${r},${c},${exact(grid.values[valueIndex(grid, unitPlace, r, c)])}`,
          );
        }
      }
    });
  }
  return csvFile(["run", "layer", "step", "sample", unit, row, column, value], out);
}
