import { joinList, splitList } from "./list";

/**
 * Selected runs: their names, or the text of a link that describes them. A text refers to the list of runs, which is
 * loaded later than the link is read.
 */
export type RunChoice = readonly string[] | { readonly code: string };

/** Length above which the names of runs are replaced by a shorter text. Some programs cut longer links. */
const MAX_LENGTH = 1500;

const ALL = "!all";
const BUT = "!but,";
const HASHES = "!ids,";
/** Characters per run in a list of hashes. */
const DIGITS = 7;

/** Return a hash of a name: FNV-1a of 32 bits, in base 36. */
function hashOf(name: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(36).padStart(DIGITS, "0");
}

/**
 * Return the text of a choice of runs. If their names are too long for a link, it lists the runs that are not chosen,
 * or hashes of the names.
 *
 * >>> encodeRuns(["a", "b"], ["a", "b", "c"])
 * "a,b"
 */
export function encodeRuns(choice: RunChoice, names: readonly string[]): string {
  if ("code" in choice) return choice.code;
  const list = joinList(choice);
  // A name may begin like one of the texts.
  const plain = list.startsWith("!") ? `\\${list}` : list;
  const known = new Set(names);
  if (plain.length <= MAX_LENGTH || !choice.every((name) => known.has(name))) return plain;
  const chosen = new Set(choice);
  const others = names.filter((name) => !chosen.has(name));
  if (others.length === 0) return ALL;
  const but = BUT + joinList(others);
  const hashes = HASHES + choice.map(hashOf).join("");
  return [plain, but, hashes].reduce((best, one) => (one.length < best.length ? one : best));
}

export const decodeRuns = (text: string): RunChoice =>
  text === ALL || text.startsWith(BUT) || text.startsWith(HASHES) ? { code: text } : splitList(text);

/** Return the chosen runs of a list. */
export function chosenRuns(choice: RunChoice, names: readonly string[]): string[] {
  if (!("code" in choice)) {
    const known = new Set(names);
    return [...new Set(choice)].filter((name) => known.has(name));
  }
  const { code } = choice;
  if (code === ALL) return [...names];
  if (code.startsWith(BUT)) {
    const others = new Set(splitList(code.slice(BUT.length)));
    return names.filter((name) => !others.has(name));
  }
  const digits = code.slice(HASHES.length);
  const hashes = new Set<string>();
  for (let at = 0; at < digits.length; at += DIGITS) hashes.add(digits.slice(at, at + DIGITS));
  return names.filter((name) => hashes.has(hashOf(name)));
}
