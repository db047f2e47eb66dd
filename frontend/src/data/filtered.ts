import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { parseFilter } from "../lib/format";

/**
 * Return signals of the items that match a regular expression, and of its validity. While it is invalid, the last
 * valid one applies.
 */
export function filtered<T>(pattern: Signal<string>, all: ReadonlySignal<T[]>, name: (item: T) => string) {
  let last = /(?:)/i;
  const valid = computed(() => parseFilter(pattern.value) !== null);
  const items = computed(() => {
    const expression = parseFilter(pattern.value);
    if (expression) last = expression;
    return all.value.filter((item) => last.test(name(item)));
  });
  return { valid, items };
}
