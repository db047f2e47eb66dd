import { choose } from "../../lib/selection";
import type { Line, Row } from "../../lib/types";

interface Item {
  path: string[];
  row: number;
}

interface Options {
  isFolded: (key: string, depth: number) => boolean;
  /** Drop a trailing `.weight`, which is redundant if only weights are shown. */
  dropWeight: boolean;
}

/**
 * Return the path of a row in the tree: the path of its module, ending with the parameter's name. The parameter's
 * name is not a separate level, since a block per Conv2d for `weight` and `bias` would double the lines.
 */
function rowPath(row: Row, dropWeight: boolean): string[] {
  const name = dropWeight && row.name.endsWith(".weight") ? row.name.slice(0, -".weight".length) : row.name;
  if (row.module === "" || !name.startsWith(row.module)) return name.split(".");
  const parts = row.module.split(".");
  parts[parts.length - 1] += name.slice(row.module.length);
  return parts;
}

const isNumber = (part: string) => /^\d+$/.test(part);

/** Group consecutive items with the same first part. Rows keep execution order, so a block may appear twice. */
function segments(items: Item[]): Item[][] {
  const result: Item[][] = [];
  for (const item of items) {
    const last = result[result.length - 1];
    if (last && last[0].path[0] === item.path[0] && item.path.length > 1 && last[0].path.length > 1)
      last.push(item);
    else result.push([item]);
  }
  return result;
}

/**
 * Return the lines of the tree in execution order. A single row does not form a block. A block that contains only
 * numbered blocks (`blocks.0`, `blocks.1`) or a single block (`encoder.layers`) has no line: its name becomes a
 * prefix of theirs.
 */
export function treeLines(rows: readonly Row[], shown: readonly number[], options: Options): Line[] {
  const lines: Line[] = [];
  const used = new Map<string, number>();
  const keyOf = (path: string) => {
    const n = (used.get(path) ?? 0) + 1;
    used.set(path, n);
    return n === 1 ? `${path}.*` : `${path}~${n}.*`;
  };
  const leaf = (item: Item, prefix: string, depth: number) => {
    const label = prefix + item.path.join(".");
    lines.push({ key: rows[item.row].name, label, depth, type: "row", rows: [item.row] });
  };
  const walk = (items: Item[], prefix: string, full: string, depth: number) => {
    for (const segment of segments(items)) {
      const head = segment[0].path[0];
      if (segment.length === 1) {
        leaf(segment[0], prefix, depth);
        continue;
      }
      const inner = segment.map(({ path, row }) => ({ path: path.slice(1), row }));
      const path = full + head;
      const parts = segments(inner);
      const blocks = parts.filter((part) => part.length > 1).length;
      const numbered = parts.every((part) => isNumber(part[0].path[0]));
      if (blocks > 0 && (parts.length === 1 || numbered)) {
        walk(inner, `${prefix}${head}.`, `${path}.`, depth);
        continue;
      }
      const key = keyOf(path);
      const isCollapsed = options.isFolded(key, depth);
      const members = segment.map((item) => item.row);
      lines.push({ key, label: prefix + head, depth, type: isCollapsed ? "block" : "header", rows: members });
      if (!isCollapsed) walk(inner, "", `${path}.`, depth + 1);
    }
  };
  walk(
    shown.map((row) => ({ path: rowPath(rows[row], options.dropWeight), row })),
    "",
    "",
    0,
  );
  return lines;
}

/**
 * Return the index of the line for a key: the line itself, the collapsed block that contains it, a row of the same
 * layer, or the first row.
 */
export function lineOf(lines: readonly Line[], rows: readonly Row[], key: string | null): number {
  const first = lines.findIndex((line) => line.type !== "header");
  if (key === null) return first;
  const exact = lines.findIndex((line) => line.key === key);
  if (exact >= 0)
    return lines[exact].type === "header"
      ? exact + 1 + lines.slice(exact + 1).findIndex((line) => line.type !== "header")
      : exact;
  const shown = lines.flatMap((line, i) =>
    line.type === "header"
      ? []
      : line.rows.map((row) => ({ name: rows[row].name, module: rows[row].module, line: i })),
  );
  const found = choose(key, shown);
  return found < 0 ? first : shown[found].line;
}

/** Return the index of the block header that contains a line, or the line's own index if there is none. */
export function parentOf(lines: readonly Line[], index: number): number {
  const own = lines[index]?.depth ?? 0;
  for (let i = index - 1; i >= 0; i--) if (lines[i].type === "header" && lines[i].depth < own) return i;
  return index;
}
