import { expect, test } from "vitest";
import type { Graph, GraphNode } from "../../lib/answers/structure";
import { around, foundModules, stepped } from "./model_search";

const node = (name: string, kind: GraphNode["kind"] = "call"): GraphNode => ({ kind, name, module: name });
const counts = {
  calls: 1,
  parameters: 0,
  trainable: 0,
  shared: 0,
  buffers: 0,
  parameter_bytes: 0,
  buffer_bytes: 0,
};
const GRAPH: Graph = {
  observed: true,
  reason: null,
  modules: [
    ["", "Net"],
    ["h", "ModuleList"],
    ["h.0", "Block"],
    ["h.0.norm", "LayerNorm"],
    ["h.0.fc", "Linear"],
    ["head", "Linear"],
    ["unused", "Linear"],
  ].map(([name, type]) => ({ name, type, ...counts })),
  nodes: [node("h.0.norm"), node("h.0.fc"), node("h.0", "group"), node("head")],
  edges: [],
};

test("layers are found by name or class, in execution order", () => {
  expect(foundModules(GRAPH, "linear")).toEqual(["h.0.fc", "head"]);
  expect(foundModules(GRAPH, " h.0 ")).toEqual(["h.0", "h.0.norm", "h.0.fc"]);
  expect(foundModules(GRAPH, "norm$|^head")).toEqual(["h.0.norm", "head"]);
  expect(foundModules(GRAPH, "unused")).toEqual([]);
  expect(foundModules(GRAPH, "  ")).toEqual([]);
  expect(foundModules(GRAPH, "(")).toBeNull();
});

test("the modules around a match are opened", () => {
  const names = GRAPH.modules.map(({ name }) => name);
  expect(around(names, "h.0.fc")).toEqual(["h", "h.0"]);
  expect(around(names, "head")).toEqual([]);
});

test("matches are stepped around the ends", () => {
  expect([stepped(0, 1, 3), stepped(2, 1, 3), stepped(0, -1, 3), stepped(0, 1, 0)]).toEqual([1, 0, 2, 0]);
});
