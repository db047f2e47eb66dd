import type { Missing } from "../../lib/types";
import { array, Fields, nullable, text } from "./check";

/** Maximum length of a reason, which may contain names from logs. */
const MAX_REASON = 300;

/** Return the message of an error, shortened. */
export const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);

/** Return the message of an error with the place in the answer. */
export function reasonAt(place: string, error: unknown): string {
  const message = messageOf(error);
  return message.includes(place) ? message : `${place}: ${message}`;
}

/** Return the `missing` of an answer. An entry that is invalid itself is listed with that reason. */
export function missingOf(answer: Fields): Missing[] {
  if (answer.get("missing") === undefined) return [];
  const faults: Missing[] = [];
  const missing = items(answer, "missing", faults, readMissing);
  return [...missing, ...faults];
}

function readMissing(item: Fields): Missing {
  const found: Missing = {
    run: item.read("run", nullable(text)),
    reason: item.read("reason", text).slice(0, MAX_REASON),
  };
  for (const key of ["statistic", "tag", "row"] as const)
    if (typeof item.get(key) === "string") found[key] = item.read(key, text);
  const step = item.get("step");
  if (typeof step === "number") found.step = step;
  return found;
}

/**
 * Return the valid items of a list. The others are added to `missing` with their run and the reason, so that one bad
 * item affects no other. The same holds for a list that is none.
 */
export function items<T>(
  answer: Fields,
  key: string,
  missing: Missing[],
  read: (item: Fields, index: number) => T,
): T[] {
  return values(answer, key, missing, (value, place, index) => read(new Fields(value, place), index));
}

/** Return the valid values of a list, as `items` does. */
export function values<T>(
  answer: Fields,
  key: string,
  missing: Missing[],
  read: (value: unknown, place: string, index: number) => T,
): T[] {
  let list: readonly unknown[];
  try {
    list = answer.read(key, array);
  } catch (error) {
    missing.push(fault(null, error, "answer"));
    return [];
  }
  return list.flatMap((value, i): T[] => {
    const place = `${key}[${i}]`;
    try {
      return [read(value, place, i)];
    } catch (error) {
      missing.push(fault(value, error, place));
      return [];
    }
  });
}

/** Return an entry of `missing` for an item that could not be read. */
function fault(value: unknown, error: unknown, place: string): Missing {
  const own = typeof value === "object" && value !== null ? new Map(Object.entries(value)) : new Map();
  const [run, tag] = [own.get("run"), own.get("tag")];
  return {
    run: typeof run === "string" ? run : null,
    reason: reasonAt(place, error),
    unread: true,
    ...(typeof tag === "string" && { tag }),
  };
}
