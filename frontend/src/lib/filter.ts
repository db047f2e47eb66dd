/** A regular expression that someone is typing: while it does not parse, there is none. */
export function compile(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "i");
  } catch {
    return null;
  }
}
