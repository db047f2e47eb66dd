import type { Graph, GraphNode } from "../../lib/answers/structure";
import { type Fold, foldOf, standsFor } from "./model_fold";

/** A box of the drawing: a call, an operator, an input or output, or a collapsed module. */
export interface FlowNode {
  id: string;
  kind: "input" | "call" | "operator" | "output" | "block";
  /** Node of the graph, or the first node of a block. */
  node: GraphNode;
  /** Module of the node, or the module that a block stands for. */
  module: string;
  /** Name without the prefix of the enclosing block. */
  label: string;
  /** Number of calls in a block. */
  calls: number;
  /** The enclosing open module, or "" if there is none. */
  parent: string;
  /** Modules or calls that the box stands for, in execution order. One if it is not in a fold. */
  names: readonly string[];
  /** Repeated blocks that the box shows. Null if it shows one block, or another part of it. */
  fold: Fold | null;
}

export interface FlowEdge {
  from: string;
  to: string;
  shape: readonly (number | null)[] | null;
  via: string[];
  assumed: boolean;
}

export interface Flow {
  nodes: FlowNode[];
  edges: FlowEdge[];
  /** Open modules that contain nodes, parents first. */
  groups: { name: string; parent: string; fold: Fold | null }[];
}

const ancestors = (name: string): string[] => {
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
};

/**
 * Return the dataflow to draw while these modules are open. A collapsed module is one box. Edges between the same two
 * boxes are merged.
 */
export function visibleFlow(graph: Graph, open: ReadonlySet<string>, folds: readonly Fold[] = []): Flow {
  const holding = new Set(
    graph.nodes.filter(({ kind }) => kind === "group").map(({ module }) => module ?? ""),
  );
  const nodes = new Map<string, FlowNode>();
  const of = graph.nodes.map((node, i): string | null => {
    if (node.kind === "group") return null;
    const name = node.kind === "input" || node.kind === "output" ? (node.model ?? "") : (node.module ?? "");
    const inside = node.kind === "call" ? ancestors(name).slice(0, -1) : ancestors(name);
    const around = inside.filter((one) => one !== "" && holding.has(one));
    const folded =
      node.kind === "input" || node.kind === "output" ? undefined : around.find((one) => !open.has(one));
    if (folded !== undefined) {
      // A module's name may look like the id of a node.
      const id = `block ${folded}`;
      const known = nodes.get(id);
      if (known) {
        known.calls += node.kind === "call" ? 1 : 0;
        return id;
      }
      const parent = around[around.indexOf(folded) - 1] ?? "";
      nodes.set(id, {
        id,
        kind: "block",
        node,
        module: folded,
        label: parent === "" ? folded : folded.slice(parent.length + 1),
        calls: node.kind === "call" ? 1 : 0,
        parent,
        names: standsFor(folds, folded),
        fold: foldOf(folds, folded),
      });
      return id;
    }
    const parent = around.filter((one) => open.has(one)).at(-1) ?? "";
    const id = `#${i}`;
    const label = node.kind === "call" && parent !== "" ? node.name.slice(parent.length + 1) : node.name;
    const names = standsFor(folds, node.kind === "call" ? node.name : name);
    nodes.set(id, { id, kind: node.kind, node, module: name, label, calls: 1, parent, names, fold: null });
    return id;
  });
  const edges = new Map<string, FlowEdge>();
  for (const { from, to, shape, via, assumed } of graph.edges) {
    const a = of[from];
    const b = of[to];
    if (a === null || b === null || a === b) continue;
    const key = JSON.stringify([a, b]);
    const known = edges.get(key);
    if (!known)
      edges.set(key, {
        from: a,
        to: b,
        shape: shape ?? null,
        via: [...(via ?? [])],
        assumed: assumed === true,
      });
    else {
      known.assumed &&= assumed === true;
      known.via = [...known.via, ...(via ?? []).filter((name) => !known.via.includes(name))];
    }
  }
  const used = new Set([...nodes.values()].flatMap(({ parent }) => (parent === "" ? [] : ancestors(parent))));
  const groups = [...used]
    .filter((name) => holding.has(name) && open.has(name))
    .sort((a, b) => a.length - b.length)
    .map((name) => ({
      name,
      fold: foldOf(folds, name),
      parent:
        ancestors(name)
          .slice(0, -1)
          .filter((one) => holding.has(one) && open.has(one))
          .at(-1) ?? "",
    }));
  return { nodes: [...nodes.values()], edges: [...edges.values()], groups };
}
