import type { Graph } from "../../lib/answers/structure";
import type { Row } from "../../lib/types";

/** A module that contains others, with the nodes of the dataflow that belong to it. */
export interface Unit {
  name: string;
  type: string;
  /** Indices of its nodes: those in the module, and operators between it and the next module. */
  nodes: number[];
}

/** Consecutive modules with the same classes, parameters and wiring, in execution order. */
export interface Run {
  parent: string;
  units: Unit[];
}

export const parentOf = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf(".")));
export const isWithin = (name: string, module: string) => name === module || name.startsWith(`${module}.`);

/** Indices of edges by their source and by their target. */
interface Ends {
  out: number[][];
  into: number[][];
}

/** Return the modules that contain others and have nodes, by their parent. */
function unitsByParent(graph: Graph): Map<string, Unit[]> {
  const types = new Map(graph.modules.map(({ name, type }) => [name, type]));
  const parents = new Set(graph.modules.filter(({ name }) => name !== "").map(({ name }) => parentOf(name)));
  const units = new Map<string, Unit>();
  graph.nodes.forEach(({ kind, module }, i) => {
    if (!module || kind === "input" || kind === "output") return;
    for (let at = module; at !== ""; at = parentOf(at)) {
      if (!parents.has(at)) continue;
      const known = units.get(at);
      if (known) known.nodes.push(i);
      else units.set(at, { name: at, type: types.get(at) ?? "", nodes: [i] });
    }
  });
  const byParent = new Map<string, Unit[]>();
  for (const unit of units.values()) {
    const parent = parentOf(unit.name);
    byParent.set(parent, [...(byParent.get(parent) ?? []), unit]);
  }
  for (const siblings of byParent.values()) siblings.sort((a, b) => a.nodes[0] - b.nodes[0]);
  return byParent;
}

/**
 * Return siblings with the operators of their parent that ran within or after each of them, such as the addition of a
 * residual connection. The last sibling has as many operators after it as the one before.
 */
function withOperators(graph: Graph, parent: string, siblings: readonly Unit[]): Unit[] {
  const isLoose = (i: number) => {
    const { kind, module = "" } = graph.nodes[i];
    return kind === "operator" && (module === "" || isWithin(parent, module));
  };
  let after = 0;
  return siblings.map((unit, k) => {
    const last = unit.nodes[unit.nodes.length - 1];
    const next = siblings[k + 1]?.nodes[0] ?? graph.nodes.length;
    const own = new Set(unit.nodes);
    const nodes: number[] = [];
    let tail = 0;
    for (let i = unit.nodes[0]; i < next; i++) {
      if (own.has(i)) nodes.push(i);
      else if (isLoose(i) && (i < last || k + 1 < siblings.length || tail < after)) {
        nodes.push(i);
        if (i > last) tail += 1;
      } else if (i > last && k + 1 === siblings.length) break;
    }
    after = tail;
    return { ...unit, nodes };
  });
}

/** Return a text that two units share if their classes, parameters, shapes and inner wiring are the same. */
function signature(graph: Graph, rows: readonly Row[], ends: Ends, unit: Unit): string {
  const { name, nodes } = unit;
  const inner = (text: string) => (isWithin(text, name) ? text.slice(name.length) : `outside ${text}`);
  const place = new Map(nodes.map((node, i): [number, number] => [node, i]));
  const modules = graph.modules.filter((module) => isWithin(module.name, name));
  // The parameters of a layer that shares them count elsewhere, and so do their rows.
  const shares = modules.some(({ shared }) => shared > 0);
  return JSON.stringify([
    modules.map((one) => [
      inner(one.name),
      one.type,
      one.calls,
      one.parameters + one.shared,
      one.trainable < one.parameters,
      one.buffers,
    ]),
    shares
      ? null
      : rows.filter(({ module }) => isWithin(module, name)).map((row) => [inner(row.name), row.shape]),
    nodes.map((i) => {
      const node = graph.nodes[i];
      const isLoose = !isWithin(node.module ?? "", name);
      return [
        node.kind,
        isLoose ? null : inner(node.module ?? ""),
        isLoose || node.kind === "operator" ? node.name : inner(node.name),
        node.type,
        node.inputs?.map(({ shape }) => shape),
        node.outputs?.map(({ shape }) => shape),
        node.parameters?.map(inner),
      ];
    }),
    nodes.map((i) =>
      ends.into[i].flatMap((at) => {
        const { from, via, assumed, shape } = graph.edges[at];
        const source = place.get(from);
        return source === undefined ? [] : [[source, via, assumed, shape]];
      }),
    ),
  ]);
}

/** A source outside a unit: a node of a unit before it, `back` units away, or any other node with `back` 0. */
interface Source {
  back: number;
  node: number;
  via: string;
}

/** Return the sources outside each unit, for each of its nodes. */
function outerSources({ edges }: Graph, ends: Ends, units: readonly Unit[]): Source[][][] {
  const place = new Map<number, { unit: number; node: number }>();
  units.forEach(({ nodes }, unit) => {
    nodes.forEach((id, node) => {
      place.set(id, { unit, node });
    });
  });
  return units.map(({ nodes }, at) =>
    nodes.map((id) =>
      ends.into[id].flatMap((edge): Source[] => {
        const { from, via } = edges[edge];
        const known = place.get(from);
        if (known?.unit === at) return [];
        const [back, node] = known && known.unit < at ? [at - known.unit, known.node] : [0, from];
        return [{ back, node, via: String(via ?? "") }];
      }),
    ),
  );
}

/**
 * Return true if a unit takes the same data as a later one. The first units take any other data in place of units
 * that would be before them.
 */
function takesSame(own: readonly Source[][], index: number, later: readonly Source[][]): boolean {
  return later.every((sources, i) => {
    const rest = [...own[i]];
    const unlike = sources.filter(({ back, node, via }) => {
      const same = rest.findIndex((one) => one.back === back && one.node === node && one.via === via);
      if (same >= 0) rest.splice(same, 1);
      return same < 0;
    });
    return (
      unlike.length === rest.length &&
      unlike.every(({ back }) => back > index) &&
      rest.every(({ back }) => back === 0)
    );
  });
}

/** Split units of one signature into those that take the same data. */
function splitBySources(graph: Graph, ends: Ends, units: readonly Unit[]): Unit[][] {
  const sources = outerSources(graph, ends, units);
  const found: Unit[][] = [];
  for (let last = units.length - 1; last >= 0; ) {
    let first = last;
    while (first > 0 && takesSame(sources[first - 1], first - 1, sources[last])) first -= 1;
    found.unshift(units.slice(first, last + 1));
    last = first - 1;
  }
  return found;
}

/** Return true if data leaves the nodes of a run and comes back. As one box, the run would be in a circle. */
function isInCircle(graph: Graph, ends: Ends, run: Run): boolean {
  const own = new Set(run.units.flatMap(({ nodes }) => nodes));
  const reached = (by: number[][], end: "from" | "to") => {
    const found = new Set<number>();
    const stack = [...own];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const edge of by[at]) {
        const next = graph.edges[edge][end];
        if (own.has(next) || found.has(next)) continue;
        found.add(next);
        stack.push(next);
      }
    }
    return found;
  };
  const above = reached(ends.into, "from");
  return [...reached(ends.out, "to")].some((node) => above.has(node));
}

/**
 * Return all runs of at least two repeated blocks, outer ones first. Blocks are alike if their classes, parameter
 * shapes, output shapes and inner wiring are the same, and they take the same data, or data of the blocks before them.
 */
export function repeatedBlocks(graph: Graph, rows: readonly Row[] = []): Run[] {
  const ends: Ends = { out: graph.nodes.map(() => []), into: graph.nodes.map(() => []) };
  graph.edges.forEach(({ from, to }, i) => {
    ends.out[from]?.push(i);
    ends.into[to]?.push(i);
  });
  const runs: Run[] = [];
  for (const [parent, siblings] of unitsByParent(graph)) {
    if (siblings.length < 2) continue;
    const units = withOperators(graph, parent, siblings);
    const signatures = units.map((unit) => signature(graph, rows, ends, unit));
    let start = 0;
    for (let at = 1; at <= units.length; at++) {
      if (at < units.length && signatures[at] === signatures[start]) continue;
      for (const some of splitBySources(graph, ends, units.slice(start, at))) {
        const run = { parent, units: some };
        if (some.length > 1 && !isInCircle(graph, ends, run)) runs.push(run);
      }
      start = at;
    }
  }
  const depth = ({ parent }: Run) => (parent === "" ? 0 : parent.split(".").length);
  return runs.sort((a, b) => depth(a) - depth(b));
}
