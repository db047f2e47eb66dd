import { quote } from "../../lib/csv";
import type { CurveLine } from "./model_lines";

/** Return the logged points of the charts as CSV, one per line. */
export function curvesCsv(lines: readonly CurveLine[], format: (value: number) => string): string {
  const out = ["run,tag,step,wall_time,value"];
  for (const { run, tag, steps, wallTimes, raw } of lines)
    for (let i = 0; i < raw.length; i++)
      out.push(`${quote(run)},${quote(tag.tag)},${steps[i]},${wallTimes[i]},${format(raw[i])}`);
  return `${out.join("\n")}\n`;
}
