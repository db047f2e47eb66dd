import type { Graph } from "../../lib/answers/structure";
import { parseFilter } from "../../lib/format";
import { isWithin } from "./model_repeats";

/**
 * Return the modules of a graph whose name or class matches a text, in execution order, or null if the text is not a
 * valid expression. Modules that the pass did not reach are not drawn, and not found.
 */
export function foundModules(graph: Graph, text: string): string[] | null {
  const wanted = text.trim();
  if (wanted === "") return [];
  const expression = parseFilter(wanted);
  if (!expression) return null;
  const drawn = new Set<string>();
  for (const { kind, module } of graph.nodes) {
    if (!module || !(kind === "call" || kind === "group")) continue;
    drawn.add(module);
  }
  return graph.modules
    .filter(({ name, type }) => drawn.has(name) && (expression.test(name) || expression.test(type)))
    .map(({ name }) => name);
}

/** Return the modules to open so that a module is drawn: all that contain it. */
export function around(names: readonly string[], module: string): string[] {
  return names.filter((name) => name !== "" && name !== module && isWithin(module, name));
}

/** Return the index of the next match, or of the previous one, around the ends. */
export const stepped = (index: number, by: number, count: number) =>
  count === 0 ? 0 : (((index + by) % count) + count) % count;
