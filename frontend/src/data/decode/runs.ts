import type { Missing, Notice, RunInfo } from "../../lib/types";
import { array, count, Fields, finite, invalid, listOf, mapOf, orElse, text } from "./check";
import { items, missingOf } from "./items";

/** Answer of `GET runs`. */
export interface RunsAnswer {
  runs: RunInfo[];
  missing: Missing[];
}

/** Read the answer of `GET runs`. A run without a known start is the last. */
export function decodeRuns(body: unknown): RunsAnswer {
  const answer = new Fields(body, "answer");
  // Without a list of runs, there is nothing to show but the error.
  answer.read("runs", array);
  const missing = missingOf(answer);
  const known = new Set<string>();
  const runs = items(answer, "runs", missing, (one) => ({
    run: one.read("run", (value, thing) => newName(value, thing, known)),
    kinds: one.read("kinds", mapOf(listOf(text))),
    first_wall_time: one.read("first_wall_time", orElse(finite, Number.POSITIVE_INFINITY)),
    steps: one.read("steps", orElse(count, 0)),
    notices: one.get("notices") === undefined ? [] : items(one, "notices", missing, readNotice),
  }));
  return { runs, missing };
}

const readNotice = (one: Fields): Notice => ({
  reason: one.read("reason", text),
  kinds: one.read("kinds", listOf(text)),
  step: one.read("step", finite),
});

/** Return the name of a run. The server cannot be asked for a run whose name is not Unicode. */
function newName(value: unknown, thing: string, known: Set<string>): string {
  const name = text(value, thing);
  if (name !== value) throw invalid(thing, value, "Unicode");
  if (known.has(name)) throw invalid(thing, value, "each run once");
  known.add(name);
  return name;
}
