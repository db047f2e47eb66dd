import type { Missing, RunInfo } from "../../lib/types";
import { count, Fields, finite, listOf, mapOf, orElse, text } from "./check";
import { items, missingOf } from "./items";

/** Answer of `GET runs`. */
export interface RunsAnswer {
  runs: RunInfo[];
  missing: Missing[];
}

/** Read the answer of `GET runs`. A run without a known start is the last. */
export function decodeRuns(body: unknown): RunsAnswer {
  const answer = new Fields(body, "answer");
  const missing = missingOf(answer);
  const runs = items(answer, "runs", missing, (one) => ({
    run: one.read("run", text),
    kinds: one.read("kinds", mapOf(listOf(text))),
    first_wall_time: one.read("first_wall_time", orElse(finite, Number.POSITIVE_INFINITY)),
    steps: one.read("steps", orElse(count, 0)),
  }));
  return { runs, missing };
}
