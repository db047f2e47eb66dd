/** Join a list by commas, and escape commas and backslashes in its items. */
export const joinList = (items: readonly string[]) =>
  items.map((item) => item.replace(/[\\,]/g, "\\$&")).join(",");

export function splitList(text: string): string[] {
  if (text === "") return [];
  const items = [""];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && i + 1 < text.length) items[items.length - 1] += text[++i];
    else if (text[i] === ",") items.push("");
    else items[items.length - 1] += text[i];
  }
  return items;
}

/** Undo `encodeURIComponent`. A text that was cut within an escape stays as it is. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
