import { computed, type ReadonlySignal } from "@preact/signals";
import { sameItems } from "../lib/steps";

/**
 * Return a computed signal that keeps its previous value while the new one is equal, so that nothing is redrawn
 * needlessly.
 */
export function computedEqual<T>(make: () => T, equal: (a: T, b: T) => boolean): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const value = make();
    if (last && equal(last.value, value)) return last.value;
    last = { value };
    return value;
  });
}

/** Return a signal that keeps its value while `waiting` is true. */
export function keepWhile<T>(waiting: ReadonlySignal<boolean>, now: ReadonlySignal<T>): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const { value } = now;
    if (!last || !waiting.value) last = { value };
    return last.value;
  });
}

export const sameFields = <T extends object>(a: T, b: T): boolean => {
  const keys = Object.keys(a) as (keyof T)[];
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

/**
 * Cache of values that are derived from an object and other inputs. A value is kept while all inputs are the same
 * objects. If one of many runs arrives, only the values of that run are computed.
 */
export class Memo<Of extends object, T> {
  private readonly entries = new WeakMap<Of, { from: readonly unknown[]; made: T }>();

  get(of: Of, from: readonly unknown[], make: () => T): T {
    const entry = this.entries.get(of);
    if (entry && sameItems(entry.from, from)) return entry.made;
    const made = make();
    this.entries.set(of, { from, made });
    return made;
  }
}
