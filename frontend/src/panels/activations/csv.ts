import { quote } from "../../lib/csv";
import { exact } from "../../lib/format";
import { type Board, placeOf } from "./model";

/** What is shown of a layer, a line a value: run, layer, step, sample, unit, row, column, value. */
export function mapsToCsv(
  boards: readonly Board[],
  layer: string,
  sample: number,
  difference: boolean,
): string {
  const [first] = boards;
  const unit = first?.unitAxis || "unit";
  const row = first?.rowAxis || "row";
  const column = first?.columnAxis || "column";
  const out = [
    `run,layer,step,sample,${unit},${row},${column},${difference ? "value_or_difference" : "value"}`,
  ];
  for (const board of boards) {
    const start = `${quote(board.run)},${quote(layer)},${board.step}`;
    board.ids.forEach((id, unitPlace) => {
      for (let r = 0; r < board.rows; r++) {
        for (let c = 0; c < board.columns; c++) {
          const shown = board.rowAxis === "sample" ? r : sample;
          out.push(
            `${start},${shown},${id},${r},${c},${exact(board.values[placeOf(board, unitPlace, r, c)])}`,
          );
        }
      }
    });
  }
  return `${out.join("\n")}\n`;
}
