/** Return whether a text fits into the available space. */
export type Fits = (text: string) => boolean;

/** Part of a text that distinguishes it from similar ones, as start and end. */
export type Span = readonly [from: number, to: number];

/** Fraction of the kept characters that are at the beginning. Names mostly differ at the end. */
const AT_START = 0.35;

/**
 * Shorten a text in the middle until it fits. Its end and the parts to keep remain as far as possible.
 *
 * >>> elide("encoder.layers.11.attention.weight", (text) => text.length <= 16)
 * "encod…ion.weight"
 */
export function elide(text: string, fits: Fits, keep: readonly Span[] = []): string {
  if (fits(text)) return text;
  if (keep.length === 0) return longest(text.length - 2, (k) => inMiddle(text, k, AT_START), fits) ?? "…";
  const shown = longest(text.length, (k) => around(text, keep, k), fits);
  if (shown !== null) return shown;
  // Not even the parts that matter fit. First the ellipses around them go, then the middle of each part.
  const parts = keep.map(([from, to]) => text.slice(from, to));
  const most = Math.max(...parts.map(({ length }) => length));
  const bare = (size: number) =>
    parts
      .map((part) => inMiddle(part, size, AT_START))
      .join("…")
      .replace(/…+/g, "…");
  return (
    longest(most, bare, fits) ?? longest(text.length - 1, (k) => inMiddle(text, k, AT_START), fits) ?? "…"
  );
}

/** Return the longest form that fits, of forms of 0 to `most` characters, or null if none fits. */
function longest(most: number, form: (kept: number) => string, fits: Fits): string | null {
  if (!fits(form(0))) return null;
  let [low, high] = [0, most];
  while (low < high) {
    const mid = Math.ceil((low + high) / 2);
    if (fits(form(mid))) low = mid;
    else high = mid - 1;
  }
  return form(low);
}

function inMiddle(text: string, kept: number, atStart: number): string {
  // An ellipsis is as long as the single character that it would replace.
  if (kept >= text.length - 1) return text;
  const head = Math.floor(kept * atStart);
  return `${cut(text, 0, head)}…${cut(text, text.length - (kept - head), text.length)}`;
}

/** Return the parts to keep with `extra` characters of the beginning and the end of the text, and ellipses between. */
function around(text: string, keep: readonly Span[], extra: number): string {
  const head = Math.floor(extra * AT_START);
  const spans: Span[] = [[0, head], ...keep, [text.length - (extra - head), text.length]];
  let shown = "";
  let last = 0;
  for (const [from, to] of spans) {
    const start = Math.max(last, from);
    // An ellipsis is as long as the single character that it would replace.
    if (start - last === 1) shown += text[last];
    else if (start > last) shown += "…";
    if (to > start) shown += cut(text, start, to);
    last = Math.max(last, start, to);
  }
  return last < text.length ? `${shown}…` : shown;
}

const isHalf = (text: string, at: number) => /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1));

/** Return a part of a text without half a surrogate pair at its ends. */
function cut(text: string, from: number, to: number): string {
  return text.slice(isHalf(text, from) ? from + 1 : from, isHalf(text, to) ? to - 1 : to);
}

/** Numbers of characters at the beginning and the end by which names are similar: those that always remain. */
const SIMILAR = { start: 3, end: 6 } as const;

const kept = new WeakMap<readonly string[], Map<string, readonly Span[]>>();
const NOTHING: readonly Span[] = [];

/**
 * Return the parts of a name that must remain to distinguish it from the similar ones of a list, or none if its
 * beginning and end suffice. They are whole words and numbers. The result is cached per list.
 */
export function distinction(name: string, all: readonly string[]): readonly Span[] {
  let spans = kept.get(all);
  if (!spans) {
    spans = distinctions(all);
    kept.set(all, spans);
  }
  return spans.get(name) ?? NOTHING;
}

function distinctions(all: readonly string[]): Map<string, readonly Span[]> {
  const groups = new Map<string, string[]>();
  for (const name of new Set(all)) {
    const key = `${name.slice(0, SIMILAR.start)}\n${name.slice(-SIMILAR.end)}`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const spans = new Map<string, readonly Span[]>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const words = group.map(wordsOf);
    const alike = words.every(({ length }) => length === words[0].length);
    group.forEach((name, i) => {
      spans.set(
        name,
        alike ? differing(name, words[i], group, words) : [between(name, words[i], group, words)],
      );
    });
  }
  return withEnds(spans);
}

/** Add the first and the last word of names that would otherwise look like a name with other ends. */
function withEnds(spans: ReadonlyMap<string, readonly Span[]>): Map<string, readonly Span[]> {
  const alike = new Map<string, string[]>();
  for (const [name, keep] of spans) {
    const text = keep.map((span) => textOf(name, span)).join("…");
    alike.set(text, [...(alike.get(text) ?? []), name]);
  }
  const result = new Map(spans);
  for (const names of alike.values()) {
    if (names.length < 2) continue;
    const ends = names.map((name) => {
      const words = wordsOf(name);
      const whole: Span = [0, name.length];
      return { name, first: words[0] ?? whole, last: words[words.length - 1] ?? whole };
    });
    for (const end of ["first", "last"] as const) {
      if (ends.every((one) => textOf(one.name, one[end]) === textOf(ends[0].name, ends[0][end]))) continue;
      for (const one of ends) {
        const keep = result.get(one.name)!;
        if (keep.some(([from, to]) => from <= one[end][0] && one[end][1] <= to)) continue;
        result.set(one.name, end === "first" ? [one[end], ...keep] : [...keep, one[end]]);
      }
    }
  }
  return result;
}

/** Return the words and numbers of a name. Half a number would be misleading, so decimals are one. */
function wordsOf(name: string): Span[] {
  return [...name.matchAll(/\d+(?:\.\d+)+|[\p{L}\p{N}]+/gu)].map(({ index, 0: word }) => [
    index,
    index + word.length,
  ]);
}

const textOf = (name: string, [from, to]: Span) => name.slice(from, to);

/** Return the words of a name that are not the same in all names of a group with as many words each. */
function differing(
  name: string,
  own: readonly Span[],
  group: readonly string[],
  words: readonly (readonly Span[])[],
): Span[] {
  const found = own.filter((span, k) =>
    group.some((other, i) => textOf(other, words[i][k]) !== textOf(name, span)),
  );
  // The names differ in nothing but separators.
  return found.length > 0 ? found : [[0, name.length]];
}

/** Return the part of a name between the words that all names of a group begin and end with. */
function between(
  name: string,
  own: readonly Span[],
  group: readonly string[],
  words: readonly (readonly Span[])[],
): Span {
  const most = Math.min(...words.map(({ length }) => length));
  const same = (k: number) =>
    group.every((other, i) => {
      const at = k < 0 ? words[i].length + k : k;
      return textOf(other, words[i][at]) === textOf(name, own[k < 0 ? own.length + k : k]);
    });
  let from = 0;
  while (from < most - 1 && same(from)) from++;
  let end = 0;
  while (end < most - 1 - from && same(-1 - end)) end++;
  return [own[from]?.[0] ?? 0, own[own.length - 1 - end]?.[1] ?? name.length];
}
