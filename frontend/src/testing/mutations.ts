/** Random mutations of JSON documents with arrays, for fuzz tests with fixed seeds. */

export type Random = () => number;

/** Return a generator of numbers from 0 to 1 (mulberry32) whose seed is a text. */
export function random(seed: string): Random {
  let state = 0;
  for (const character of seed) state = (Math.imul(state, 31) + character.charCodeAt(0)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = <T>(items: readonly T[], next: Random): T => items[Math.floor(next() * items.length)];

/** Names that look-ups in objects would find, and other odd texts. */
export const HOSTILE = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "",
  "<script>alert(1)</script>",
  "\u202eevil",
  "\ud800",
  "a\r\nb",
  "../..",
  "=1+1",
  "%",
  "😀".repeat(10),
  "x".repeat(10_000),
];

const VALUES: (() => unknown)[] = [
  () => null,
  () => undefined,
  () => true,
  () => -1,
  () => 0.5,
  () => 2 ** 60,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => [],
  () => ({}),
  () => [[[]]],
  () => ({ constructor: null, length: 3 }),
  () => new Float32Array(3),
  () => new Float64Array(0),
  () => new Uint8Array(1000),
  () => Float64Array.of(3, 2, 1),
];

interface Place {
  holder: Map<string, unknown> | unknown[];
  key: string | number;
  path: string;
}

/** Return a value with Maps in place of its objects, so that any key can be changed. */
const opened = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(opened)
    : typeof value === "object" && value !== null && !ArrayBuffer.isView(value)
      ? new Map(Object.entries(value).map(([key, one]) => [key, opened(one)]))
      : value;

const closed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(closed)
    : value instanceof Map
      ? Object.fromEntries([...value].map(([key, one]) => [key, closed(one)]))
      : value;

function placesOf(holder: unknown, path: string, found: Place[] = []): Place[] {
  const entries: [string | number, unknown][] =
    holder instanceof Map ? [...holder] : Array.isArray(holder) ? [...holder.entries()] : [];
  for (const [key, value] of entries) {
    found.push({ holder: holder as Place["holder"], key, path: `${path}.${key}` });
    placesOf(value, `${path}.${key}`, found);
  }
  return found;
}

/** Return a document with some random mutations, and descriptions of these. */
export function mutated(
  document: object,
  next: Random,
  count: number,
): { value: unknown; mutations: string[] } {
  const root = opened(document);
  const mutations: string[] = [];
  for (let i = 0; i < count; i++) {
    const places = placesOf(root, "");
    if (places.length === 0) break;
    const { holder, key, path } = pick(places, next);
    const how = next();
    if (how < 0.15) {
      if (holder instanceof Map) holder.delete(key as string);
      else holder.splice(key as number, 1);
      mutations.push(`${path} removed`);
    } else if (how < 0.25 && holder instanceof Map) {
      const name = pick(HOSTILE, next);
      holder.set(name, holder.get(key as string));
      mutations.push(`${path} as ${name.slice(0, 20)}`);
    } else if (how < 0.35 && Array.isArray(holder)) {
      holder.push(holder[key as number]);
      mutations.push(`${path} twice`);
    } else {
      const value = next() < 0.3 ? pick(HOSTILE, next) : pick(VALUES, next)();
      if (holder instanceof Map) holder.set(key as string, value);
      else holder[key as number] = value;
      mutations.push(`${path} = ${String(value).slice(0, 20)}`);
    }
  }
  return { value: closed(root), mutations };
}
