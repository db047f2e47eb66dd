import { cell, csvFile } from "../../lib/csv";
import type { CurveLine } from "./model_lines";

/** Return the logged points of the charts as CSV, one per line. */
export function curvesCsv(lines: readonly CurveLine[], format: (value: number) => string): string {
  const out: string[] = [];
  for (const { run, tag, steps, wallTimes, raw } of lines) {
    const start = `${cell(run)},${cell(tag.tag)}`;
    for (let i = 0; i < raw.length; i++) out.push(`${start},${steps[i]},${wallTimes[i]},${format(raw[i])}`);
  }
  return csvFile(["run", "tag", "step", "wall_time", "value"], out);
}
