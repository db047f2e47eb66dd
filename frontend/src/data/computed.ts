import { computed, type ReadonlySignal } from "@preact/signals";
import { sameItems } from "../lib/steps";

/** Return a computed signal that keeps its object while the new one equals it, so that nothing is redrawn in vain. */
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
 * Values derived from an object and from other inputs, kept while all of them are the same objects. If one run of many
 * arrives, only the values of that run are made.
 */
export class Memo<Of extends object, T> {
  private readonly kept = new WeakMap<Of, { from: readonly unknown[]; made: T }>();

  get(of: Of, from: readonly unknown[], make: () => T): T {
    const had = this.kept.get(of);
    if (had && sameItems(had.from, from)) return had.made;
    const made = make();
    this.kept.set(of, { from, made });
    return made;
  }
}
