import { computed, type ReadonlySignal } from "@preact/signals";
import { sameItems } from "../../../lib/steps";

/** A computed that stays the same object as long as what it holds is alike, so that nothing is drawn in vain. */
export function stable<T>(make: () => T, alike: (a: T, b: T) => boolean): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const value = make();
    if (last && alike(last.value, value)) return last.value;
    last = { value };
    return value;
  });
}

/** What it was before, for as long as `waiting` says that there is nothing to make it of. */
export function held<T>(now: ReadonlySignal<T>, waiting: ReadonlySignal<boolean>): ReadonlySignal<T> {
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
 * What is made of an object and of some other things, kept as long as all of them are the same: when one run of many
 * comes, only its own is made.
 */
export class Kept<Of extends object, T> {
  private readonly kept = new WeakMap<Of, { from: readonly unknown[]; made: T }>();

  get(of: Of, from: readonly unknown[], make: () => T): T {
    const had = this.kept.get(of);
    if (had && sameItems(had.from, from)) return had.made;
    const made = make();
    this.kept.set(of, { from, made });
    return made;
  }
}
