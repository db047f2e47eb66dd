import type { Graph } from "../../lib/answers/structure";
import { isWithin, type Run, type Unit } from "./model_repeats";

/** Repeated blocks that are drawn as one. The first stands for all. */
export interface Fold {
  /** Names of the blocks in execution order. */
  blocks: string[];
  type: string;
  /** Names of all blocks of the run, of which some may be drawn separately. */
  run: string[];
}

export interface Folded {
  graph: Graph;
  /** Outer folds first. */
  folds: Fold[];
}

/** Mark of a state in which no blocks are folded. */
export const ALL = "*";
const RANGE = "..";

/** Return the names of blocks that a state of the URL draws separately: `h.3`, or `h.4..h.7`, or all. */
export function separateBlocks(runs: readonly Run[], items: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const { units } of runs) {
    const names = units.map(({ name }) => name);
    for (const item of items) {
      const [first, last = first] = item.split(RANGE);
      const [from, to] = [names.indexOf(first), names.indexOf(last)];
      if (item === ALL) for (const name of names) found.add(name);
      else if (from >= 0 && to >= 0) for (const name of names.slice(from, to + 1)) found.add(name);
    }
  }
  return found;
}

/** Return the shortest items that `separateBlocks` reads as these blocks. */
export function separateItems(runs: readonly Run[], separate: ReadonlySet<string>): string[] {
  if (runs.length > 0 && runs.every(({ units }) => units.every(({ name }) => separate.has(name))))
    return [ALL];
  const items: string[] = [];
  for (const { units } of runs) {
    for (let i = 0; i < units.length; i++) {
      if (!separate.has(units[i].name)) continue;
      let end = i;
      while (end + 1 < units.length && separate.has(units[end + 1].name)) end += 1;
      items.push(end === i ? units[i].name : `${units[i].name}${RANGE}${units[end].name}`);
      i = end;
    }
  }
  return items;
}

/** Split a run at the blocks that are drawn separately. Single blocks between these are not folded. */
function parts({ units }: Run, separate: ReadonlySet<string>): Unit[][] {
  const found: Unit[][] = [[]];
  for (const unit of units) {
    if (separate.has(unit.name)) found.push([]);
    else found[found.length - 1].push(unit);
  }
  return found.filter(({ length }) => length > 1);
}

/** Return a graph in which the first of each repeated blocks stands for all of them. */
export function foldGraph(graph: Graph, runs: readonly Run[], separate: ReadonlySet<string>): Folded {
  /** The node that stands for each node. */
  const stand = graph.nodes.map((_, i) => i);
  const folds: Fold[] = [];
  /** For each fold, the block of each of its nodes, and the node that stands for it. */
  const placesIn: Map<number, { block: number; first: number }>[] = [];
  const modules = new Map<number, string>();
  const groups = new Set(graph.nodes.flatMap(({ kind, module }) => (kind === "group" ? [module] : [])));
  const added: Graph["nodes"][number][] = [];
  for (const run of runs) {
    for (const units of parts(run, separate)) {
      // It is within a block for which another one stands.
      if (units[0].nodes.some((node) => stand[node] !== node)) continue;
      const [{ name, type, nodes }] = units;
      folds.push({ blocks: units.map((unit) => unit.name), type, run: run.units.map((unit) => unit.name) });
      const places = new Map<number, { block: number; first: number }>();
      units.forEach((unit, block) => {
        unit.nodes.forEach((node, i) => {
          places.set(node, { block, first: nodes[i] });
          stand[node] = nodes[i];
        });
      });
      placesIn.push(places);
      for (const node of nodes) if (!isWithin(graph.nodes[node].module ?? "", name)) modules.set(node, name);
      // A list of modules is not called, but it is drawn as a block.
      if (!groups.has(name)) added.push({ kind: "group", name, module: name, type });
    }
  }
  const place = new Map<number, number>();
  const nodes = graph.nodes.flatMap((node, i) => {
    if (stand[i] !== i) return [];
    place.set(i, place.size);
    const module = modules.get(i);
    return [module === undefined ? node : { ...node, module }];
  });
  const edges = graph.edges.flatMap((edge) => {
    let { from, to } = edge;
    for (const places of placesIn) {
      const [a, b] = [places.get(from), places.get(to)];
      // From one block to the next.
      if (a && b && a.block !== b.block) return [];
      from = a?.first ?? from;
      to = b?.first ?? to;
    }
    return [{ ...edge, from: place.get(from)!, to: place.get(to)! }];
  });
  return { graph: { ...graph, nodes: [...nodes, ...added], edges }, folds };
}

/** Return the names of all modules or calls for which one stands, in execution order. */
export function standsFor(folds: readonly Fold[], name: string): string[] {
  let names = [name];
  for (const { blocks } of [...folds].reverse()) {
    const [first] = blocks;
    if (!isWithin(name.replace(/#\d+$/, ""), first)) continue;
    names = blocks.flatMap((block) => names.map((one) => block + one.slice(first.length)));
  }
  return names;
}

/** Return the name of the module that is drawn for one. */
export function drawnAs(folds: readonly Fold[], name: string): string {
  let drawn = name;
  for (const { blocks } of folds) {
    const block = blocks.find((one) => isWithin(drawn, one));
    if (block !== undefined) drawn = blocks[0] + drawn.slice(block.length);
  }
  return drawn;
}

/** Return the fold whose block this module is. */
export const foldOf = (folds: readonly Fold[], name: string) =>
  folds.find(({ blocks }) => blocks[0] === name) ?? null;

/** Return true if another block stands for this module. */
export const isHidden = (folds: readonly Fold[], name: string) => drawnAs(folds, name) !== name;
