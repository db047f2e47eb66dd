/** Part of a chart. Each part has the same dashes in all runs. */
export type Part = "train" | "validation" | "test" | number;

const PARTS: [RegExp, Part][] = [
  [/^(val|valid|validation|eval|dev)([_/]|$)/i, "validation"],
  [/^test([_/]|$)/i, "test"],
  [/^train(ing)?([_/]|$)/i, "train"],
];

/** Split a name into chart and part: `val_loss`, `eval/loss` and `loss/val` are parts of `loss`. */
export function partOf(name: string): { base: string; part: Part } {
  const segments = name.split("/");
  for (const at of [segments.length - 1, 0]) {
    for (const [pattern, part] of PARTS) {
      const found = segments[at].match(pattern);
      if (!found) continue;
      const rest = segments[at].slice(found[0].length);
      const left =
        rest === "" ? segments.filter((_, i) => i !== at) : segments.map((one, i) => (i === at ? rest : one));
      if (left.length > 0) return { base: left.join("/"), part };
    }
  }
  return { base: name, part: "train" };
}
