/** Return whether a text fits into the available space. */
export type Fits = (text: string) => boolean;

/** Part of a text that distinguishes it from similar ones, as start and end. */
export type Span = readonly [from: number, to: number];

/** Fraction of the kept characters that are at the beginning. Names mostly differ at the end. */
const AT_START = 0.35;

/**
 * Shorten a text in the middle until it fits. Its end and `keep` remain as far as possible.
 *
 * >>> elide("encoder.layers.11.attention.weight", (text) => text.length <= 16)
 * "encod…ion.weight"
 */
export function elide(text: string, fits: Fits, keep: Span | null = null): string {
  if (fits(text)) return text;
  const [from, to] = keep ?? [text.length, text.length];
  if (keep && to > from) {
    const room = text.length - (to - from);
    const kept = longest(room, (k) => around(text, from, to, k), fits);
    if (kept !== null) return kept;
    // Not even the part that matters fits. Its own ends remain.
    const part = text.slice(from, to);
    const [before, after] = [from > 0 ? "…" : "", to < text.length ? "…" : ""];
    return longest(part.length, (k) => `${before}${inMiddle(part, k, 0.5)}${after}`, fits) ?? "…";
  }
  return longest(text.length - 1, (k) => inMiddle(text, k, AT_START), fits) ?? "…";
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
  if (kept >= text.length) return text;
  const head = Math.floor(kept * atStart);
  return `${cut(text, 0, head)}…${cut(text, text.length - (kept - head), text.length)}`;
}

/** Return the part from `from` to `to` with `extra` characters of the beginning and the end of the text. */
function around(text: string, from: number, to: number, extra: number): string {
  const after = text.length - to;
  const head = Math.min(from, Math.max(Math.floor(extra * AT_START), extra - after));
  const tail = Math.min(after, extra - head);
  const gap = (size: number) => (size > 0 ? "…" : "");
  return (
    cut(text, 0, head) +
    gap(from - head) +
    text.slice(from, to) +
    gap(after - tail) +
    cut(text, text.length - tail, text.length)
  );
}

const isHalf = (text: string, at: number) => /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1));

/** Return a part of a text without half a surrogate pair at its ends. */
function cut(text: string, from: number, to: number): string {
  return text.slice(isHalf(text, from) ? from + 1 : from, isHalf(text, to) ? to - 1 : to);
}

/** Numbers of characters at the beginning and the end by which names are similar: those that always remain. */
const SIMILAR = { start: 3, end: 6 } as const;

const kept = new WeakMap<readonly string[], Map<string, Span>>();

/**
 * Return the part of a name that must remain to distinguish it from the similar ones of a list, or null if its
 * beginning and end suffice. It consists of whole segments. The result is cached per list.
 */
export function distinction(name: string, all: readonly string[]): Span | null {
  let spans = kept.get(all);
  if (!spans) {
    spans = distinctions(all);
    kept.set(all, spans);
  }
  return spans.get(name) ?? null;
}

function distinctions(all: readonly string[]): Map<string, Span> {
  const groups = new Map<string, string[]>();
  for (const name of new Set(all)) {
    const key = `${name.slice(0, SIMILAR.start)}\n${name.slice(-SIMILAR.end)}`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const spans = new Map<string, Span>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const shortest = Math.min(...group.map(({ length }) => length));
    let from = 0;
    while (from < shortest && group.every((one) => one[from] === group[0][from])) from++;
    let end = 0;
    while (end < shortest - from && group.every((one) => one.at(-1 - end) === group[0].at(-1 - end))) end++;
    for (const name of group) spans.set(name, wholeSegments(name, from, name.length - end));
  }
  return spans;
}

const isDigit = (character: string | undefined) => character !== undefined && /\d/.test(character);
const isSeparator = (character: string | undefined) =>
  character === undefined || /[^\p{L}\p{N}]/u.test(character);

/** Extend a part of a name to whole segments and decimals, since half a number is misleading. */
function wholeSegments(name: string, from: number, to: number): Span {
  const isInside = (at: number) =>
    !isSeparator(name[at]) || (name[at] === "." && isDigit(name[at - 1]) && isDigit(name[at + 1]));
  let [start, end] = [from, to];
  while (start > 0 && isInside(start - 1)) start--;
  while (end < name.length && isInside(end)) end++;
  return [start, end];
}
