import type { Missing, Row } from "../types";

/** Parts of the tensor `nnviz/graph`, as documented in docs/schema.md. */
export interface GraphTensor {
  shape: readonly (number | null)[] | null;
  dtype: string;
}

export const NODE_KINDS = ["input", "call", "group", "operator", "output"] as const;

export interface GraphNode {
  kind: (typeof NODE_KINDS)[number];
  name: string;
  model?: string;
  module?: string;
  type?: string;
  inputs?: readonly GraphTensor[];
  outputs?: readonly GraphTensor[];
  bytes?: number;
  parameters?: readonly string[];
}

export interface GraphEdge {
  from: number;
  to: number;
  shape?: readonly (number | null)[];
  via?: readonly string[];
  assumed?: boolean;
}

export interface GraphModule {
  name: string;
  type: string;
  calls: number;
  parameters: number;
  trainable: number;
  shared: number;
  buffers: number;
  parameter_bytes: number;
  buffer_bytes: number;
}

export interface Graph {
  observed: boolean;
  reason: string | null;
  modules: readonly GraphModule[];
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
}

export interface Structure {
  run: string;
  graph: Graph | null;
  layers: readonly Row[] | null;
  parameters: readonly Row[] | null;
}

/** Answer of `POST structure`. */
export interface StructureAnswer {
  runs: Structure[];
  missing: Missing[];
}
