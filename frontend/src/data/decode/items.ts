import type { Missing } from "../../lib/types";
import { array, Fields, nullable, text } from "./check";

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Return the `missing` of an answer. An entry that is invalid itself is listed with that reason. */
export function missingOf(answer: Fields): Missing[] {
  const value = answer.get("missing");
  return value === undefined ? [] : items(answer, "missing", [], readMissing);
}

function readMissing(item: Fields): Missing {
  const found: Missing = { run: item.read("run", nullable(text)), reason: item.read("reason", text) };
  for (const key of ["statistic", "tag", "row"] as const)
    if (typeof item.get(key) === "string") found[key] = item.read(key, text);
  const step = item.get("step");
  if (typeof step === "number") found.step = step;
  return found;
}

/**
 * Return the valid items of a list. The others are added to `missing` with their run and the reason, so that one bad
 * item affects no other.
 */
export function items<T>(answer: Fields, key: string, missing: Missing[], read: (item: Fields) => T): T[] {
  const found: T[] = [];
  const list = answer.read(key, array);
  const into = key === "missing" ? (found as unknown as Missing[]) : missing;
  list.forEach((value, i) => {
    try {
      found.push(read(new Fields(value, `${key}[${i}]`)));
    } catch (error) {
      into.push(fault(value, error, `${key}[${i}]`));
    }
  });
  return found;
}

/** Return an entry of `missing` for an item that could not be read. */
function fault(value: unknown, error: unknown, place: string): Missing {
  const own = typeof value === "object" && value !== null ? new Map(Object.entries(value)) : new Map();
  const [run, tag] = [own.get("run"), own.get("tag")];
  return {
    run: typeof run === "string" ? run : null,
    reason: `${place}: ${messageOf(error)}`,
    unread: true,
    ...(typeof tag === "string" && { tag }),
  };
}
