/**
 * Synthetic runs for the page without a backend, in the wire format of docs/http_api.md. They contain cases that are
 * hard to draw: zeros, NaN and Inf, a layer that only one run has, a run that ends early, irregular steps.
 */
const BLOCKS = 6;
const KINDS = {
  gradient: ["norm", "rms", "mean", "absmax", "zero_fraction", "nonfinite", "count"],
  update: ["ratio", "norm"],
  parameter: ["norm", "mean", "std"],
  activation: ["std", "dead_fraction", "saturated_fraction"],
  optimizer: ["first_moment_norm", "second_moment_norm", "effective_step_size", "count"],
};

let seed = 1;
function random() {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
}

const row = (module, type, leaf, role, shape) => ({
  name: leaf ? `${module}.${leaf}` : module,
  module,
  call: 0,
  type,
  shape,
  numel: shape.reduce((product, n) => product * n, 1),
  dtype: "float32",
  role,
  trainable: true,
  unit_axis: 0,
  depth: module.split(".").length,
  tied_to: null,
});

function modules(extra) {
  const list = [["stem", "Conv2d", [16, 1, 3, 3]]];
  for (let i = 0; i < BLOCKS; i++) {
    list.push(
      [`blocks.${i}.conv1`, "Conv2d", [16, 16, 3, 3]],
      [`blocks.${i}.conv2`, "Conv2d", [16, 16, 3, 3]],
    );
    if (extra && i === 2) list.push(["blocks.2.norm", "BatchNorm2d", [16]]);
  }
  list.push(["fc1", "Linear", [64, 256]], ["head", "Linear", [10, 64]]);
  return list;
}

function layout(kind, extra) {
  const list = modules(extra);
  if (kind === "activation") return list.map(([name, type]) => row(name, type, "", "other", [16, 8, 8]));
  return list.flatMap(([name, type, shape]) => [
    row(name, type, "weight", type.startsWith("Batch") ? "norm" : "weight", shape),
    row(name, type, "bias", "bias", [shape[0]]),
  ]);
}

const ids = { gradient: 11, update: 12, parameter: 13, activation: 14, optimizer: 15 };

export const RUNS = [
  { run: "cnn/healthy", accuracy: 0.943, steps: every(400, 2) },
  { run: "cnn/deep-sigmoid", accuracy: 0.111, steps: every(400, 2), fade: 0.11 },
  { run: "cnn/lr-too-high", accuracy: 0.111, steps: every(400, 2), breaks: 44 },
  { run: "cnn/dying-relu", accuracy: 0.111, steps: every(300, 2), dies: 60, extra: true },
  { run: "mlp/irregular", accuracy: 0.874, steps: [...every(100, 2), ...every(300, 20, 120)] },
];

function every(end, by, from = 0) {
  const steps = [];
  for (let step = from; step <= end; step += by) steps.push(step);
  return steps;
}

function value(run, kind, statistic, depth, step, rows) {
  const noise = Math.exp((random() - 0.5) * 0.6);
  if (statistic.endsWith("_fraction")) {
    if (statistic === "saturated_fraction" && !run.fade) return Number.NaN;
    return run.dies && step > run.dies ? 1 : Math.max(0, 0.3 * noise - 0.2);
  }
  if (statistic === "count") return 2304;
  if (statistic === "nonfinite") return run.breaks && step >= run.breaks && depth > rows / 2 ? 17 : 0;
  if (run.breaks && step >= run.breaks)
    return depth > rows / 2 ? Number.NaN : depth % 7 === 3 ? Number.POSITIVE_INFINITY : 0;
  if (run.dies && step >= run.dies + (rows - depth) && kind !== "parameter") return 0;
  const spike = run.breaks && step > run.breaks - 8 ? 10 ** (4 * random()) : 1;
  const fade = run.fade ? run.fade ** ((rows - depth) / 2) : 1;
  const base = 0.9 * noise * fade * spike * Math.exp(-step / 300);
  if (statistic === "mean") return (random() - 0.5) * 0.01 * base;
  return kind === "update" || statistic === "effective_step_size" ? base * 1e-3 : base;
}

export function listing() {
  const runs = RUNS.map(({ run, steps }, i) => ({
    run,
    kinds: KINDS,
    first_wall_time: 1.76e9 + i,
    steps: steps.at(-1),
  }));
  return { version: 1, runs };
}

/** Encode a response: `u32 length, JSON header, arrays at multiples of 8`. */
export function encode(header) {
  const chunks = [];
  let size = 0;
  const place = (_key, one) => {
    if (!ArrayBuffer.isView(one)) return one;
    const dtype = { Float32Array: "float32", Float64Array: "float64", Uint8Array: "uint8" }[
      one.constructor.name
    ];
    const ref = { dtype, shape: [one.length], offset: size };
    const bytes = Buffer.from(one.buffer, one.byteOffset, one.byteLength);
    const padding = (8 - (bytes.length % 8)) % 8;
    chunks.push(bytes, Buffer.alloc(padding));
    size += bytes.length + padding;
    return ref;
  };
  let text = Buffer.from(JSON.stringify(header, place));
  text = Buffer.concat([text, Buffer.alloc((8 - ((4 + text.length) % 8)) % 8, " ")]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...chunks]);
}

export function series({ runs, kind, statistics, known = [] }) {
  const layouts = {};
  const missing = [];
  const response = [];
  for (const name of runs) {
    const run = RUNS.find((one) => one.run === name);
    if (!run || !KINDS[kind]) {
      missing.push({ run: name, statistic: null, reason: `unknown run or kind: ${name} ${kind}` });
      continue;
    }
    const id = String(ids[kind] * 10 + (run.extra ? 1 : 0));
    const rows = layout(kind, run.extra);
    if (!known.includes(id)) layouts[id] = rows;
    const steps = Float64Array.from(run.steps);
    const absent = new Uint8Array(steps.length * rows.length);
    const values = {};
    for (const statistic of statistics) {
      if (!KINDS[kind].includes(statistic)) {
        missing.push({ run: name, statistic, reason: `unknown statistic: ${statistic}` });
        continue;
      }
      seed = name.length * 7919 + statistic.length;
      const out = new Float32Array(absent.length);
      run.steps.forEach((step, s) => {
        rows.forEach((_, r) => {
          const at = s * rows.length + r;
          const gone = run.run === "cnn/deep-sigmoid" && r >= rows.length - 2 && step < 40;
          absent[at] = gone ? 1 : 0;
          out[at] = gone ? Number.NaN : value(run, kind, statistic, r, step, rows.length);
        });
      });
      values[statistic] = out;
    }
    response.push({
      run: name,
      layout: id,
      steps,
      wall_times: steps.map((step) => 1.76e9 + step),
      absent,
      values,
    });
  }
  return encode({ version: 1, kind, layouts, series: response, missing });
}

/** Return scalars of one run with windows between logged steps: peaks, NaN and skipped steps. */
function windows({ run, steps }) {
  const byTag = {
    "window/steps": steps.map((_, i) => (i ? 2 : 1)),
    "window/gradient_norm_max": steps.map((step) => (step % 90 === 70 ? 40 : 1) * (1 + random() / 4)),
    "window/gradient_norm_max_step": steps.map((step) => Math.max(0, step - 1)),
    "window/nonfinite_steps": steps.map((step) => (step % 150 === 120 ? 1 : 0)),
    "global/skipped": steps.map((step) => (step % 130 === 20 ? 1 : 0)),
  };
  return Object.entries(byTag).map(([tag, values]) => ({
    run,
    tag: `nnviz/${tag}`,
    steps: Float64Array.from(steps),
    wall_times: Float64Array.from(steps),
    values: Float32Array.from(values),
  }));
}

export function scalars({ runs, last }) {
  if (!last) {
    const healthy = RUNS.filter(({ run }) => run === "cnn/healthy" && runs.includes(run));
    return encode({ version: 1, series: healthy.flatMap(windows), missing: [] });
  }
  const response = RUNS.filter(({ run }) => runs.includes(run)).flatMap(({ run, accuracy, steps }) =>
    [
      ["nnviz/log/loss", 2.3 * (1 - accuracy)],
      ["nnviz/log/test_accuracy", accuracy],
    ].map(([tag, one]) => ({
      run,
      tag,
      steps: Float64Array.of(steps.at(-1)),
      wall_times: Float64Array.of(1.76e9),
      values: Float32Array.of(one),
    })),
  );
  return encode({ version: 1, series: response, missing: [] });
}
