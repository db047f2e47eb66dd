import type { GraphNode, Structure } from "../../lib/answers/structure";
import type { Row } from "../../lib/types";

/** Properties of one module in one run. Parameters are only the module's own. */
export interface Facts {
  name: string;
  type: string;
  calls: number | null;
  /** Shape of the output of the first call without the batch axis. Null if it is unknown. */
  output: readonly (number | null)[] | null;
  input: readonly (number | null)[] | null;
  parameters: number;
  trainable: number;
  shared: number;
  buffers: number;
  /** Bytes of its outputs, and bytes of its parameters and buffers. */
  bytes: number | null;
  heldBytes: number | null;
}

const withoutBatch = (shape: readonly (number | null)[] | null | undefined) =>
  shape && shape.length > 0 ? shape.slice(1) : null;

/** Return a run's modules in execution order, from its graph, or from its rows if no graph was logged. */
export function factsOf({ graph, layers, parameters }: Structure): Facts[] {
  if (graph) {
    const called = new Map<string, GraphNode[]>();
    for (const node of graph.nodes) {
      if (node.module === undefined || !(node.kind === "call" || node.kind === "group")) continue;
      called.set(node.module, [...(called.get(node.module) ?? []), node]);
    }
    return graph.modules.map((module) => {
      const calls = called.get(module.name) ?? [];
      return {
        name: module.name,
        type: module.type,
        calls: graph.observed ? module.calls : null,
        output: withoutBatch(calls[0]?.outputs?.[0]?.shape),
        input: withoutBatch(calls[0]?.inputs?.[0]?.shape),
        parameters: module.parameters,
        trainable: module.trainable,
        shared: module.shared,
        buffers: module.buffers,
        bytes: calls.length > 0 ? calls.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) : null,
        heldBytes: module.parameter_bytes + module.buffer_bytes,
      };
    });
  }
  const facts = new Map<string, Facts>();
  const of = (row: Row) => {
    let one = facts.get(row.module);
    if (!one) {
      const unknown = { calls: null, output: null, input: null, bytes: null, heldBytes: null };
      one = {
        name: row.module,
        type: row.type,
        parameters: 0,
        trainable: 0,
        shared: 0,
        buffers: 0,
        ...unknown,
      };
      facts.set(row.module, one);
    }
    return one;
  };
  for (const row of layers ?? []) {
    const one = of(row);
    one.calls = (one.calls ?? 0) + 1;
    one.output ??= row.shape;
  }
  for (const row of parameters ?? []) {
    const one = of(row);
    one.parameters += row.numel ?? 0;
    if (row.trainable !== false) one.trainable += row.numel ?? 0;
  }
  return [...facts.values()];
}

/** A module of any run. `facts` are its properties per run, null if the run lacks it. */
export interface Module {
  name: string;
  label: string;
  depth: number;
  facts: (Facts | null)[];
  children: Module[];
}

const parentOf = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf(".")));

/** Return the modules of all runs as one tree, in the execution order of the first run. */
export function moduleTree(runs: readonly (readonly Facts[])[], names: readonly string[]): Module[] {
  const byName = runs.map((facts) => new Map(facts.map((one): [string, Facts] => [one.name, one])));
  const made = new Map<string, Module>();
  const roots: Module[] = [];
  const make = (name: string): Module => {
    const known = made.get(name);
    if (known) return known;
    const parent = parentOf(name) === "" ? null : make(parentOf(name));
    const module: Module = {
      name,
      label: name === "" ? "" : name.slice(name.lastIndexOf(".") + 1),
      depth: parent ? parent.depth + 1 : 0,
      facts: byName.map((one) => one.get(name) ?? null),
      children: [],
    };
    (parent?.children ?? roots).push(module);
    made.set(name, module);
    return module;
  };
  // The model itself has no line, because it is the total below the table. A model without submodules has one.
  for (const name of names) if (name !== "" || names.length === 1) make(name);
  return roots;
}

/** Return all modules of a tree, parents before children. */
export function flat(modules: readonly Module[]): Module[] {
  return modules.flatMap((module) => [module, ...flat(module.children)]);
}

export interface Sums {
  parameters: number;
  trainable: number;
  shared: number;
  buffers: number;
  /** Bytes of the outputs of all modules without children. Null if no call was observed. */
  bytes: number | null;
  heldBytes: number | null;
}

/** Return the totals of modules with all their children in one run. */
export function sums(modules: readonly Module[], run: number): Sums {
  const total: Sums = { parameters: 0, trainable: 0, shared: 0, buffers: 0, bytes: null, heldBytes: null };
  for (const module of flat(modules)) {
    const facts = module.facts[run];
    if (!facts) continue;
    total.parameters += facts.parameters;
    total.trainable += facts.trainable;
    total.shared += facts.shared;
    total.buffers += facts.buffers;
    if (facts.heldBytes !== null) total.heldBytes = (total.heldBytes ?? 0) + facts.heldBytes;
    if (module.children.length === 0 && facts.bytes !== null) total.bytes = (total.bytes ?? 0) + facts.bytes;
  }
  return total;
}

export interface TreeLine {
  module: Module;
  /** A `leaf` has no children. An `open` line shows its children, and a `folded` line hides them. */
  state: "leaf" | "open" | "folded";
}

/** Return the shown lines. With a filter, these are the matching modules and their parents. */
export function linesOf(
  modules: readonly Module[],
  open: ReadonlySet<string>,
  filter: RegExp | null = null,
): TreeLine[] {
  return modules.flatMap((module): TreeLine[] => {
    if (module.children.length === 0)
      return !filter || filter.test(module.name) ? [{ module, state: "leaf" }] : [];
    const inner = linesOf(module.children, open, filter);
    if (filter) return inner.length > 0 ? [{ module, state: "open" }, ...inner] : [];
    if (!open.has(module.name)) return [{ module, state: "folded" }];
    return [{ module, state: "open" }, ...inner];
  });
}

/** Return the modules that are open by default: whole levels, with at most `max` lines in total. */
export function openLevels(modules: readonly Module[], max: number): Set<string> {
  const open = new Set<string>();
  let level = modules.filter(({ children }) => children.length > 0);
  let shown = modules.length;
  while (level.length > 0) {
    shown += level.reduce((sum, { children }) => sum + children.length, 0);
    if (shown > max) break;
    for (const { name } of level) open.add(name);
    level = level.flatMap(({ children }) => children.filter((module) => module.children.length > 0));
  }
  return open;
}

/** Return the open modules whose children fit into `max` lines, parents first. Hidden ones take no line. */
export function openWithin(
  modules: readonly Module[],
  open: ReadonlySet<string>,
  max: number,
  isHidden: (name: string) => boolean = () => false,
): Set<string> {
  const kept = new Set<string>();
  const shownOf = (some: readonly Module[]) => some.filter(({ name }) => !isHidden(name));
  let level = shownOf(modules).filter(({ name }) => open.has(name));
  let shown = shownOf(modules).length;
  while (level.length > 0) {
    const next: Module[] = [];
    for (const { name, children } of level) {
      const drawn = shownOf(children);
      if (shown + drawn.length > max) continue;
      shown += drawn.length;
      kept.add(name);
      next.push(...drawn.filter((module) => module.children.length > 0 && open.has(module.name)));
    }
    level = next;
  }
  return kept;
}

export type Difference =
  | { what: "missing" }
  | { what: "added" }
  | { what: "type"; here: string; there: string }
  | { what: "shape"; here: readonly (number | null)[]; there: readonly (number | null)[] }
  | { what: "parameters"; here: number; there: number };

const same = (a: readonly (number | null)[], b: readonly (number | null)[]) =>
  a.length === b.length && a.every((size, i) => size === b[i] || size === null || b[i] === null);

/** Compare a module of another run with the reference's. Return null if they are equal. */
export function difference(here: Facts | null, there: Facts | null): Difference | null {
  if (!here || !there) return here === there ? null : here ? { what: "missing" } : { what: "added" };
  if (here.type !== there.type) return { what: "type", here: here.type, there: there.type };
  if (here.output && there.output && !same(here.output, there.output))
    return { what: "shape", here: here.output, there: there.output };
  if (here.parameters !== there.parameters)
    return { what: "parameters", here: here.parameters, there: there.parameters };
  return null;
}

/**
 * A line of a request to `series`: rows that are aggregated to one value. Its key is the name of the module or call.
 */
export interface ValueRequest {
  key: string;
  rows: string[];
}

/**
 * Return the rows that represent each module. For parameters these are its weights, or its other parameters if it has
 * none. For layers these are all its calls. A block includes the rows of its children. If a module has several calls,
 * each call also has a separate line, for the graph.
 */
export function requestedRows(
  modules: readonly Module[],
  rows: readonly Row[],
  ofLayers: boolean,
): ValueRequest[] {
  const own = new Map<string, Row[]>();
  for (const row of rows) own.set(row.module, [...(own.get(row.module) ?? []), row]);
  const within = new Map<string, string[]>();
  const walk = (module: Module): string[] => {
    const all = own.get(module.name) ?? [];
    const weights = ofLayers ? all : all.filter(({ role }) => role === "weight" || role === "embedding");
    const names = (weights.length > 0 ? weights : all).map(({ name }) => name);
    const found = [...names, ...module.children.flatMap(walk)];
    within.set(module.name, found);
    return found;
  };
  for (const module of modules) walk(module);
  const requested = [...within].flatMap(([key, names]) => (names.length > 0 ? [{ key, rows: names }] : []));
  const calls = ofLayers ? rows.filter(({ name, module }) => name !== module) : [];
  const first = ofLayers
    ? rows.filter(({ name, module }) => name === module && calls.some((c) => c.module === module))
    : [];
  return [
    ...requested,
    ...calls.map(({ name }) => ({ key: name, rows: [name] })),
    ...first.map(({ name }) => ({ key: `${name}#0`, rows: [name] })),
  ];
}

/** The models of the shown runs and the tree of all their modules. */
export interface Models {
  /** Runs with a logged structure, the reference first. */
  runs: Structure[];
  facts: Facts[][];
  tree: Module[];
  modules: Module[];
}
