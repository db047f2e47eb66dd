import type { Missing, ScalarSeries } from "../../lib/types";
import { ascending, Fields, numbers, text } from "./check";
import { items, missingOf } from "./items";

/** Answer of `POST scalars`. */
export interface ScalarsAnswer {
  series: ScalarSeries[];
  missing: Missing[];
}

export function decodeScalars(header: unknown): ScalarsAnswer {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const series = items(answer, "series", missing, (one) => {
    const steps = one.read("steps", ascending);
    return {
      run: one.read("run", text),
      tag: one.read("tag", text),
      steps,
      wall_times: numbers(one.get("wall_times"), "wall_times", [Float64Array], steps.length),
      values: numbers(one.get("values"), "values", [Float32Array], steps.length),
    };
  });
  return { series, missing };
}
