import {
  type Graph,
  type GraphEdge,
  type GraphModule,
  type GraphNode,
  type GraphTensor,
  NODE_KINDS,
  type StructureAnswer,
} from "../../lib/answers/structure";
import type { Row } from "../../lib/types";
import { array, count, Fields, finite, flag, invalid, listOf, nullable, oneOf, orElse, text } from "./check";
import { items, messageOf, missingOf, reasonAt } from "./items";
import { readRow, sizes } from "./rows";

/** Read the answer of `POST structure`. A bad node takes its edges along. Everything else is kept. */
export function decodeStructure(header: unknown): StructureAnswer {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const runs = items(answer, "runs", missing, (one) => {
    const run = one.read("run", text);
    const left = (reason: string) => missing.push({ run, reason, unread: true });
    const part = <T>(key: string, read: (value: unknown) => T): T | null => {
      const value = one.get(key);
      if (value === null || value === undefined) return null;
      try {
        return read(value);
      } catch (error) {
        left(messageOf(error));
        return null;
      }
    };
    const rows = (key: string) => part(key, (value): Row[] => kept(value, key, readRow, left).flatMap(only));
    return {
      run,
      graph: part("graph", (value) => readGraph(value, left)),
      layers: rows("layers"),
      parameters: rows("parameters"),
    };
  });
  return { runs, missing };
}

const only = <T>(one: T | null): T[] => (one === null ? [] : [one]);

/** Return the items of a list, with null in place of each invalid one. */
function kept<T>(
  value: unknown,
  thing: string,
  read: (value: unknown, thing: string) => T,
  left: (reason: string) => void,
): (T | null)[] {
  return array(value, thing).map((one, i) => {
    try {
      return read(one, `${thing}[${i}]`);
    } catch (error) {
      left(reasonAt(`${thing}[${i}]`, error));
      return null;
    }
  });
}

function readGraph(value: unknown, left: (reason: string) => void): Graph {
  const graph = new Fields(value, "graph");
  const all = kept(graph.get("nodes"), "nodes", readNode, left);
  const nodes = all.flatMap(only);
  // Edges name nodes by index, so they follow when a node is left out.
  let place = 0;
  const places = all.map((one) => (one === null ? -1 : place++));
  const edges = kept(graph.get("edges"), "edges", (one, thing) => readEdge(one, thing, places), left);
  return {
    observed: graph.read("observed", flag),
    reason: graph.read("reason", nullable(text)),
    modules: kept(graph.get("modules"), "modules", readModule, left).flatMap(only),
    nodes,
    edges: edges.flatMap(only).filter(({ from, to }) => from >= 0 && to >= 0),
  };
}

function readModule(value: unknown, thing: string): GraphModule {
  const one = new Fields(value, thing);
  const total = (key: string) => one.read(key, orElse(count, 0));
  return {
    name: one.read("name", text),
    type: one.read("type", text),
    calls: total("calls"),
    parameters: total("parameters"),
    trainable: total("trainable"),
    shared: total("shared"),
    buffers: total("buffers"),
    parameter_bytes: total("parameter_bytes"),
    buffer_bytes: total("buffer_bytes"),
  };
}

function readTensor(value: unknown, thing: string): GraphTensor {
  const one = new Fields(value, thing);
  return { shape: one.read("shape", nullable(sizes)), dtype: one.read("dtype", orElse(text, "")) };
}

function readNode(value: unknown, thing: string): GraphNode {
  const one = new Fields(value, thing);
  const known = (key: string) => one.get(key) != null;
  return {
    kind: one.read("kind", oneOf(NODE_KINDS)),
    name: one.read("name", text),
    ...(known("model") && { model: one.read("model", text) }),
    ...(known("module") && { module: one.read("module", text) }),
    ...(known("type") && { type: one.read("type", text) }),
    ...(known("inputs") && { inputs: one.read("inputs", listOf(readTensor)) }),
    ...(known("outputs") && { outputs: one.read("outputs", listOf(readTensor)) }),
    ...(known("bytes") && { bytes: one.read("bytes", finite) }),
    ...(known("parameters") && { parameters: one.read("parameters", listOf(text)) }),
  };
}

function readEdge(value: unknown, thing: string, places: readonly number[]): GraphEdge {
  const one = new Fields(value, thing);
  const end = (key: string) => {
    const at = one.read(key, count);
    if (at >= places.length) throw invalid(key, at, `an index of ${places.length} nodes`);
    return places[at];
  };
  const known = (key: string) => one.get(key) != null;
  return {
    from: end("from"),
    to: end("to"),
    ...(known("shape") && { shape: one.read("shape", sizes) }),
    ...(known("via") && { via: one.read("via", listOf(text)) }),
    ...(known("assumed") && { assumed: one.read("assumed", flag) }),
  };
}
