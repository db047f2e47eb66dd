import { expect, test } from "vitest";
import { mutated, random } from "../../testing/mutations";
import { type Answers, type Body, decodeAnswer, type RouteName } from "./answers";
import { decodeRuns } from "./runs";

/** Answers of all routes, as they arrive from the decoder of the wire. */

const ROW = {
  name: "fc.weight",
  module: "fc",
  call: 0,
  type: "Linear",
  shape: [4, null],
  numel: 12,
  role: "weight",
};
const floats = (n: number) => new Float32Array(n).fill(0.5);
const steps = () => Float64Array.of(0, 10, 20);
const lost = () => [
  { run: "b", statistic: null, tag: null, row: null, step: null, reason: "no data of kind" },
];
const column = () => ({
  min: floats(4),
  mean: floats(4),
  max: floats(4),
  states: new Uint8Array(4),
  at: new Uint8Array(4),
});
const mapHeader = () => ({
  shape: [2, 3],
  axes: ["row", "column"],
  scale: 0.1,
  offset: -1,
  zero: 127,
  nonfinite: 0,
  downsampled: { row: [8, 2, "every"] },
  unit_order: { row: [0, 5] },
  labels: ["x", ["a", "b"]],
  values: [[300, 4]],
  norms: { row: { min: [0, 1], max: [1, null] }, column: { max: [1, 2, 3] } },
  tensor: { shape: [8, 3], dtype: "float32" },
});

const FINDING = {
  rule: "gradient/vanishing",
  severity: "warning",
  title: "Gradients vanish",
  kind: "gradient",
  statistic: "norm",
  row: "fc.weight",
  layer: "fc",
  depth: 3,
  since: 10,
  step: 20,
  value: 1e-9,
  limit: 1e-3,
  usual: null,
  evidence: "small",
  advice: ["one", "two"],
  explains: ["update/none"],
  cause: 3,
  source: "https://example.org",
  details: { layers: ["fc", "fc2"] },
};

const SAMPLES: { name: string; route: RouteName; body: Body; answer: () => object }[] = [
  {
    name: "series",
    route: "series",
    body: { kind: "gradient" },
    answer: () => ({
      layouts: { "7": [ROW, { ...ROW, name: "fc.bias", unit_axis: -1, trainable: false, parameter: "fc" }] },
      series: [
        {
          run: "a",
          layout: 7,
          steps: steps(),
          wall_times: steps(),
          absent: new Uint8Array(6),
          values: { norm: floats(6), toString: floats(6) },
          percentiles: {
            norm: { values: floats(4), finite: new Int32Array(2), nonfinite: new Int32Array(2) },
          },
        },
        {
          run: "b",
          layout: 7,
          steps: steps(),
          wall_times: steps(),
          starts: Float64Array.of(0, 2),
          columns: { norm: column() },
        },
      ],
      missing: lost(),
    }),
  },
  {
    name: "series with rows",
    route: "series",
    body: { kind: "gradient", rows: ["x", ["y", "z"]] },
    answer: () => ({
      layouts: {},
      series: [
        {
          run: "a",
          layout: null,
          steps: steps(),
          wall_times: steps(),
          absent: new Uint8Array(6),
          values: { norm: floats(6) },
        },
      ],
      missing: [],
    }),
  },
  {
    name: "scalars",
    route: "scalars",
    body: {},
    answer: () => ({
      series: ["a", "b"].map((run) => ({
        run,
        tag: "nnviz/log/loss",
        steps: steps(),
        wall_times: steps(),
        values: floats(3),
      })),
      missing: lost(),
    }),
  },
  {
    name: "listed maps",
    route: "maps",
    body: { prefix: "nnviz/weight/" },
    answer: () => ({
      tag: null,
      maps: ["a", "b"].map((run) => ({
        run,
        tag: "nnviz/weight/fc",
        step: 3,
        header: mapHeader(),
        row: ROW,
      })),
      missing: lost(),
    }),
  },
  {
    name: "maps",
    route: "maps",
    body: { prefix: "nnviz/weight/" },
    answer: () => ({
      tag: "nnviz/weight/fc",
      steps: [{ run: "a", steps: steps() }],
      maps: ["a", "b"].map((run) => ({
        run,
        step: 10,
        wall_time: 1,
        header: mapHeader(),
        values: new Uint8Array(6),
        units: { min: new Float64Array(2), max: new Float64Array(2), mean: new Float64Array(2) },
      })),
      missing: lost(),
    }),
  },
  {
    name: "listed histograms",
    route: "histograms",
    body: {},
    answer: () => ({
      layouts: { "3": [ROW] },
      runs: ["a", "b"].map((run) => ({ run, kinds: { gradient: "nnviz" }, layout: 3, steps: steps() })),
      missing: lost(),
    }),
  },
  {
    name: "histograms",
    route: "histograms",
    body: {},
    answer: () => ({
      quantiles: [0.05, 0.25, 0.5, 0.75, 0.95],
      series: ["a", "b"].map((run) => ({
        run,
        source: "nnviz",
        rows: ["fc.weight"],
        steps: steps(),
        wall_times: steps(),
        first_bin: 500,
        counts: new Int32Array(30),
        special: new Int32Array(15),
        absent: new Uint8Array(3),
        quantiles: floats(15),
      })),
      missing: lost(),
    }),
  },
  {
    name: "structure",
    route: "structure",
    body: {},
    answer: () => ({
      runs: [
        {
          run: "a",
          graph: {
            observed: true,
            reason: null,
            modules: [{ name: "fc", type: "Linear", calls: 1, parameters: 12, parameter_bytes: 48 }],
            nodes: [
              { kind: "input", name: "x", model: "", outputs: [{ shape: [2, null], dtype: "float32" }] },
              { kind: "call", name: "fc", module: "fc", type: "Linear", bytes: 8, parameters: ["fc.weight"] },
              { kind: "output", name: "output" },
            ],
            edges: [
              { from: 0, to: 1, shape: [2, 4] },
              { from: 1, to: 2, via: ["add"], assumed: true },
            ],
          },
          layers: [ROW, { ...ROW, name: "act" }],
          parameters: [ROW],
        },
      ],
      missing: lost(),
    }),
  },
  {
    name: "findings",
    route: "findings",
    body: {},
    answer: () => ({
      findings: ["a", "b"].map((run) => ({ ...FINDING, run, wall_time: 1 })),
      others: ["c"],
      missing: lost(),
    }),
  },
  {
    name: "health",
    route: "health",
    body: {},
    answer: () => ({
      runs: ["a", "b"].map((run) => ({
        run,
        verdict: "severe",
        steps: [0, 20],
        findings: [FINDING],
        checked: ["gradient/vanishing"],
        unchecked: [{ rule: "loss/spike", reason: "no loss" }],
        missing: ["a torn record"],
      })),
      rules: [
        { name: "gradient/vanishing", title: "Gradient vanishes", limits: { limit: 1e-3 }, source: "" },
      ],
      missing: lost(),
    }),
  },
];

/** Check what the panels rely on. */
const INVARIANTS: { [R in RouteName]: (answer: Answers[R]) => void } = {
  series: ({ series }) => {
    for (const { run, rows, steps, wallTimes, absent, values, reduced, percentiles } of series) {
      expect([typeof run, wallTimes.length]).toEqual(["string", steps.length]);
      for (const { name, module, shape } of rows) {
        expect([typeof name, typeof module]).toEqual(["string", "string"]);
        expect(shape.every((size) => size === null || size >= 0)).toBe(true);
      }
      if (!reduced) expect(absent.length).toBe(steps.length * rows.length);
      for (const one of values.values()) expect(one.length).toBe(steps.length * rows.length);
      for (const { min, max, mean, states, at } of reduced?.columns.values() ?? [])
        for (const one of [min, max, mean, states, at])
          expect(one.length).toBe(reduced!.starts.length * rows.length);
      for (const start of reduced?.starts ?? []) expect(steps[start]).toBeTypeOf("number");
      for (const one of percentiles?.values() ?? []) expect(one.finite.length).toBe(rows.length);
    }
  },
  scalars: ({ series }) => {
    for (const { run, tag, steps, wall_times, values } of series) {
      expect([typeof run, typeof tag]).toEqual(["string", "string"]);
      expect([wall_times.length, values.length]).toEqual([steps.length, steps.length]);
      expect(steps.every(Number.isFinite)).toBe(true);
    }
  },
  maps: ({ listed, maps }) => {
    for (const { header } of [...listed, ...maps]) {
      expect(header.axes.length).toBe(header.shape.length);
      expect([header.scale, header.offset].every(Number.isFinite)).toBe(true);
    }
    for (const { header, values } of maps)
      expect(values.length).toBe(header.shape.reduce((product, n) => product * n, 1));
  },
  histograms: ({ runs, series }) => {
    for (const { rows } of runs) for (const { name } of rows) expect(name).toBeTypeOf("string");
    for (const one of series) {
      const items = one.steps.length * one.rows.length;
      expect(one.counts.length).toBe(items * one.width);
      expect([one.special.length, one.quantiles.length]).toEqual([5 * items, 5 * items]);
      expect(one.first + one.width).toBeLessThanOrEqual(520);
    }
  },
  structure: ({ runs }) => {
    for (const { graph, layers, parameters } of runs) {
      for (const { from, to } of graph?.edges ?? [])
        expect([graph!.nodes[from]?.kind, graph!.nodes[to]?.kind]).not.toContain(undefined);
      for (const one of [...(graph?.modules ?? []), ...(layers ?? []), ...(parameters ?? [])])
        expect(one.name).toBeTypeOf("string");
    }
  },
  findings: ({ findings, others }) => {
    for (const { title, since } of findings) {
      expect(title).toBeTypeOf("string");
      expect(Number.isFinite(since)).toBe(true);
    }
    expect(others.every((run) => typeof run === "string")).toBe(true);
  },
  health: ({ runs, rules }) => {
    for (const { verdict, steps, findings, checked, unchecked } of runs) {
      expect(verdict).toBeTypeOf("string");
      expect(steps.length).toBe(2);
      for (const { rule, advice, layers } of findings)
        expect([rule, ...advice, ...layers].every((one) => typeof one === "string")).toBe(true);
      for (const one of [...checked, ...unchecked.map(({ reason }) => reason)])
        expect(one).toBeTypeOf("string");
    }
    for (const { limits } of rules) expect([...limits.values()].every(Number.isFinite)).toBe(true);
  },
};

const check = <R extends RouteName>(route: R, answer: Answers[R]) => INVARIANTS[route](answer);

test.each(SAMPLES)("decodeAnswer, $name, keeps everything of a valid answer", ({ route, body, answer }) => {
  const found = decodeAnswer(route, answer(), body, new Map());
  check(route, found);
  expect(found.missing.filter(({ unread }) => unread)).toEqual([]);
  const sizes = Object.values(found).map((list) => (list as unknown[]).length);
  expect(sizes.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
});

test.each(SAMPLES)("decodeAnswer, $name mutated, never throws", ({ name, route, body, answer }) => {
  const next = random(name);
  let left = 0;
  for (let i = 0; i < 1000; i++) {
    const { value, mutations } = mutated(answer(), next, 1 + (i % 3));
    const known = new Map();
    let found: Answers[typeof route];
    try {
      found = decodeAnswer(route, value, body, known);
      check(route, found);
    } catch (error) {
      throw new Error(`${mutations.join(", ")}: ${error}`);
    }
    for (const { reason } of found.missing) expect(reason.length).toBeLessThan(400);
    if (found.missing.some(({ unread }) => unread)) left++;
  }
  // Many mutations must be noticed, or the fuzzer mutates nothing.
  expect(left).toBeGreaterThan(250);
});

test.each([null, 7, "text", [], [1], new Uint8Array(2)])("decodeAnswer, %j, is no answer", (value) => {
  expect(() => decodeAnswer("series", value, {}, new Map())).toThrow("invalid answer");
});

const RUNS = {
  version: 1,
  runs: ["a", "b"].map((run) => ({ run, kinds: { gradient: ["norm"] }, first_wall_time: 5, steps: 9 })),
};

test("decodeRuns, mutated list, is a list of different names or the error", () => {
  const next = random("runs");
  for (let i = 0; i < 1000; i++) {
    const { value, mutations } = mutated(structuredClone(RUNS), next, 1 + (i % 3));
    try {
      const { runs } = decodeRuns(value);
      expect(new Set(runs.map(({ run }) => run)).size).toBe(runs.length);
      for (const { run, kinds, steps } of runs) {
        expect([typeof run, Number.isSafeInteger(steps)]).toEqual(["string", true]);
        for (const names of kinds.values()) for (const one of names) expect(one).toBeTypeOf("string");
      }
    } catch (error) {
      if (!String(error).includes("invalid runs")) throw new Error(`${mutations.join(", ")}: ${error}`);
    }
  }
});

test.each([
  ["a run without a time", { run: "z", kinds: {}, first_wall_time: null, steps: null }, ["a", "b", "z"]],
  ["a name that is not Unicode", { run: "\udce9", kinds: {}, first_wall_time: 1, steps: 1 }, ["a", "b"]],
  ["a run listed twice", { run: "a", kinds: {}, first_wall_time: 1, steps: 1 }, ["a", "b"]],
  ["kinds as a list", { run: "z", kinds: ["gradient"], first_wall_time: 1, steps: 1 }, ["a", "b"]],
  ["null", null, ["a", "b"]],
])("decodeRuns, %s, costs no other run", (_, one, names) => {
  const { runs, missing } = decodeRuns({ runs: [...RUNS.runs, one] });
  expect(runs.map(({ run }) => run)).toEqual(names);
  expect(missing.length).toBe(3 - names.length);
});
