/** Checks of the parts of an answer. Each returns the checked value, or throws an error that names the value. */

const MAX_SHOWN = 80;

/** Return a value as text for an error message, shortened. */
function shown(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  const text =
    typeof value === "number" || value === undefined
      ? String(value)
      : (JSON.stringify(value) ?? String(value));
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}

export const invalid = (thing: string, value: unknown, expected: string) =>
  new RangeError(`invalid ${thing}: ${shown(value)} (expected ${expected})`);

/** Own keys of a JSON object. A key such as `constructor` is only there if the answer has it. */
export class Fields {
  private readonly own: ReadonlyMap<string, unknown>;

  constructor(value: unknown, thing: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
      throw invalid(thing, value, "an object");
    this.own = new Map(Object.entries(value));
  }

  /** Return the value of a key, undefined if there is none. */
  get(key: string): unknown {
    return this.own.get(key);
  }

  /** Return the checked value of a key. */
  read<T>(key: string, check: (value: unknown, thing: string) => T): T {
    return check(this.own.get(key), key);
  }

  /** Return all values, checked by key. */
  map<T>(check: (value: unknown, thing: string) => T): Map<string, T> {
    return new Map([...this.own].map(([key, value]) => [wellFormed(key), check(value, key)]));
  }

  entries(): Iterable<[string, unknown]> {
    return this.own;
  }
}

/** Half of a surrogate pair. A request or a URL that contains one is not Unicode. */
const HALF = /\p{Surrogate}/gu;

/** Return a text with U+FFFD in place of each half of a surrogate pair. */
const wellFormed = (text: string) => text.replace(HALF, "\ufffd");

export function text(value: unknown, thing: string): string {
  if (typeof value !== "string") throw invalid(thing, value, "a string");
  return wellFormed(value);
}

export function finite(value: unknown, thing: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(thing, value, "a finite number");
  return value;
}

export function integer(value: unknown, thing: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw invalid(thing, value, "an integer");
  return value;
}

/** Return an integer from 0. */
export function count(value: unknown, thing: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw invalid(thing, value, "an integer of at least 0");
  return value;
}

export function flag(value: unknown, thing: string): boolean {
  if (typeof value !== "boolean") throw invalid(thing, value, "true or false");
  return value;
}

export const oneOf =
  <T extends string>(choices: readonly T[]) =>
  (value: unknown, thing: string): T => {
    const found = choices.find((one) => one === value);
    if (found === undefined) throw invalid(thing, value, `one of ${choices.join(", ")}`);
    return found;
  };

export const nullable =
  <T>(check: (value: unknown, thing: string) => T) =>
  (value: unknown, thing: string): T | null =>
    value === null || value === undefined ? null : check(value, thing);

/** Return the value, or a default if the key is missing or null. */
export const orElse =
  <T>(check: (value: unknown, thing: string) => T, initial: T) =>
  (value: unknown, thing: string): T =>
    value === null || value === undefined ? initial : check(value, thing);

export function array(value: unknown, thing: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(thing, value, "a list");
  return value;
}

/** Return a list of which every item is valid. */
export const listOf =
  <T>(check: (value: unknown, thing: string) => T) =>
  (value: unknown, thing: string): T[] =>
    array(value, thing).map((one, i) => check(one, `${thing}[${i}]`));

export const mapOf =
  <T>(check: (value: unknown, thing: string) => T) =>
  (value: unknown, thing: string): Map<string, T> =>
    new Fields(value, thing).map((one, key) => check(one, `${thing} of ${key}`));

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Return an array of one of these types and of this length; of any length if it is undefined. */
export function numbers<T extends Numbers>(
  value: unknown,
  thing: string,
  types: readonly (new (length: number) => T)[],
  length?: number,
): T {
  const found = types.find((type) => value instanceof type);
  const size = length === undefined ? "" : ` of ${length}`;
  if (!found || (length !== undefined && (value as T).length !== length))
    throw invalid(thing, value, `${types.map(({ name }) => name).join(" or ")}${size}`);
  return value as T;
}

/** Return steps, which are finite and ascending. */
export function ascending(value: unknown, thing: string): Float64Array {
  const steps = numbers(value, thing, [Float64Array]);
  for (let i = 0; i < steps.length; i++) {
    if (!Number.isFinite(steps[i])) throw invalid(`${thing}[${i}]`, steps[i], "a finite number");
    if (i > 0 && steps[i] <= steps[i - 1]) throw invalid(`${thing}[${i}]`, steps[i], "ascending numbers");
  }
  return steps;
}
