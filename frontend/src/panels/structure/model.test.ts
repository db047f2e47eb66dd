import { expect, test } from "vitest";
import type { Graph, GraphNode } from "../../lib/answers/structure";
import { row } from "../../testing/helpers";
import { curve, layFlow } from "./layout";
import { layeredLayout, ranksOf, spread } from "./layout_layered";
import {
  difference,
  factsOf,
  flat,
  linesOf,
  moduleTree,
  openLevels,
  openWithin,
  requestedRows,
  sums,
} from "./model";
import { type FlowNode, visibleFlow } from "./model_dataflow";

const call = (name: string, type = "Linear"): GraphNode => ({
  kind: "call",
  name,
  module: name,
  type,
  outputs: [{ shape: [2, 4], dtype: "float32" }],
  bytes: 32,
});
const module = (name: string, parameters = 0, type = "Linear") => ({
  name,
  type,
  calls: 1,
  parameters,
  trainable: parameters,
  shared: 0,
  buffers: 0,
  parameter_bytes: 4 * parameters,
  buffer_bytes: 0,
});
/** input -> blocks.0 (a, b, + input) -> blocks.1 (a) -> head -> output */
const GRAPH: Graph = {
  observed: true,
  reason: null,
  modules: [
    module("", 0, "Net"),
    module("blocks", 0, "Sequential"),
    module("blocks.0", 0, "Block"),
    module("blocks.0.a", 20),
    module("blocks.0.b", 20),
    module("blocks.1", 0, "Block"),
    module("blocks.1.a", 20),
    module("head", 5),
  ],
  nodes: [
    { kind: "input", name: "x", model: "" },
    call("blocks.0.a"),
    call("blocks.0.b"),
    { kind: "operator", name: "add", module: "blocks.0", type: "add" },
    { kind: "group", name: "blocks.0", module: "blocks.0", type: "Block" },
    call("blocks.1.a"),
    { kind: "group", name: "blocks.1", module: "blocks.1", type: "Block" },
    { kind: "group", name: "blocks", module: "blocks", type: "Sequential" },
    call("head"),
    { kind: "output", name: "output", model: "" },
  ],
  edges: [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
    { from: 2, to: 3 },
    { from: 0, to: 3 },
    { from: 3, to: 5, via: ["relu"] },
    { from: 5, to: 8 },
    { from: 8, to: 9 },
  ],
};
const facts = factsOf({ run: "a", graph: GRAPH, layers: null, parameters: null });
const tree = moduleTree(
  [facts],
  facts.map(({ name }) => name),
);

test("moduleTree, sums and linesOf describe the modules", () => {
  expect(flat(tree).map(({ name }) => name)).toEqual(GRAPH.modules.slice(1).map(({ name }) => name));
  expect(sums(tree, 0)).toMatchObject({ parameters: 65, trainable: 65, bytes: 4 * 32 });
  expect(facts[3].output).toEqual([4]);
  const names = (open: string[], filter: RegExp | null = null) =>
    linesOf(tree, new Set(open), filter).map(({ module, state }) => `${module.name} ${state}`);
  expect(names([])).toEqual(["blocks folded", "head leaf"]);
  expect(names(["blocks"])).toEqual(["blocks open", "blocks.0 folded", "blocks.1 folded", "head leaf"]);
  expect(names([], /1\.a/)).toEqual(["blocks open", "blocks.1 open", "blocks.1.a leaf"]);
});

test("openLevels opens whole levels within the limit", () => {
  expect([...openLevels(tree, 4)]).toEqual(["blocks"]);
  expect([...openLevels(tree, 7)]).toEqual(["blocks", "blocks.0", "blocks.1"]);
  expect([...openWithin(tree, new Set(["blocks", "blocks.0", "blocks.1"]), 6)]).toEqual([
    "blocks",
    "blocks.0",
  ]);
  expect([...openWithin(tree, new Set(["blocks.0"]), 100)]).toEqual([]);
});

test("difference lists modules that differ between runs", () => {
  const [a, b] = [facts[3], { ...facts[3], type: "Conv2d" }];
  expect(difference(a, a)).toBeNull();
  expect(difference(a, b)).toEqual({ what: "type", here: "Linear", there: "Conv2d" });
  expect(difference(a, null)).toEqual({ what: "missing" });
  expect(difference(null, a)).toEqual({ what: "added" });
  expect(difference(a, { ...a, output: [5] })).toMatchObject({ what: "shape" });
  expect(difference(a, { ...a, parameters: 21 })).toEqual({ what: "parameters", here: 20, there: 21 });
});

test("requestedRows requests weights for layers and all rows for blocks", () => {
  const rows = ["blocks.0.a.weight", "blocks.0.a.bias", "blocks.1.a.bias", "head.weight"].map((name) =>
    row(name),
  );
  const requested = Object.fromEntries(requestedRows(tree, rows, false).map(({ key, rows }) => [key, rows]));
  expect(requested["blocks.0.a"]).toEqual(["blocks.0.a.weight"]);
  expect(requested["blocks.1.a"]).toEqual(["blocks.1.a.bias"]);
  expect(requested.blocks).toEqual(["blocks.0.a.weight", "blocks.1.a.bias"]);
  expect(requested["blocks.0.b"]).toBeUndefined();
});

test("visibleFlow draws a collapsed block as one box with its edges", () => {
  const shown = (open: string[]) => {
    const flow = visibleFlow(GRAPH, new Set(open));
    const label = new Map(flow.nodes.map((node): [string, string] => [node.id, node.label]));
    return flow.edges.map(({ from, to }) => `${label.get(from)}>${label.get(to)}`);
  };
  expect(shown([])).toEqual(["x>blocks", "blocks>head", "head>output"]);
  expect(shown(["blocks"])).toEqual(["x>0", "0>1", "1>head", "head>output"]);
  expect(shown(["blocks", "blocks.0"])).toEqual([
    "x>a",
    "a>b",
    "b>add",
    "x>add",
    "add>1",
    "1>head",
    "head>output",
  ]);
});

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
type Box = { x: number; y: number; width: number; height: number };
const contains = (a: Box, b: Box) =>
  a.x <= b.x && a.y <= b.y && a.x + a.width >= b.x + b.width && a.y + a.height >= b.y + b.height;

test("layFlow separates boxes, routes edges down and nests groups", () => {
  const flow = visibleFlow(GRAPH, new Set(["blocks", "blocks.0", "blocks.1"]));
  const laid = layFlow(flow);
  const boxes = flow.nodes.map((node): [FlowNode, Box] => [node, laid.nodes.get(node.id)!]);
  for (const [i, [, a]] of boxes.entries())
    for (const [, b] of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false);
  for (const [node, box] of boxes) {
    expect(contains({ x: 0, y: 0, width: laid.width, height: laid.height }, box)).toBe(true);
    for (const [name, group] of laid.groups)
      expect(overlap(group, box), `${name} ${node.label}`).toBe(
        node.parent === name || node.parent.startsWith(`${name}.`),
      );
  }
  expect(laid.groups.size).toBe(3);
  expect(contains(laid.groups.get("blocks")!, laid.groups.get("blocks.0")!)).toBe(true);
  flow.edges.forEach(({ from, to }, i) => {
    const points = laid.edges[i];
    const [a, b] = [laid.nodes.get(from)!, laid.nodes.get(to)!];
    expect(points[0].y).toBeCloseTo(a.y + a.height);
    expect(points.at(-1)!.y).toBeCloseTo(b.y);
    for (let k = 1; k < points.length; k++)
      expect(points[k].y).toBeGreaterThanOrEqual(points[k - 1].y - 1e-6);
  });
  // The skip connection is routed around the two layers that it skips.
  const skip = laid.edges[flow.edges.findIndex(({ from, to }) => from === "#0" && to === "#3")];
  const b = laid.nodes.get("#2")!;
  expect(
    skip.filter(({ y }) => y > b.y && y < b.y + b.height).every(({ x }) => x < b.x || x > b.x + b.width),
  ).toBe(true);
});

test("layFlow draws a chain straight and accepts a circle", () => {
  const size = { width: 50, height: 20 };
  const chain = layeredLayout(
    [size, size, size],
    [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ],
    { ranks: 10, items: 5 },
  );
  expect(chain.items.map(({ x }) => x)).toEqual([25, 25, 25]);
  expect(chain.height).toBe(80);
  const circle = layeredLayout(
    [size, size],
    [
      { from: 0, to: 1 },
      { from: 1, to: 0 },
    ],
    { ranks: 10, items: 5 },
  );
  expect(circle.items[0].y).toBeLessThan(circle.items[1].y);
  expect(circle.links[1][0].y).toBeGreaterThan(circle.links[1].at(-1)!.y);
});

test("pinned items are outermost and links pass beside tall items", () => {
  const size = { width: 50, height: 20 };
  const laid = layeredLayout(
    [{ ...size, pin: "top" }, { width: 50, height: 200 }, size, { ...size, pin: "bottom" }, size],
    [
      { from: 0, to: 2 },
      { from: 4, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 3 },
    ],
    { ranks: 10, items: 5 },
  );
  const [tops, tall] = [laid.items.map(({ y }) => y), laid.items[1]];
  expect(Math.min(...tops)).toBe(tops[0]);
  expect(Math.max(...tops)).toBe(tops[3]);
  const beside = laid.links[0].filter(({ y }) => y >= tall.y - 100 && y <= tall.y + 100);
  expect(beside.length).toBeGreaterThan(1);
  for (const { x } of beside) expect(Math.abs(x - tall.x)).toBeGreaterThan(25);
});

test("a long chain with links that skip its items is straight", () => {
  const items = Array.from({ length: 41 }, () => ({ width: 100, height: 20 }));
  const links = Array.from({ length: 40 }, (_, i) => ({ from: i, to: i + 1 }));
  for (let i = 0; i + 4 <= 40; i += 4) links.push({ from: i, to: i + 4 });
  const { items: laid, width } = layeredLayout(items, links, { ranks: 10, items: 10 });
  const x = laid.map((one) => one.x);
  expect(Math.max(...x) - Math.min(...x)).toBeLessThan(12);
  expect(width).toBeLessThan(160);
});

test("ranks and least-squares positions match examples", () => {
  expect([
    ...ranksOf(5, [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 0, to: 2 },
      { from: 3, to: 2 },
    ]),
  ]).toEqual([0, 1, 2, 1, 0]);
  expect(spread([0, 0], [1, 1], [10])).toEqual([-5, 5]);
  expect(spread([0, 30, 31], [1, 1, 1], [10, 10])).toEqual([0, 25.5, 35.5]);
});

test("edge curves match examples", () => {
  expect(
    curve([
      { x: 1, y: 2 },
      { x: 1, y: 12 },
    ]),
  ).toBe("M1 2V12");
  expect(
    curve([
      { x: 0, y: 0 },
      { x: 10, y: 20 },
    ]),
  ).toBe("M0 0C0 10 10 10 10 20");
});
