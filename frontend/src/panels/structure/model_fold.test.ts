import { describe, expect, test } from "vitest";
import type { Graph, GraphEdge, GraphModule, GraphNode } from "../../lib/answers/structure";
import { row } from "../../testing/helpers";
import { visibleFlow } from "./model_dataflow";
import { ALL, drawnAs, foldGraph, separateBlocks, separateItems, standsFor } from "./model_fold";
import { repeatedBlocks } from "./model_repeats";

/** Records nodes in the order of calls, as a run does. */
class Recorder {
  nodes: GraphNode[] = [];
  edges: GraphEdge[] = [];
  modules = new Map<string, GraphModule>();

  module(name: string, type: string, parameters = 0) {
    const none = { shared: 0, buffers: 0, parameter_bytes: 0, buffer_bytes: 0 };
    this.modules.set(name, { name, type, calls: 1, parameters, trainable: parameters, ...none });
  }
  add(node: GraphNode, from: number[], via?: string[]): number {
    const to = this.nodes.push(node) - 1;
    for (const one of from) this.edges.push({ from: one, to, ...(via ? { via } : {}) });
    return to;
  }
  input(name: string) {
    return this.add({ kind: "input", name }, []);
  }
  call(name: string, from: number[], { type = "Linear", parameters = 20, size = 4 } = {}) {
    if (!this.modules.has(name)) this.module(name, type, parameters);
    const outputs = [{ shape: [2, size], dtype: "float32" }];
    return this.add({ kind: "call", name, module: name, type, outputs }, from);
  }
  operator(name: string, module: string, from: number[]) {
    return this.add({ kind: "operator", name, module, type: name }, from);
  }
  group(name: string, type = "Block") {
    this.module(name, type);
    this.nodes.push({ kind: "group", name, module: name, type });
  }
  /** Residual block: norm, linear and an addition within the block. */
  block(name: string, x: number, more: number[] = [], options: Parameters<Recorder["call"]>[2] = {}) {
    const inner = this.call(`${name}.norm`, [x], { type: "LayerNorm", parameters: 8 });
    const sum = this.operator("add", name, [x, this.call(`${name}.linear`, [inner, ...more], options)]);
    this.group(name);
    return sum;
  }
  graph(): Graph {
    return {
      observed: true,
      reason: null,
      modules: [...this.modules.values()],
      nodes: this.nodes,
      edges: this.edges,
    };
  }
}

const runsOf = (graph: Graph) =>
  repeatedBlocks(graph).map(({ units }) => units.map(({ name }) => name).join(" "));

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}.${i}`);

/** Return a chain of residual blocks with options for single blocks. */
function chain(count: number, options: Record<number, Parameters<Recorder["call"]>[2]> = {}): Recorder {
  const rec = new Recorder();
  let x = rec.call("embed", [rec.input("x")]);
  for (let i = 0; i < count; i++) x = rec.block(`h.${i}`, x, [], options[i] ?? {});
  rec.module("h", "ModuleList");
  rec.call("head", [x]);
  return rec;
}

describe("repeatedBlocks", () => {
  test("a chain of equal blocks is one run", () => {
    expect(runsOf(chain(5).graph())).toEqual([names("h", 5).join(" ")]);
    expect(runsOf(chain(1).graph())).toEqual([]);
  });

  test.each([
    ["class", { type: "Conv1d" }],
    ["parameters", { parameters: 21 }],
    ["shape", { size: 5 }],
  ])("a block with another %s splits the run", (_, option) => {
    expect(runsOf(chain(6, { 2: option }).graph())).toEqual(["h.0 h.1", "h.3 h.4 h.5"]);
  });

  test("parameters of equal size and other shape split the run", () => {
    const { modules, ...rest } = chain(4).graph();
    const rows = names("h", 4).map((name, i) =>
      row(`${name}.linear.weight`, { shape: i < 2 ? [4, 5] : [5, 4] }),
    );
    const found = repeatedBlocks({ modules, ...rest }, rows);
    expect(found.map(({ units }) => units.length)).toEqual([2, 2]);
  });

  test("frozen blocks are a run of their own", () => {
    const rec = chain(4);
    for (const i of [0, 1]) rec.modules.get(`h.${i}.linear`)!.trainable = 0;
    expect(runsOf(rec.graph())).toEqual(["h.0 h.1", "h.2 h.3"]);
  });

  test("other inner wiring splits the run", () => {
    const rec = chain(4);
    const graph = rec.graph();
    const inner = (name: string) => graph.nodes.findIndex((node) => node.name === name);
    const edges = [...graph.edges, { from: inner("h.3.norm"), to: inner("h.3.linear") + 1 }];
    expect(runsOf({ ...graph, edges })).toEqual(["h.0 h.1 h.2"]);
  });

  test("blocks that all take an outside tensor are a run, those with tensors of their own are not", () => {
    const build = (own: boolean) => {
      const rec = new Recorder();
      let x = rec.input("x");
      const memory = [0, 1, 2].map((i) => rec.input(`m${i}`));
      for (let i = 0; i < 3; i++) x = rec.block(`h.${i}`, x, [memory[own ? i : 0]]);
      return runsOf(rec.graph());
    };
    expect(build(false)).toEqual(["h.0 h.1 h.2"]);
    expect(build(true)).toEqual([]);
  });

  test("blocks that take data of the two before are a run", () => {
    const rec = new Recorder();
    const all = [rec.input("x"), rec.input("y")];
    for (let i = 0; i < 4; i++) all.push(rec.block(`h.${i}`, all[i + 1], [all[i]]));
    expect(runsOf(rec.graph())).toEqual([names("h", 4).join(" ")]);
  });

  test("blocks with other layers between are not a run", () => {
    const rec = new Recorder();
    let x = rec.input("x");
    for (let i = 0; i < 3; i++) x = rec.call(`pool#${i}`, [rec.block(`h.${i}`, x)]);
    expect(runsOf(rec.graph())).toEqual([]);
  });

  test("residual additions outside the blocks belong to them", () => {
    const rec = new Recorder();
    let x = rec.input("x");
    for (let i = 0; i < 4; i++) {
      x = rec.operator("add", "", [x, rec.call(`layers.${i}.0.linear`, [x])]);
      rec.group(`layers.${i}.0`, "Attention");
      x = rec.operator("add", "", [x, rec.call(`layers.${i}.1.linear`, [x], { parameters: 40 })]);
      rec.group(`layers.${i}.1`, "FeedForward");
      rec.module(`layers.${i}`, "ModuleList");
    }
    rec.call("head", [x]);
    const graph = rec.graph();
    const runs = repeatedBlocks(graph);
    expect(runs.map(({ units }) => units.map(({ name }) => name))).toEqual([names("layers", 4)]);
    const folded = foldGraph(graph, runs, new Set());
    const flow = visibleFlow(folded.graph, new Set(), folded.folds);
    expect(flow.nodes.map(({ label, names: all }) => `${label} ${all.length}`)).toEqual([
      "x 1",
      "layers.0 4",
      "head 1",
    ]);
    expect(flow.edges).toHaveLength(2);
  });
});

describe("foldGraph", () => {
  const graph = chain(5).graph();
  const runs = repeatedBlocks(graph);
  const shown = (separate: string[], open: string[] = []) => {
    const folded = foldGraph(graph, runs, separateBlocks(runs, separate));
    const flow = visibleFlow(folded.graph, new Set(open), folded.folds);
    const label = new Map(flow.nodes.map(({ id, label, names }) => [id, `${label}*${names.length}`]));
    return flow.edges.map(({ from, to }) => `${label.get(from)}>${label.get(to)}`);
  };

  test("the first block stands for all", () => {
    expect(shown([])).toEqual(["x*1>embed*1", "embed*1>h.0*5", "h.0*5>head*1"]);
    expect(shown([], ["h.0"])).toEqual([
      "x*1>embed*1",
      "embed*1>norm*5",
      "norm*5>linear*5",
      "embed*1>add*5",
      "linear*5>add*5",
      "add*5>head*1",
    ]);
  });

  test("single blocks and ranges are drawn separately", () => {
    expect(shown(["h.2"])).toEqual([
      "x*1>embed*1",
      "embed*1>h.0*2",
      "h.0*2>h.2*1",
      "h.2*1>h.3*2",
      "h.3*2>head*1",
    ]);
    expect(shown(["h.1..h.3"]).filter((one) => one.includes("*2"))).toEqual([]);
    expect(shown([ALL])).toHaveLength(7);
    expect(shown(["gone", "h.9", "..", "h.0..gone"])).toEqual(shown([]));
  });

  test("separateItems writes what separateBlocks reads", () => {
    for (const some of [["h.0"], ["h.1", "h.2"], ["h.0", "h.2", "h.3"], names("h", 5), []]) {
      const items = separateItems(runs, new Set(some));
      expect([...separateBlocks(runs, items)]).toEqual(some);
    }
    expect(separateItems(runs, new Set(["h.1", "h.2", "h.3"]))).toEqual(["h.1..h.3"]);
  });

  test("folds within folds stand for the layers of all", () => {
    const rec = new Recorder();
    let x = rec.input("x");
    for (const stage of names("s", 3)) {
      for (const block of names(stage, 2)) x = rec.block(block, x);
      rec.group(stage, "Stage");
    }
    const whole = rec.graph();
    const found = repeatedBlocks(whole);
    const { graph: folded, folds } = foldGraph(whole, found, new Set());
    expect(folds.map(({ blocks }) => blocks.length)).toEqual([3, 2]);
    expect(standsFor(folds, "s.0.0.linear")).toEqual(
      names("s", 3).flatMap((stage) => names(stage, 2).map((block) => `${block}.linear`)),
    );
    expect(drawnAs(folds, "s.2.1.linear")).toBe("s.0.0.linear");
    const flow = visibleFlow(folded, new Set(["s.0"]), folds);
    expect(flow.nodes.map(({ label }) => label)).toEqual(["x", "0"]);
    expect(flow.edges).toHaveLength(1);
    // One stage of its own has a fold of its own.
    const one = foldGraph(whole, found, new Set(["s.1"]));
    expect(one.folds.map(({ blocks }) => blocks.join(" "))).toEqual([
      "s.0.0 s.0.1",
      "s.1.0 s.1.1",
      "s.2.0 s.2.1",
    ]);
  });
});
