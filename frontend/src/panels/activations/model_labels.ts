import type { MapHeader } from "../../lib/answers/maps";

/** Return the label of a sample, or null if there is none. */
export function sampleLabel(input: MapHeader | null, sample: number): string | null {
  const label = input?.labels?.[sample];
  return typeof label === "string" ? label : null;
}

/**
 * Return the labels of a sample's tokens, or their IDs if there are no labels. Return null if the input does not
 * consist of tokens.
 */
export function tokensOf(
  input: { header: MapHeader; values: Uint8Array } | null,
  sample: number,
): string[] | null {
  if (!input) return null;
  const { header, values } = input;
  const label = header.labels?.[sample];
  if (label !== undefined && typeof label !== "string") return [...label];
  if (header.axes.join() !== "sample,token") return null;
  const ids = header.values?.[sample];
  if (ids) return ids.map(String);
  const tokens = header.shape[1];
  if (sample >= header.shape[0]) return null;
  return Array.from(values.subarray(sample * tokens, (sample + 1) * tokens), (code) =>
    String(Math.round(header.offset + header.scale * code)),
  );
}

/** Return a token with visible symbols for spaces and line breaks. */
export const visible = (token: string) =>
  token === "" ? "∅" : token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "␣");

/** Return the label of a position on an axis: the token's or the sample's label if there is one, else the index. */
export function placeLabel(
  axis: string,
  index: number,
  tokens: readonly string[] | null,
  input: MapHeader | null,
): string {
  if (axis === "token" || axis === "query" || axis === "key") {
    const token = tokens?.[index];
    return token === undefined ? String(index) : visible(token);
  }
  if (axis === "sample") return sampleLabel(input, index) ?? String(index + 1);
  return String(index);
}
