import { aP as autoScale, C as CELL, aQ as mayBeUndefined, aR as stateOf, u as useStore, ay as useAnswer, a0 as T$5, aF as unionRows, av as allSteps, x as nearest, a as u, E as Exports, J as exact, T as TEXT, aM as labelOf, e as colourOf, M as toUnit, K as short, g as palette, s as statisticName, d, A, _, h, aa as useSize, S, Z as Mark, W as shapeOf, q as quantity, ax as tick, aw as Ramp, aK as compile, I as choose, ab as useCourse, ae as StatisticSelect, ah as ScaleSwitch, aD as StepSlider, al as NoRuns, am as Failure, aB as PanelEmpty } from "./main-Dh5P77kt.js";
const withoutBatch = (shape) => shape && shape.length > 0 ? shape.slice(1) : null;
function factsOf({ graph, layers, parameters }) {
  if (graph) {
    const called = /* @__PURE__ */ new Map();
    for (const node of graph.nodes) {
      if (node.module === void 0 || !(node.kind === "call" || node.kind === "group")) continue;
      called.set(node.module, [...called.get(node.module) ?? [], node]);
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
        heldBytes: module.parameter_bytes + module.buffer_bytes
      };
    });
  }
  const facts = /* @__PURE__ */ new Map();
  const of = (row) => {
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
        ...unknown
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
const parentOf = (name) => name.slice(0, Math.max(0, name.lastIndexOf(".")));
function moduleTree(runs, names) {
  const byName = runs.map((facts) => new Map(facts.map((one) => [one.name, one])));
  const made = /* @__PURE__ */ new Map();
  const roots = [];
  const make = (name) => {
    const known = made.get(name);
    if (known) return known;
    const parent = parentOf(name) === "" ? null : make(parentOf(name));
    const module = {
      name,
      label: name === "" ? "" : name.slice(name.lastIndexOf(".") + 1),
      depth: parent ? parent.depth + 1 : 0,
      facts: byName.map((one) => one.get(name) ?? null),
      children: []
    };
    (parent?.children ?? roots).push(module);
    made.set(name, module);
    return module;
  };
  for (const name of names) if (name !== "" || names.length === 1) make(name);
  return roots;
}
function flat(modules) {
  return modules.flatMap((module) => [module, ...flat(module.children)]);
}
function sums(modules, run) {
  const total = { parameters: 0, trainable: 0, shared: 0, buffers: 0, bytes: null, heldBytes: null };
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
function linesOf(modules, open, filter = null) {
  return modules.flatMap((module) => {
    if (module.children.length === 0)
      return !filter || filter.test(module.name) ? [{ module, state: "leaf" }] : [];
    const inner = linesOf(module.children, open, filter);
    if (filter) return inner.length > 0 ? [{ module, state: "open" }, ...inner] : [];
    if (!open.has(module.name)) return [{ module, state: "folded" }];
    return [{ module, state: "open" }, ...inner];
  });
}
function openLevels(modules, most) {
  const open = /* @__PURE__ */ new Set();
  let level = modules.filter(({ children }) => children.length > 0);
  let shown = modules.length;
  while (level.length > 0) {
    shown += level.reduce((sum, { children }) => sum + children.length, 0);
    if (shown > most) break;
    for (const { name } of level) open.add(name);
    level = level.flatMap(({ children }) => children.filter((module) => module.children.length > 0));
  }
  return open;
}
function openWithin(modules, open, most) {
  const kept = /* @__PURE__ */ new Set();
  let level = modules.filter(({ name }) => open.has(name));
  let shown = modules.length;
  while (level.length > 0) {
    const next = [];
    for (const { name, children } of level) {
      if (shown + children.length > most) continue;
      shown += children.length;
      kept.add(name);
      next.push(...children.filter((module) => module.children.length > 0 && open.has(module.name)));
    }
    level = next;
  }
  return kept;
}
const same = (a, b) => a.length === b.length && a.every((size, i) => size === b[i] || size === null || b[i] === null);
function difference(here, there) {
  if (!here || !there) return here === there ? null : here ? { what: "missing" } : { what: "added" };
  if (here.type !== there.type) return { what: "type", here: here.type, there: there.type };
  if (here.output && there.output && !same(here.output, there.output))
    return { what: "shape", here: here.output, there: there.output };
  if (here.parameters !== there.parameters)
    return { what: "parameters", here: here.parameters, there: there.parameters };
  return null;
}
function askedOf(modules, rows, ofLayers) {
  const own = /* @__PURE__ */ new Map();
  for (const row of rows) own.set(row.module, [...own.get(row.module) ?? [], row]);
  const within = /* @__PURE__ */ new Map();
  const walk = (module) => {
    const all = own.get(module.name) ?? [];
    const weights = ofLayers ? all : all.filter(({ role }) => role === "weight" || role === "embedding");
    const names = (weights.length > 0 ? weights : all).map(({ name }) => name);
    const found = [...names, ...module.children.flatMap(walk)];
    within.set(module.name, found);
    return found;
  };
  for (const module of modules) walk(module);
  const asked = [...within].flatMap(([key, names]) => names.length > 0 ? [{ key, rows: names }] : []);
  const calls = ofLayers ? rows.filter(({ name, module }) => name !== module) : [];
  const first = ofLayers ? rows.filter(({ name, module }) => name === module && calls.some((c) => c.module === module)) : [];
  return [
    ...asked,
    ...calls.map(({ name }) => ({ key: name, rows: [name] })),
    ...first.map(({ name }) => ({ key: `${name}#0`, rows: [name] }))
  ];
}
const ABSENT = 8;
function lineSeries(answer, statistic, lines) {
  const { run, steps } = answer;
  const values = answer.values?.[statistic];
  if (values && answer.absent) {
    const { absent: absent2 } = answer;
    return { run, steps, lines, whole: true, at: steps, value: values, low: values, high: values, absent: absent2 };
  }
  const columns = answer.columns?.[statistic];
  if (!columns || !answer.starts) return null;
  const { starts } = answer;
  const at = Float64Array.from(starts, (start, i) => {
    const end = i + 1 < starts.length ? starts[i + 1] : steps.length;
    return steps[Math.floor((start + end - 1) / 2)];
  });
  const absent = Uint8Array.from(columns.states, (state) => state === ABSENT ? 1 : 0);
  const value = Float32Array.from(
    columns.mean,
    (mean, i) => (columns.states[i] & ~ABSENT & -4) !== 0 ? Number.NaN : mean
  );
  return { run, steps, lines, whole: false, at, value, low: columns.min, high: columns.max, absent };
}
function cellOf(value, absent, statistic) {
  const state = stateOf(value, absent);
  if (state === CELL.nonfinite && Number.isNaN(value) && mayBeUndefined(statistic))
    return { state: CELL.undefined, value };
  return { state, value };
}
function sharedScale(series, statistic, mode, range, thresholds) {
  const found = [];
  for (const one of series) {
    for (const values2 of one.whole ? [one.value] : [one.low, one.high])
      for (const value of values2) if (Number.isFinite(value) && value !== 0) found.push(value);
  }
  const sorted = Float32Array.from(found).sort();
  const values = {
    sorted,
    min: sorted[0] ?? Number.POSITIVE_INFINITY,
    max: sorted.at(-1) ?? Number.NEGATIVE_INFINITY
  };
  return autoScale(values, statistic, mode, range[0], range[1], thresholds);
}
const luminance = (rgb) => {
  const [r, g, b] = rgb.map(
    (c) => c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const textOn = (rgb) => (luminance(rgb) + 0.05) / 0.05 >= 1.05 / (luminance(rgb) + 0.05) ? "#000" : "#fff";
const WIDTH = 48;
const MOST_NAMES = 2e4;
const readStructure = (header) => header;
const readSeries = (header) => header.series;
function useModels() {
  const store = useStore();
  const shown = store.shown.value;
  const answer = useAnswer("structure", shown.length > 0 ? { runs: shown } : null, readStructure);
  const data = answer.data ?? answer.last;
  const models = T$5(() => {
    if (!data) return null;
    const runs = shown.flatMap((run) => data.runs.find((one) => one.run === run) ?? []);
    const facts = runs.map(factsOf);
    const names = unionRows(facts).rows.map(({ name }) => name);
    const tree = moduleTree(facts, names);
    return { runs, facts, tree, modules: flat(tree) };
  }, [data, shown.join("\n")]);
  return { models, answer };
}
const NOTHING = { state: CELL.absent, value: Number.NaN };
function withinLimit(asked) {
  let names = 0;
  const small = [...asked].sort((a, b) => a.rows.length - b.rows.length);
  const kept = new Set(
    small.filter(({ rows }) => {
      names += rows.length;
      return names <= MOST_NAMES;
    })
  );
  return asked.filter((one) => kept.has(one));
}
function useValues(models) {
  const store = useStore();
  const kind = store.kind.value;
  const statistic = store.statistic.value;
  const asked = T$5(() => {
    if (!models) return [];
    const ofLayers = kind.startsWith("activation");
    const rows = models.runs.map(({ layers, parameters }) => (ofLayers ? layers : parameters) ?? []);
    return withinLimit(askedOf(models.tree, unionRows(rows).rows, ofLayers));
  }, [models, kind]);
  const runs = models?.runs.map(({ run }) => run) ?? [];
  const question = asked.length === 0 || store.source.value !== statistic ? null : {
    runs,
    kind,
    statistics: [statistic],
    rows: asked.map(({ rows }) => rows.length === 1 ? rows[0] : rows)
  };
  const over = useAnswer("series", question && { ...question, width: WIDTH }, readSeries);
  const answered = over.data ?? over.last;
  const series = T$5(
    () => (answered ?? []).flatMap((one) => lineSeries(one, statistic, asked.length) ?? []),
    [answered, statistic, asked]
  );
  const steps = T$5(() => allSteps(series.map((one) => one.steps)), [series]);
  const last = steps.at(-1) ?? 0;
  const step = Math.min(store.view.step.value ?? last, last);
  const near = series.map((one) => one.steps[nearest(one.steps, step)] ?? step);
  const at = useAnswer(
    "series",
    question && series.some(({ whole }) => !whole) ? { ...question, from: Math.min(...near), to: Math.max(...near) } : null,
    readSeries
  );
  const now = at.data ?? at.last;
  const places = T$5(() => new Map(asked.map(({ key }, i) => [key, i])), [asked]);
  const { lo, hi } = store.view;
  const mode = store.mode.value;
  const thresholds = store.thresholds.value;
  const scale = T$5(
    () => sharedScale(series, statistic, mode, [lo.value, hi.value], thresholds),
    [series, statistic, mode, lo.value, hi.value, thresholds]
  );
  const lineOf = (name) => places.get(name) ?? -1;
  const cell = (run, name) => {
    const line = lineOf(name);
    const one = series.find((candidate) => candidate.run === run);
    if (line < 0 || !one) return NOTHING;
    if (one.whole) {
      const i2 = nearest(one.steps, step) * one.lines + line;
      return i2 < 0 ? NOTHING : cellOf(one.value[i2], one.absent[i2] === 1, statistic);
    }
    const exact2 = now?.find((candidate) => candidate.run === run);
    const values = exact2?.values?.[statistic];
    const i = exact2 ? nearest(exact2.steps, step) * asked.length + line : -1;
    if (!exact2?.absent || !values || i < 0 || values.length % asked.length !== 0) return NOTHING;
    return cellOf(values[i], exact2.absent[i] === 1, statistic);
  };
  return {
    series,
    steps,
    step,
    scale,
    cell,
    lineOf,
    asked,
    loading: over.loading || at.loading,
    error: over.error ?? at.error,
    retry: () => {
      over.retry();
      at.retry();
    }
  };
}
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
function structureCsv(models, values, statistic) {
  const head = "run,layer,type,input_shape,output_shape,parameters,trainable,shared,buffers,calls,output_bytes";
  const out = [`${head},step,${quote(statistic)}`];
  models.runs.forEach(({ run }, place) => {
    for (const module of models.modules) {
      const facts = module.facts[place];
      if (!facts) continue;
      const own = sums([module], place);
      const { state, value } = values.cell(run, module.name);
      const shape = (sizes) => sizes?.map((n) => n ?? "?").join("x") ?? "";
      const figures = [
        own.parameters,
        own.trainable,
        own.shared,
        own.buffers,
        facts.calls ?? "",
        own.bytes ?? ""
      ];
      const shown = state === CELL.absent || state === CELL.undefined ? "" : exact(value);
      out.push(
        [
          quote(run),
          quote(module.name),
          facts.type,
          shape(facts.input),
          shape(facts.output),
          ...figures,
          values.step,
          shown
        ].join(",")
      );
    }
  });
  return `${out.join("\n")}
`;
}
function StructureExports({
  models,
  values,
  place
}) {
  const store = useStore();
  const statistic = `${store.kind.value}_${store.statistic.value.replace("~", "")}`;
  return /* @__PURE__ */ u(
    Exports,
    {
      name: `nnviz_structure_${models?.runs[place]?.run.replaceAll("/", "_") ?? ""}_step_${values.step}`,
      png: () => document.querySelector('[data-testid="structure"]'),
      csv: () => models ? structureCsv(models, values, statistic) : "",
      disabled: !models || models.modules.length === 0
    }
  );
}
const ancestors = (name) => {
  const parts = name.split(".");
  return parts.map((_2, i) => parts.slice(0, i + 1).join("."));
};
function visibleFlow(graph, open) {
  const holding = new Set(
    graph.nodes.filter(({ kind }) => kind === "group").map(({ module }) => module ?? "")
  );
  const nodes = /* @__PURE__ */ new Map();
  const of = graph.nodes.map((node, i) => {
    if (node.kind === "group") return null;
    const name = node.kind === "input" || node.kind === "output" ? node.model ?? "" : node.module ?? "";
    const inside = node.kind === "call" ? ancestors(name).slice(0, -1) : ancestors(name);
    const around = inside.filter((one) => one !== "" && holding.has(one));
    const folded = node.kind === "input" || node.kind === "output" ? void 0 : around.find((one) => !open.has(one));
    if (folded !== void 0) {
      const known = nodes.get(folded);
      if (known) {
        known.calls += node.kind === "call" ? 1 : 0;
        return folded;
      }
      const parent2 = around[around.indexOf(folded) - 1] ?? "";
      nodes.set(folded, {
        id: folded,
        kind: "block",
        node,
        module: folded,
        label: parent2 === "" ? folded : folded.slice(parent2.length + 1),
        calls: node.kind === "call" ? 1 : 0,
        parent: parent2
      });
      return folded;
    }
    const parent = around.filter((one) => open.has(one)).at(-1) ?? "";
    const id = `#${i}`;
    const label = node.kind === "call" && parent !== "" ? node.name.slice(parent.length + 1) : node.name;
    nodes.set(id, { id, kind: node.kind, node, module: name, label, calls: 1, parent });
    return id;
  });
  const edges = /* @__PURE__ */ new Map();
  for (const { from, to, shape, via, assumed } of graph.edges) {
    const a = of[from];
    const b = of[to];
    if (a === null || b === null || a === b) continue;
    const key = `${a} ${b}`;
    const known = edges.get(key);
    if (!known)
      edges.set(key, { from: a, to: b, shape: shape ?? null, via: via ?? [], assumed: assumed === true });
    else {
      known.assumed &&= assumed === true;
      known.via = [...known.via, ...(via ?? []).filter((name) => !known.via.includes(name))];
    }
  }
  const used = new Set([...nodes.values()].flatMap(({ parent }) => parent === "" ? [] : ancestors(parent)));
  const groups = [...used].filter((name) => holding.has(name) && open.has(name)).sort((a, b) => a.length - b.length).map((name) => ({
    name,
    parent: ancestors(name).slice(0, -1).filter((one) => holding.has(one) && open.has(one)).at(-1) ?? ""
  }));
  return { nodes: [...nodes.values()], edges: [...edges.values()], groups };
}
const SWEEPS = 8;
const ROUNDS = 40;
function backwards(count2, links) {
  const out = Array.from({ length: count2 }, () => []);
  links.forEach(({ from }, i) => {
    out[from].push(i);
  });
  const state = new Uint8Array(count2);
  const found = /* @__PURE__ */ new Set();
  for (let start = 0; start < count2; start++) {
    if (state[start] !== 0) continue;
    const stack = [[start, 0]];
    state[start] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const link = out[top[0]][top[1]];
      if (link === void 0) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      top[1] += 1;
      const next = links[link].to;
      if (state[next] === 1) found.add(link);
      else if (state[next] === 0) {
        state[next] = 1;
        stack.push([next, 0]);
      }
    }
  }
  return found;
}
function ranksOf(count2, links) {
  const rank = new Int32Array(count2);
  const into = new Int32Array(count2);
  const out = Array.from({ length: count2 }, () => []);
  for (const { from, to } of links) {
    into[to] += 1;
    out[from].push(to);
  }
  const sources = [...into.keys()].filter((i) => into[i] === 0);
  const ready = [...sources];
  for (let i = 0; i < ready.length; i++) {
    for (const next of out[ready[i]]) {
      rank[next] = Math.max(rank[next], rank[ready[i]] + 1);
      into[next] -= 1;
      if (into[next] === 0) ready.push(next);
    }
  }
  for (const i of sources) if (out[i].length > 0) rank[i] = Math.min(...out[i].map((next) => rank[next])) - 1;
  return rank;
}
function spread(wanted, weights, apart) {
  const offset = [];
  wanted.forEach((_2, i) => {
    offset.push(i === 0 ? 0 : offset[i - 1] + apart[i - 1]);
  });
  const blocks = [];
  wanted.forEach((want, i) => {
    let block = { sum: (want - offset[i]) * weights[i], weight: weights[i], size: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.weight > block.sum / block.weight; last = blocks.at(-1)) {
      blocks.pop();
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, size: last.size + block.size };
    }
    blocks.push(block);
  });
  const places = blocks.flatMap(({ sum, weight, size }) => Array(size).fill(sum / weight));
  return places.map((place, i) => place + offset[i]);
}
function crossings(layers, up, place) {
  let count2 = 0;
  for (const layer of layers) {
    const ends = [];
    for (const node of layer) {
      for (const end of up[node].map((one) => place[one.node]).sort((a, b) => a - b)) {
        for (const other of ends) if (other > end) count2 += 1;
        ends.push(end);
      }
    }
  }
  return count2;
}
function layered(items, links, gaps) {
  const reversed = backwards(items.length, links);
  const ways = links.map(
    (link, i) => reversed.has(i) ? { from: link.to, to: link.from, fromX: link.toX ?? 0, toX: link.fromX ?? 0 } : { fromX: 0, toX: 0, ...link }
  );
  const inner = ways.filter(({ from, to }) => from !== to);
  const rank = [...ranksOf(items.length, inner)];
  const widths = items.map(({ width }) => width);
  const up = items.map(() => []);
  const down = items.map(() => []);
  const join = (from, to, shift) => {
    down[from].push({ node: to, shift: -shift });
    up[to].push({ node: from, shift });
  };
  const bends = ways.map(({ from, to, fromX, toX }) => {
    const chain = [];
    if (from === to) return chain;
    let last = from;
    for (let r = rank[from] + 1; r < rank[to]; r++) {
      const node = rank.length;
      rank.push(r);
      widths.push(4);
      up.push([]);
      down.push([]);
      join(last, node, last === from ? fromX : 0);
      chain.push(node);
      last = node;
    }
    join(last, to, (last === from ? fromX : 0) - toX);
    return chain;
  });
  const top = Math.min(0, ...rank);
  const layers = [];
  rank.forEach((r, node) => {
    layers[r - top] ??= [];
    layers[r - top].push(node);
  });
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  const place = new Int32Array(rank.length);
  const number = (layer) => layer.forEach((node, i) => {
    place[node] = i;
  });
  layers.forEach(number);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, up, place);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const falling = sweep % 2 === 0;
    const near = falling ? up : down;
    for (const layer of falling ? layers : [...layers].reverse()) {
      const middle = new Map(
        layer.map((node) => {
          const sum = near[node].reduce((all, one) => all + place[one.node], 0);
          return [node, near[node].length > 0 ? sum / near[node].length : place[node]];
        })
      );
      layer.sort((a, b) => middle.get(a) - middle.get(b) || place[a] - place[b]);
      number(layer);
    }
    const now = crossings(layers, up, place);
    if (now < fewest) {
      fewest = now;
      best = layers.map((layer) => [...layer]);
    }
  }
  const x = new Float64Array(rank.length);
  const apart = best.map(
    (layer) => layer.slice(1).map((node, i) => (widths[layer[i]] + widths[node]) / 2 + gaps.items)
  );
  for (let round = 0; round < ROUNDS; round++) {
    const falling = round % 2 === 0;
    for (let k = 0; k < best.length; k++) {
      const at = falling ? k : best.length - 1 - k;
      const layer = best[at];
      const wanted = layer.map((node) => {
        const near = round === 0 ? up[node] : round < ROUNDS - 4 ? (falling ? up : down)[node] : [...up[node], ...down[node]];
        if (near.length === 0) return x[node];
        return near.reduce((sum, one) => sum + x[one.node] + one.shift, 0) / near.length;
      });
      const weights = layer.map(
        (node) => node >= items.length ? 4 : 1 + up[node].length + down[node].length
      );
      spread(wanted, weights, apart[at]).forEach((value, i) => {
        x[layer[i]] = value;
      });
    }
  }
  const left = Math.min(...best.flat().map((node) => x[node] - widths[node] / 2));
  const right = Math.max(...best.flat().map((node) => x[node] + widths[node] / 2));
  const tops = [];
  const heights = best.map((layer) => Math.max(0, ...layer.map((node) => items[node]?.height ?? 0)));
  heights.forEach((_2, r) => {
    tops.push(r === 0 ? 0 : tops[r - 1] + heights[r - 1] + gaps.ranks);
  });
  const middleOf = (node) => {
    const r = rank[node] - top;
    return { x: x[node] - left, y: tops[r] + heights[r] / 2 };
  };
  return {
    width: items.length > 0 ? right - left : 0,
    height: (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0),
    items: items.map((_2, i) => middleOf(i)),
    links: ways.map(({ from, to, fromX, toX }, i) => {
      const [a, b] = [middleOf(from), middleOf(to)];
      const points = [{ x: a.x + fromX, y: a.y + items[from].height / 2 }];
      for (const bend of bends[i]) {
        const r = rank[bend] - top;
        const at = middleOf(bend).x;
        points.push({ x: at, y: tops[r] }, { x: at, y: tops[r] + heights[r] });
      }
      points.push({ x: b.x + toX, y: b.y - items[to].height / 2 });
      return reversed.has(i) ? points.reverse() : points;
    })
  };
}
const CALL = { width: 164, height: 40 };
const JOIN_HEIGHT = 22;
const CHAR = 6.2;
const GAPS = { ranks: 24, items: 20 };
const PAD = { side: 12, top: 20, bottom: 8 };
const MARGIN = 12;
const PORT = { width: 6, height: 0 };
function sizeOf(node) {
  if (node.kind !== "operator") return CALL;
  return { width: Math.max(34, 16 + node.label.length * CHAR), height: JOIN_HEIGHT };
}
const GROUP = "group ";
function layFlow(flow) {
  const nodes = new Map(flow.nodes.map((node) => [node.id, node]));
  const parentOf2 = new Map(flow.groups.map(({ name, parent }) => [name, parent]));
  const chainOf = (node) => {
    const chain = [];
    for (let at = nodes.get(node)?.parent ?? ""; at !== ""; at = parentOf2.get(at) ?? "") chain.push(at);
    return ["", ...chain.reverse()];
  };
  const chains = new Map(flow.nodes.map(({ id }) => [id, chainOf(id)]));
  const within = (node, group) => {
    const chain = chains.get(node);
    const at = chain.indexOf(group);
    if (at < 0) return null;
    return at + 1 < chain.length ? GROUP + chain[at + 1] : node;
  };
  const laid = /* @__PURE__ */ new Map();
  const lay = (group) => {
    const members = [
      ...flow.nodes.filter(({ parent }) => parent === group).map(({ id }) => id),
      ...flow.groups.filter(({ parent }) => parent === group).map(({ name }) => GROUP + name)
    ];
    const inner = new Map(
      members.filter((one) => one.startsWith(GROUP)).map((one) => [one, lay(one.slice(GROUP.length))])
    );
    const items = members.map((one) => inner.get(one) ?? sizeOf(nodes.get(one)));
    const place = new Map(members.map((one, i) => [one, i]));
    const ports = /* @__PURE__ */ new Map();
    const port = (key) => {
      let at = ports.get(key);
      if (at === void 0) {
        at = items.push(PORT) - 1;
        ports.set(key, at);
      }
      return at;
    };
    const links = [];
    const known = /* @__PURE__ */ new Map();
    const linkOf = /* @__PURE__ */ new Map();
    flow.edges.forEach(({ from, to }, i) => {
      const a = within(from, group);
      const b = within(to, group);
      if (a === null && b === null || a !== null && a === b) return;
      const [start, end] = [
        a === null ? port(`in ${from}`) : place.get(a),
        b === null ? port(`out ${from}`) : place.get(b)
      ];
      const fromX = a !== null && inner.has(a) ? portX(inner.get(a), `out ${from}`) : 0;
      const toX = b !== null && inner.has(b) ? portX(inner.get(b), `in ${from}`) : 0;
      const key = `${start} ${end} ${fromX} ${toX}`;
      const same2 = known.get(key) ?? links.push({ from: start, to: end, fromX, toX }) - 1;
      known.set(key, same2);
      linkOf.set(i, same2);
    });
    const layers = layered(items, links, GAPS);
    const result = {
      layers,
      members,
      links: linkOf,
      ports,
      width: layers.width + (group === "" ? 2 * MARGIN : 2 * PAD.side),
      height: layers.height + (group === "" ? 2 * MARGIN : PAD.top + PAD.bottom)
    };
    laid.set(group, result);
    return result;
  };
  const whole = lay("");
  const placed = {
    width: whole.width,
    height: whole.height,
    nodes: /* @__PURE__ */ new Map(),
    groups: /* @__PURE__ */ new Map(),
    edges: []
  };
  const origin = /* @__PURE__ */ new Map();
  const put = (group, x, y) => {
    const inner = laid.get(group);
    const start = group === "" ? { x: x + MARGIN, y: y + MARGIN } : { x: x + PAD.side, y: y + PAD.top };
    origin.set(group, start);
    inner.members.forEach((one, i) => {
      const box = laid.get(one.slice(GROUP.length));
      const size = one.startsWith(GROUP) && box ? box : sizeOf(nodes.get(one));
      const { width, height } = size;
      const left = start.x + inner.layers.items[i].x - width / 2;
      const top = start.y + inner.layers.items[i].y - height / 2;
      if (one.startsWith(GROUP)) {
        placed.groups.set(one.slice(GROUP.length), { x: left, y: top, width, height });
        put(one.slice(GROUP.length), left, top);
      } else placed.nodes.set(one, { x: left, y: top, width, height });
    });
  };
  put("", 0, 0);
  placed.edges = flow.edges.map(({ from, to }, i) => {
    const [a, b] = [chains.get(from), chains.get(to)];
    const shared = a.filter((group, k) => b[k] === group).at(-1);
    const way = [...a.slice(a.indexOf(shared) + 1).reverse(), shared, ...b.slice(b.indexOf(shared) + 1)];
    return way.flatMap((group) => {
      const inner = laid.get(group);
      const link = inner.links.get(i);
      const start = origin.get(group);
      if (link === void 0) return [];
      return inner.layers.links[link].map(({ x, y }) => ({ x: x + start.x, y: y + start.y }));
    });
  });
  return placed;
}
function portX({ layers, ports }, key) {
  const at = ports.get(key);
  return at === void 0 ? 0 : layers.items[at].x - layers.width / 2;
}
function curve(points) {
  const n = (value) => Number(value.toFixed(1));
  let path = `M${n(points[0].x)} ${n(points[0].y)}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (Math.abs(a.x - b.x) < 0.05) path += `V${n(b.y)}`;
    else {
      const half = (b.y - a.y) / 2;
      path += `C${n(a.x)} ${n(a.y + half)} ${n(b.x)} ${n(b.y - half)} ${n(b.x)} ${n(b.y)}`;
    }
  }
  return path;
}
const T$4 = TEXT.structure;
const shapeText = (shape) => shape === null ? "" : shape.length === 0 ? T$4.scalar : shape.map((n) => n ?? "?").join(" × ");
const clamp = (t) => Math.min(1, Math.max(0, t));
function cellText({ state, value }) {
  if (state === CELL.absent) return "";
  return state === CELL.undefined ? "–" : short(value);
}
function cellNote(cell, scale) {
  const label = labelOf(cell.state, cell.value, scale);
  const blank = label === "absent" || label === "undefined";
  return { value: blank ? "" : exact(cell.value), state: TEXT.state[label] };
}
function Bar({ cell, scale, colours }) {
  const rgb = colourOf(cell.state, cell.value, scale, colours);
  const t = clamp(toUnit(scale, cell.value));
  const from = scale.diverging ? Math.min(t, 0.5) : 0;
  const to = scale.diverging ? Math.max(t, 0.5) : t;
  const empty = cell.state === CELL.absent || cell.state === CELL.undefined;
  const look = cell.state === CELL.nonfinite ? "fill hatched" : "fill";
  const whole = cell.state === CELL.nonfinite;
  const style2 = whole ? { left: "0", width: "100%" } : { left: `${100 * from}%`, width: `max(2px, ${100 * (to - from)}%)` };
  return /* @__PURE__ */ u("div", { class: "bar-cell", children: [
    /* @__PURE__ */ u("div", { class: empty ? "track dotted" : "track", children: !empty && rgb && /* @__PURE__ */ u("i", { class: look, style: { ...style2, backgroundColor: `rgb(${rgb.join(",")})` } }) }),
    /* @__PURE__ */ u("span", { class: whole ? "number bad" : "number", children: cellText(cell) })
  ] });
}
function Sparkline({ series, line, scale, width, height, colour, step }) {
  const ends = series.flatMap(({ steps }) => steps.length > 0 ? [steps[0], steps[steps.length - 1]] : []);
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const x = (at) => last > first ? 1 + (width - 2) * (at - first) / (last - first) : width / 2;
  const y = (value) => height - 2 - (height - 4) * clamp(toUnit(scale, value));
  const n = (value) => Number(value.toFixed(1));
  return /* @__PURE__ */ u("svg", { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", children: [
    ends.length > 0 && /* @__PURE__ */ u("path", { class: "now", d: `M${n(x(step))} 0V${height}` }),
    series.map((one) => {
      let path = "";
      let pen = false;
      for (let i = 0; i < one.at.length; i++) {
        const value = one.value[i * one.lines + line];
        const there = Number.isFinite(value) && one.absent[i * one.lines + line] === 0;
        if (there) {
          path += pen ? `L${n(x(one.at[i]))} ${n(y(value))}` : `M${n(x(one.at[i]))} ${n(y(value))}h0.1`;
        }
        pen = there;
      }
      return /* @__PURE__ */ u("path", { class: "curve", d: path, stroke: colour(one.run) }, one.run);
    })
  ] });
}
function differenceText(found) {
  const say = (run, difference2) => {
    switch (difference2.what) {
      case "missing":
        return T$4.notIn(run);
      case "added":
        return T$4.onlyIn(run);
      case "type":
        return T$4.typeIn(difference2.there, run);
      case "shape":
        return T$4.shapeIn(shapeText(difference2.there), run);
      case "parameters":
        return T$4.parametersIn(difference2.there.toLocaleString("en"), run);
    }
  };
  const alike = /* @__PURE__ */ new Map();
  for (const { run, difference: difference2 } of found) {
    const key = JSON.stringify(difference2);
    const known = alike.get(key);
    if (known) known.runs.push(run);
    else alike.set(key, { difference: difference2, runs: [run] });
  }
  return [...alike.values()].map(({ difference: difference2, runs }) => say(runs.join(", "), difference2)).join("; ");
}
const labelOfModule = (module) => module.name === "" ? T$4.model : module.label;
const T$3 = TEXT.structure;
const clip = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;
const isModule = ({ kind }) => kind === "call" || kind === "block";
const holds = (node, selected) => selected !== null && isModule(node) && (node.module === selected || node.kind === "block" && selected.startsWith(`${node.module}.`));
function pressed(event, act) {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
function Box({ node, box, values, run, selected, differs, select, toggle, note, silent }) {
  const store = useStore();
  const { x, y, width, height } = box;
  const own = node.node;
  if (!isModule(node)) {
    const outputs = own.outputs?.[0]?.shape ?? null;
    const end = node.kind !== "operator";
    const label = node.kind === "output" ? T$3.outputEnd : own.name === "earlier" ? T$3.earlier : own.name;
    const lines2 = [
      outputs ? T$3.makes(shapeText(outputs)) : "",
      own.parameters?.length ? T$3.withParameters(own.parameters.join(", ")) : "",
      own.module ? T$3.ranIn(own.module) : ""
    ];
    return /* @__PURE__ */ u(
      "g",
      {
        class: end ? "box end" : "box join",
        "data-testid": `node-${node.id}`,
        onMouseMove: (event) => note(label, "", lines2.filter(Boolean), event),
        onMouseLeave: silent,
        children: [
          /* @__PURE__ */ u("rect", { x, y, width, height, rx: end ? height / 2 : 11 }),
          /* @__PURE__ */ u("text", { x: x + width / 2, y: y + (end ? 17 : 15), "text-anchor": "middle", children: clip(label, 22) }),
          end && /* @__PURE__ */ u("text", { class: "small", x: x + width / 2, y: y + 31, "text-anchor": "middle", children: clip(shapeText(outputs), 26) })
        ]
      }
    );
  }
  const name = node.kind === "block" ? node.module : own.name;
  const several = values.lineOf(`${node.module}#0`) >= 0;
  const key = node.kind === "call" && several ? own.name === node.module ? `${name}#0` : name : node.module;
  const cell = values.cell(run, key);
  const colours = palette(values.scale.diverging, store.dark.value);
  const rgb = colourOf(cell.state, cell.value, values.scale, colours);
  const ink = rgb ? textOn(rgb) : void 0;
  const text = cellText(cell);
  const { value, state } = cellNote(cell, values.scale);
  const type = node.kind === "block" ? T$3.calls_(node.calls) : own.type ?? "";
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const hatch = cell.state === CELL.nonfinite ? Array.from(
    { length: Math.floor((width - height) / 8) },
    (_2, i) => `M${x + i * 8} ${y + height}l${height} ${-height}`
  ).join("") : "";
  const lines = [
    state,
    node.kind === "call" ? T$3.typed(
      own.type ?? "",
      shapeText(own.inputs?.[0]?.shape ?? null),
      shapeText(own.outputs?.[0]?.shape ?? null)
    ) : T$3.calls_(node.calls),
    differs
  ];
  return /* @__PURE__ */ u(
    "g",
    {
      class: `box call${selected ? " selected" : ""}${rgb ? "" : " blank"}${node.kind === "block" ? " block" : ""}`,
      role: "button",
      tabIndex: 0,
      "aria-label": T$3.nodeName(name, type, statistic, value || TEXT.absent, differs),
      "aria-pressed": selected,
      "data-testid": `node-${name}`,
      onClick: select,
      onDblClick: () => node.kind === "block" && toggle(),
      onKeyDown: (event) => pressed(event, select),
      onMouseMove: (event) => note(name, value && `${statistic} ${value}`, lines.filter(Boolean), event),
      onMouseLeave: silent,
      children: [
        node.kind === "block" && /* @__PURE__ */ u("rect", { class: "under", x: x + 4, y: y + 4, width, height, rx: 6 }),
        /* @__PURE__ */ u(
          "rect",
          {
            class: "face",
            x,
            y,
            width,
            height,
            rx: 6,
            fill: rgb ? `rgb(${rgb.join(",")})` : void 0
          }
        ),
        hatch && /* @__PURE__ */ u("path", { class: "hatch", d: hatch }),
        /* @__PURE__ */ u("text", { class: "title", x: x + 9, y: y + 17, style: { fill: ink }, children: clip(node.label, text === "" ? 24 : 16) }),
        /* @__PURE__ */ u("text", { class: "number", x: x + width - 9, y: y + 17, "text-anchor": "end", style: { fill: ink }, children: text }),
        /* @__PURE__ */ u("text", { class: "small", x: x + 9, y: y + 31, style: { fill: ink }, children: clip(differs === "" ? type : `≠ ${differs}`, 26) }),
        node.kind === "block" && /* @__PURE__ */ u(
          "g",
          {
            class: "unfold",
            role: "button",
            tabIndex: 0,
            "aria-label": T$3.unfoldOne(node.module),
            "data-testid": `unfold-${node.module}`,
            onClick: (event) => {
              event.stopPropagation();
              toggle();
            },
            onKeyDown: (event) => pressed(event, toggle),
            children: [
              /* @__PURE__ */ u("rect", { x: x + width - 22, y: y + 21, width: 16, height: 15, rx: 4 }),
              /* @__PURE__ */ u("text", { x: x + width - 14, y: y + 33, "text-anchor": "middle", children: "+" })
            ]
          }
        )
      ]
    }
  );
}
const [LEAST_ZOOM, MOST_ZOOM] = [0.05, 3];
const LEAST_READABLE = 0.85;
const PAN = 60;
function usePanZoom(ref, width, height, drawing, chosen) {
  const [frame, setFrame] = d({ x: 0, y: 0, k: 1 });
  const drag = A(null);
  const fitTo = (least) => {
    if (width === 0 || drawing.width === 0) return;
    const wide = width / drawing.width;
    const k = Math.min(1.2, Math.max(Math.min(wide, height / drawing.height), Math.min(wide, least)));
    const y = drawing.height * k > height ? 4 : (height - drawing.height * k) / 2;
    setFrame({ k, x: (width - drawing.width * k) / 2, y });
  };
  _(() => fitTo(LEAST_READABLE), [drawing, width > 0, height > 0]);
  _(() => {
    if (!chosen || width === 0) return;
    setFrame((now) => {
      const x = chosen.x * now.k + now.x;
      const y = chosen.y * now.k + now.y;
      const inside = y >= 0 && y + chosen.height * now.k <= height && x >= 0 && x + chosen.width * now.k <= width;
      if (inside) return now;
      return {
        ...now,
        x: width / 2 - (chosen.x + chosen.width / 2) * now.k,
        y: height / 2 - (chosen.y + chosen.height / 2) * now.k
      };
    });
  }, [chosen, drawing, width > 0]);
  const zoom = (factor, cx = width / 2, cy = height / 2) => setFrame(({ x, y, k }) => {
    const next = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, k * factor));
    return { k: next, x: cx - (cx - x) * next / k, y: cy - (cy - y) * next / k };
  });
  h(() => {
    const element = ref.current;
    if (!element) return;
    const wheel = (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 16e-4));
      zoom(factor, event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [width, height]);
  const fit = () => fitTo(0);
  const move = (dx, dy) => setFrame((f) => ({ ...f, x: f.x + dx, y: f.y + dy }));
  const handlers = {
    onKeyDown(event) {
      const acts = {
        "+": () => zoom(1.25),
        "=": () => zoom(1.25),
        "-": () => zoom(0.8),
        "0": fit,
        ArrowLeft: () => move(PAN, 0),
        ArrowRight: () => move(-PAN, 0),
        ArrowUp: () => move(0, PAN),
        ArrowDown: () => move(0, -PAN)
      };
      if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      acts[event.key]();
    },
    onPointerDown(event) {
      if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, moved: false };
    },
    onPointerMove(event) {
      const from = drag.current;
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      if (!from.moved) event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      move(dx, dy);
    },
    onPointerUp() {
      drag.current = null;
    },
    onPointerCancel() {
      drag.current = null;
    }
  };
  return { frame, fit, zoom, handlers };
}
const T$2 = TEXT.structure;
const LINE = 26;
const SPARK = { width: 96, height: 22 };
const MOST_RUNS = 8;
const count = (n) => n.toLocaleString("en");
function bytesText(bytes) {
  if (bytes === null) return "";
  for (const [size, unit] of [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"]
  ]) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3)} ${unit}`;
  }
  return `${bytes} B`;
}
function differencesOf(models, module) {
  return models.runs.slice(1).flatMap(({ run }, i) => {
    const found = difference(module.facts[0], module.facts[i + 1]);
    return found ? [{ run, difference: found }] : [];
  });
}
function Table({ models, values, lines, line, place, compact, toggle }) {
  const store = useStore();
  const { ref, height } = useSize();
  const [top, setTop] = d(0);
  const colours = palette(values.scale.diverging, store.dark.value);
  const runs = compact ? [models.runs[place]] : models.runs.slice(0, MOST_RUNS);
  const columns = compact ? `minmax(160px, 1fr) 86px 84px 66px 112px ${SPARK.width + 2}px` : `minmax(156px, 1fr) 94px 84px 72px 68px 36px 66px ${runs.map(() => "104px").join(" ")} ${SPARK.width + 2}px`;
  _(() => {
    const box = ref.current;
    if (!box || line < 0 || height === 0) return;
    const head = LINE;
    if (line * LINE < box.scrollTop) box.scrollTop = line * LINE;
    else if ((line + 1) * LINE + head * 2 > box.scrollTop + height)
      box.scrollTop = (line + 1) * LINE + head * 2 - height;
  }, [line, height]);
  const first = Math.max(0, Math.floor(top / LINE) - 4);
  const visible = lines.slice(first, first + Math.ceil(height / LINE) + 8);
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const total = sums(models.tree, place);
  const all = models.runs.map((_2, i) => sums(models.tree, i));
  return /* @__PURE__ */ u("div", { class: "structure-table", "data-testid": "structure-table", children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "scroller",
        ref,
        role: "treegrid",
        "aria-label": T$2.tableName,
        "aria-rowcount": lines.length,
        tabIndex: 0,
        onScroll: (event) => setTop(event.currentTarget.scrollTop),
        children: [
          /* @__PURE__ */ u("div", { class: "line head", role: "row", tabIndex: -1, style: { gridTemplateColumns: columns }, children: [
            /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, children: T$2.layer }),
            /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, children: T$2.type }),
            /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, title: T$2.outputHelp, children: T$2.output }),
            /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, class: "right", title: T$2.parametersHelp, children: T$2.parameters }),
            !compact && /* @__PURE__ */ u(S, { children: [
              /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, class: "right", children: T$2.trainable }),
              /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, class: "right", title: T$2.callsHelp, children: T$2.calls }),
              /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, class: "right", title: T$2.memoryHelp, children: T$2.memory })
            ] }),
            runs.map(({ run }) => /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, class: "run", title: `${statistic}, ${run}`, children: [
              /* @__PURE__ */ u(Mark, { colour: store.colour(run), shape: shapeOf(store.order.value.get(run) ?? 0) }),
              /* @__PURE__ */ u("b", { children: store.shortNames.value.get(run) ?? run })
            ] }, run)),
            /* @__PURE__ */ u("span", { role: "columnheader", tabIndex: -1, title: TEXT.overSteps(statistic), children: T$2.overSteps })
          ] }),
          /* @__PURE__ */ u("div", { class: "lines", style: { height: `${lines.length * LINE}px` }, children: visible.map(({ module, state }, k) => {
            const index = first + k;
            const facts = module.facts[place] ?? module.facts.find((one) => one !== null) ?? null;
            const here = module.facts[place] !== null;
            const own = state === "leaf" || state === "folded" || here ? sums([module], place) : sums(
              [module],
              module.facts.findIndex((one) => one !== null)
            );
            const found = differencesOf(models, module);
            const words = differenceText(found);
            const within = state === "folded" ? flat(module.children).filter((one) => differencesOf(models, one).length > 0).length : 0;
            const chosen = index === line;
            return /* @__PURE__ */ u(
              "div",
              {
                class: `line ${state}${chosen ? " selected" : ""}${here ? "" : " lacking"}`,
                role: "row",
                tabIndex: -1,
                "aria-level": module.depth + 1,
                "aria-expanded": state === "leaf" ? void 0 : state === "open",
                "aria-selected": chosen,
                "data-testid": `module-${module.name}`,
                style: { gridTemplateColumns: columns, top: `${index * LINE}px` },
                onClick: () => {
                  store.view.row.value = module.name;
                },
                onDblClick: () => state !== "leaf" && toggle(module.name),
                children: [
                  /* @__PURE__ */ u(
                    "span",
                    {
                      role: "gridcell",
                      tabIndex: -1,
                      class: "name",
                      style: { paddingLeft: `${module.depth * 14}px` },
                      children: [
                        state === "leaf" ? /* @__PURE__ */ u("i", { class: "twist" }) : /* @__PURE__ */ u(
                          "button",
                          {
                            type: "button",
                            class: "twist",
                            "aria-label": state === "open" ? T$2.foldOne(module.name) : T$2.unfoldOne(module.name),
                            "data-testid": `toggle-${module.name}`,
                            onClick: (event) => {
                              event.stopPropagation();
                              toggle(module.name);
                            },
                            children: /* @__PURE__ */ u("svg", { width: "10", height: "10", viewBox: "0 0 10 10", "aria-hidden": "true", children: /* @__PURE__ */ u(
                              "path",
                              {
                                d: state === "open" ? "M1.5 3L5 7L8.5 3" : "M3 1.5L7 5L3 8.5",
                                fill: "none",
                                stroke: "currentColor",
                                "stroke-width": "1.4"
                              }
                            ) })
                          }
                        ),
                        /* @__PURE__ */ u("span", { class: "label", title: module.name, children: labelOfModule(module) }),
                        words !== "" && /* @__PURE__ */ u("span", { class: "differs", title: words, "data-testid": `differs-${module.name}`, children: [
                          "≠ ",
                          words
                        ] }),
                        words === "" && within > 0 && /* @__PURE__ */ u(
                          "span",
                          {
                            class: "differs within",
                            title: T$2.differWithin(within),
                            "data-testid": `differs-${module.name}`,
                            children: [
                              "≠ ",
                              T$2.differWithin(within)
                            ]
                          }
                        )
                      ]
                    }
                  ),
                  /* @__PURE__ */ u("span", { role: "gridcell", tabIndex: -1, class: "type", title: facts?.type, children: facts?.type ?? "" }),
                  /* @__PURE__ */ u(
                    "span",
                    {
                      role: "gridcell",
                      tabIndex: -1,
                      class: "shape",
                      title: facts ? T$2.shapes(shapeText(facts.input), shapeText(facts.output)) : "",
                      children: facts ? shapeText(facts.output) : ""
                    }
                  ),
                  /* @__PURE__ */ u("span", { role: "gridcell", tabIndex: -1, class: "right", title: T$2.parametersOf(own), children: own.parameters > 0 ? count(own.parameters) : own.shared > 0 ? T$2.shared : "" }),
                  !compact && /* @__PURE__ */ u(S, { children: [
                    /* @__PURE__ */ u("span", { role: "gridcell", tabIndex: -1, class: "right", children: own.trainable > 0 ? count(own.trainable) : own.parameters > 0 ? "0" : "" }),
                    /* @__PURE__ */ u("span", { role: "gridcell", tabIndex: -1, class: "right", children: facts?.calls ?? "" }),
                    /* @__PURE__ */ u(
                      "span",
                      {
                        role: "gridcell",
                        tabIndex: -1,
                        class: "right",
                        title: own.bytes === null ? "" : T$2.exactBytes(count(own.bytes)),
                        children: bytesText(own.bytes)
                      }
                    )
                  ] }),
                  runs.map(({ run }) => {
                    const cell = values.cell(run, module.name);
                    const { value, state: said } = cellNote(cell, values.scale);
                    return /* @__PURE__ */ u(
                      "span",
                      {
                        role: "gridcell",
                        tabIndex: -1,
                        "data-testid": `value-${run}-${module.name}`,
                        title: [`${statistic} ${value}`, said, TEXT.nearestStep(values.step)].filter(Boolean).join("\n"),
                        children: values.lineOf(module.name) >= 0 && /* @__PURE__ */ u(Bar, { cell, scale: values.scale, colours })
                      },
                      run
                    );
                  }),
                  /* @__PURE__ */ u("span", { role: "gridcell", tabIndex: -1, children: values.lineOf(module.name) >= 0 && /* @__PURE__ */ u(
                    Sparkline,
                    {
                      series: compact ? values.series.filter(({ run }) => run === runs[0].run) : values.series,
                      line: values.lineOf(module.name),
                      scale: values.scale,
                      ...SPARK,
                      colour: (run) => store.colour(run),
                      step: values.step
                    }
                  ) })
                ]
              },
              module.name
            );
          }) }),
          lines.length === 0 && /* @__PURE__ */ u("p", { class: "none", children: TEXT.noLines })
        ]
      }
    ),
    /* @__PURE__ */ u("div", { class: "totals", "data-testid": "structure-totals", children: [
      /* @__PURE__ */ u("b", { children: T$2.total }),
      /* @__PURE__ */ u(Figure, { label: T$2.parameters, value: count(total.parameters), all: all.map((one) => one.parameters) }),
      /* @__PURE__ */ u(Figure, { label: T$2.trainable, value: count(total.trainable), all: all.map((one) => one.trainable) }),
      /* @__PURE__ */ u(
        Figure,
        {
          label: T$2.frozen,
          value: count(total.parameters - total.trainable),
          all: all.map((one) => one.parameters - one.trainable)
        }
      ),
      total.shared > 0 && /* @__PURE__ */ u(Figure, { label: T$2.sharedTotal, value: count(total.shared), all: [] }),
      /* @__PURE__ */ u(Figure, { label: T$2.buffers, value: count(total.buffers), all: all.map((one) => one.buffers) }),
      total.heldBytes !== null && /* @__PURE__ */ u(Figure, { label: T$2.held, value: bytesText(total.heldBytes), all: [] }),
      total.bytes !== null && /* @__PURE__ */ u(Figure, { label: T$2.forward(batchOf(models, place)), value: bytesText(total.bytes), all: [] })
    ] })
  ] });
}
function batchOf(models, place) {
  const input = models.runs[place]?.graph?.nodes.find(({ kind }) => kind === "input");
  return input?.outputs?.[0]?.shape?.[0] ?? null;
}
function Figure({ label, value, all }) {
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return /* @__PURE__ */ u("span", { children: [
    label,
    " ",
    /* @__PURE__ */ u("b", { children: value }),
    all.length > 1 && low !== high && /* @__PURE__ */ u("i", { children: [
      " ",
      T$2.between(quantity(low), quantity(high))
    ] })
  ] });
}
const T$1 = TEXT.structure;
function Drawing(props) {
  const { graph, run } = props.models.runs[props.place];
  if (!graph || graph.nodes.length === 0) {
    return /* @__PURE__ */ u("div", { class: "no-graph", "data-testid": "no-graph", children: [
      /* @__PURE__ */ u("b", { children: T$1.noGraph(run) }),
      /* @__PURE__ */ u("p", { children: graph?.reason ?? T$1.noGraphHelp })
    ] });
  }
  return /* @__PURE__ */ u(Canvas, { ...props, graph, run }, run);
}
function Canvas({
  models,
  values,
  open,
  limited,
  selected,
  toggle,
  graph,
  run
}) {
  const store = useStore();
  const { ref, width, height } = useSize();
  const flow = T$5(() => visibleFlow(graph, open), [graph, open]);
  const laid = T$5(() => layFlow(flow), [flow]);
  const chosen = flow.nodes.find((one) => holds(one, selected));
  const { frame, fit, zoom, handlers } = usePanZoom(
    ref,
    width,
    height,
    laid,
    chosen && laid.nodes.get(chosen.id)
  );
  const note = (what, value, lines, event) => {
    store.note.value = {
      run,
      step: `${TEXT.step} ${values.step}`,
      what,
      value,
      lines,
      help: "",
      x: event.clientX,
      y: event.clientY
    };
  };
  const silent = () => {
    store.note.value = null;
  };
  const byId = new Map(flow.nodes.map((node) => [node.id, node]));
  const edgeNote = (edge) => {
    const name = (id) => byId.get(id)?.node.name ?? id;
    const lines = [
      edge.shape ? T$1.carries(shapeText(edge.shape)) : "",
      edge.via.length > 0 ? T$1.via(edge.via.join(", ")) : "",
      edge.assumed ? T$1.assumed : ""
    ];
    return [`${name(edge.from)} → ${name(edge.to)}`, lines.filter(Boolean)];
  };
  const button = (label, text, act, testid) => /* @__PURE__ */ u("button", { type: "button", class: "button", title: label, "aria-label": label, "data-testid": testid, onClick: act, children: text });
  return /* @__PURE__ */ u("div", { class: "drawing", "data-testid": "structure-graph", children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "paper",
        ref,
        tabIndex: 0,
        role: "application",
        "aria-label": T$1.graphName(run),
        "aria-roledescription": T$1.graphKeys,
        ...handlers,
        children: /* @__PURE__ */ u("svg", { width: "100%", height: "100%", role: "group", "aria-label": T$1.graphName(run), children: /* @__PURE__ */ u("g", { transform: `translate(${frame.x} ${frame.y}) scale(${frame.k})`, children: [
          flow.groups.map(({ name, parent }) => {
            const box = laid.groups.get(name);
            const label = parent === "" ? name : name.slice(parent.length + 1);
            return /* @__PURE__ */ u("g", { class: "group", children: [
              /* @__PURE__ */ u("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 8 }),
              /* @__PURE__ */ u(
                "g",
                {
                  class: "fold",
                  role: "button",
                  tabIndex: 0,
                  "aria-label": T$1.foldOne(name),
                  "data-testid": `fold-${name}`,
                  onClick: () => toggle(name),
                  onKeyDown: (event) => pressed(event, () => toggle(name)),
                  children: [
                    /* @__PURE__ */ u(
                      "rect",
                      {
                        class: "tab",
                        x: box.x + 4,
                        y: box.y + 3,
                        width: 18 + clip(label, 18).length * 6,
                        height: 15,
                        rx: 4
                      }
                    ),
                    /* @__PURE__ */ u("text", { x: box.x + 9, y: box.y + 14, children: [
                      "− ",
                      clip(label, 18)
                    ] })
                  ]
                }
              )
            ] }, `group ${name}`);
          }),
          flow.edges.map((edge, i) => {
            const points = laid.edges[i];
            const path = curve(points);
            const [what, lines] = edgeNote(edge);
            const middle = points[Math.floor(points.length / 2)];
            const shown = edge.via.slice(0, 2).join(", ") + (edge.via.length > 2 ? " …" : "");
            const tip = points[points.length - 1];
            return /* @__PURE__ */ u(
              "g",
              {
                class: edge.assumed ? "edge assumed" : "edge",
                onMouseMove: (event) => note(what, "", lines, event),
                onMouseLeave: silent,
                children: [
                  /* @__PURE__ */ u("path", { class: "reach", d: path }),
                  /* @__PURE__ */ u("path", { class: "way", d: path }),
                  /* @__PURE__ */ u(
                    "path",
                    {
                      class: "tip",
                      d: `M${tip.x - 3.5} ${tip.y - 6}L${tip.x} ${tip.y}L${tip.x + 3.5} ${tip.y - 6}Z`
                    }
                  ),
                  shown !== "" && /* @__PURE__ */ u("text", { class: "via", x: middle.x + 5, y: middle.y + 3, children: shown })
                ]
              },
              `${edge.from} ${edge.to}`
            );
          }),
          flow.nodes.map((node) => /* @__PURE__ */ u(
            Box,
            {
              node,
              box: laid.nodes.get(node.id),
              values,
              run,
              selected: holds(node, selected),
              differs: differenceText(
                models.modules.filter(({ name }) => name === node.module && isModule(node)).flatMap((m) => differencesOf(models, m))
              ),
              select: () => {
                store.view.row.value = node.kind === "call" ? node.node.name : node.module;
              },
              toggle: () => toggle(node.module),
              note,
              silent
            },
            node.id
          ))
        ] }) })
      }
    ),
    /* @__PURE__ */ u("div", { class: "graph-tools", children: [
      button(T$1.zoomIn, "+", () => zoom(1.25), "zoom-in"),
      button(T$1.zoomOut, "−", () => zoom(0.8), "zoom-out"),
      button(T$1.fitHelp, T$1.fit, fit, "zoom-fit")
    ] }),
    limited && /* @__PURE__ */ u("div", { class: "limited", children: T$1.limited })
  ] });
}
function StructureLegend({ models, values }) {
  const store = useStore();
  if (store.source.value !== store.statistic.value) {
    return /* @__PURE__ */ u("div", { class: "legend structure-legend", "data-testid": "legend", children: TEXT.structure.elsewhere(statisticName(store.kind.value, store.statistic.value)) });
  }
  const { scale } = values;
  const colours = palette(scale.diverging, store.dark.value);
  const css = (rgb) => `rgb(${rgb.join(",")})`;
  const found = /* @__PURE__ */ new Set();
  for (const { run } of models.runs) {
    for (const { key } of values.asked) {
      const { state, value } = values.cell(run, key);
      found.add(labelOf(state, value, scale));
    }
  }
  const chip = (label, text, look, colour) => found.has(label) && /* @__PURE__ */ u("span", { class: "chip", children: [
    /* @__PURE__ */ u("i", { class: look, style: colour ? { backgroundColor: colour } : void 0 }),
    text
  ] });
  return /* @__PURE__ */ u("div", { class: "legend structure-legend", role: "img", "aria-label": TEXT.legend, "data-testid": "legend", children: [
    /* @__PURE__ */ u("span", { children: statisticName(store.kind.value, store.statistic.value) }),
    /* @__PURE__ */ u("span", { children: tick(scale.lo) }),
    /* @__PURE__ */ u("div", { class: "ramp", children: /* @__PURE__ */ u(Ramp, { colours }) }),
    /* @__PURE__ */ u("span", { children: tick(scale.hi) }),
    chip("under", `< ${tick(scale.lo)}`, "", css(colours.under)),
    chip("over", `> ${tick(scale.hi)}`, "", css(colours.over)),
    chip("zero", TEXT.exactZero, "", css(colours.zero)),
    chip("nonfinite", TEXT.nonfinite, "hatched", css(colours.nonfinite)),
    chip("absent", TEXT.absent, "dotted"),
    /* @__PURE__ */ u("span", { class: "gap" }),
    /* @__PURE__ */ u("span", { children: TEXT.structure.stands })
  ] });
}
const style = ".structure-panel .slider {\n  flex: 0 1 340px;\n  min-width: 250px;\n}\n.structure {\n  flex: 1;\n  min-height: 0;\n  display: grid;\n  grid-template-columns: minmax(0, 1fr);\n  grid-template-rows: minmax(0, 1fr);\n  gap: 12px;\n  padding: 0 16px 4px;\n  background: var(--panel);\n}\n.structure.both {\n  grid-template-columns: minmax(0, 13fr) minmax(0, 8fr);\n}\n.structure-table {\n  min-height: 0;\n  min-width: 0;\n  display: flex;\n  flex-direction: column;\n}\n.structure-table .scroller {\n  flex: 1;\n  min-height: 0;\n  overflow: auto;\n  position: relative;\n  font-size: 12px;\n  font-variant-numeric: tabular-nums;\n}\n.structure-table .lines {\n  position: relative;\n  min-width: max-content;\n}\n.structure-table .line {\n  display: grid;\n  gap: 8px;\n  height: 26px;\n  border-radius: 0;\n  align-items: center;\n  padding: 0 6px;\n  box-sizing: border-box;\n  min-width: 100%;\n}\n.structure-table .lines .line {\n  position: absolute;\n  left: 0;\n  right: 0;\n  cursor: default;\n  border-bottom: 1px solid var(--line);\n}\n.structure-table .head {\n  position: sticky;\n  top: 0;\n  z-index: 2;\n  background: var(--panel);\n  border-bottom: 1px solid var(--line);\n  color: var(--dim);\n  font-size: 11px;\n}\n.structure-table .line > span {\n  min-width: 0;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.structure-table .lines .line:hover {\n  background: var(--hover);\n}\n.structure-table .line.selected {\n  background: var(--sel);\n  box-shadow: inset 3px 0 0 var(--accent);\n}\n.structure-table .line.lacking > span:not(.name) {\n  color: var(--dim);\n}\n.structure-table .right {\n  text-align: right;\n}\n.structure-table .name {\n  display: flex;\n  align-items: center;\n  gap: 4px;\n}\n.structure-table .name .label {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  flex: 0 0 auto;\n  max-width: 100%;\n}\n.structure-table .open .label,\n.structure-table .folded .label {\n  font-weight: 600;\n}\n.structure-table .type,\n.structure-table .shape {\n  color: var(--dim);\n}\n.twist {\n  flex: none;\n  width: 16px;\n  height: 18px;\n  padding: 0;\n  display: inline-flex;\n  align-items: center;\n  justify-content: center;\n  color: var(--dim);\n  background: none;\n  border: 0;\n  border-radius: 4px;\n}\nbutton.twist:hover {\n  background: var(--chip);\n  color: var(--text);\n}\n.differs {\n  flex: 0 1 auto;\n  min-width: 14px;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  font-size: 10.5px;\n  padding: 0 5px;\n  border-radius: 4px;\n  background: var(--chip);\n  color: var(--text);\n}\n.differs.within {\n  color: var(--dim);\n}\n.structure-table .run {\n  display: flex;\n  gap: 5px;\n  align-items: center;\n}\n.structure-table .run b {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  color: var(--text);\n}\n.bar-cell {\n  display: flex;\n  align-items: center;\n  gap: 5px;\n}\n.bar-cell .track {\n  flex: 1;\n  height: 10px;\n  position: relative;\n  background-color: var(--chip);\n}\n.bar-cell .fill {\n  position: absolute;\n  top: 0;\n  height: 100%;\n}\n.bar-cell .number {\n  width: 48px;\n  flex: none;\n  text-align: right;\n}\n.bar-cell .number.bad {\n  color: var(--bad);\n  font-weight: 600;\n}\n.spark {\n  display: block;\n}\n.spark path {\n  fill: none;\n}\n.spark .curve {\n  stroke-width: 1.3;\n  stroke-linejoin: round;\n}\n.spark .now {\n  stroke: var(--accent);\n  stroke-width: 1;\n}\n.totals {\n  flex: none;\n  display: flex;\n  flex-wrap: wrap;\n  gap: 2px 16px;\n  padding: 6px;\n  border-top: 1px solid var(--line);\n  font-size: 11.5px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.totals b {\n  color: var(--text);\n}\n.totals i {\n  font-style: normal;\n}\n.structure-legend {\n  display: flex;\n  align-items: center;\n  flex-wrap: wrap;\n  gap: 2px 8px;\n  padding: 4px 16px 8px;\n}\n.structure-legend .ramp {\n  width: 150px;\n}\n.structure-legend .gap {\n  flex: 1;\n}\n.drawing,\n.no-graph {\n  position: relative;\n  min-height: 0;\n  min-width: 0;\n  border: 1px solid var(--line);\n  border-radius: 8px;\n  overflow: hidden;\n}\n.no-graph {\n  padding: 22px;\n  font-size: 13px;\n}\n.no-graph p {\n  color: var(--dim);\n}\n.paper {\n  position: absolute;\n  inset: 0;\n  cursor: grab;\n  touch-action: none;\n  user-select: none;\n}\n.paper:active {\n  cursor: grabbing;\n}\n.paper:focus-visible {\n  outline: 2px solid var(--accent);\n  outline-offset: -2px;\n}\n.paper svg {\n  display: block;\n}\n.graph-tools {\n  position: absolute;\n  right: 8px;\n  top: 8px;\n  display: flex;\n  gap: 4px;\n}\n.graph-tools .button {\n  min-width: 28px;\n  justify-content: center;\n}\n.limited {\n  position: absolute;\n  left: 8px;\n  bottom: 6px;\n  font-size: 11px;\n  color: var(--dim);\n  background: var(--halo);\n  padding: 1px 6px;\n  border-radius: 4px;\n}\n.paper text {\n  font-size: 12px;\n  fill: var(--text);\n}\n.group > rect {\n  fill: var(--hover);\n  fill-opacity: 0.55;\n  stroke: var(--line);\n}\n.group .fold,\n.box.call {\n  cursor: pointer;\n}\n.group .tab {\n  fill: var(--chip);\n}\n.group text {\n  font-size: 10.5px;\n}\n.edge path {\n  fill: none;\n}\n.edge .reach {\n  stroke: transparent;\n  stroke-width: 10;\n}\n.edge .way {\n  stroke: var(--dim);\n  stroke-width: 1.3;\n}\n.edge:hover .way {\n  stroke: var(--accent);\n  stroke-width: 2;\n}\n.edge.assumed .way {\n  stroke-dasharray: 5 4;\n}\n.edge .tip {\n  fill: var(--dim);\n}\n.edge .via {\n  font-size: 10px;\n  fill: var(--dim);\n  paint-order: stroke;\n  stroke: var(--panel);\n  stroke-width: 3px;\n}\n.box.call .title,\n.box.call .number {\n  font-weight: 600;\n}\n.paper .small {\n  font-size: 10px;\n}\n.box .face,\n.box .under {\n  stroke: var(--dim);\n  stroke-width: 1;\n}\n.box.blank .face {\n  fill: var(--panel);\n  stroke-dasharray: 2 3;\n}\n.box .under {\n  fill: var(--chip);\n}\n.box.join > rect {\n  fill: var(--chip);\n  stroke: var(--dim);\n}\n.box.join text {\n  font-size: 11px;\n}\n.box.end > rect {\n  fill: var(--panel);\n  stroke: var(--text);\n  stroke-width: 1.2;\n}\n.box.selected .face {\n  stroke: var(--accent);\n  stroke-width: 3;\n}\n.box .hatch {\n  fill: none;\n  stroke: rgba(255, 255, 255, 0.55);\n}\n.box:focus-visible,\n.fold:focus-visible,\n.unfold:focus-visible {\n  outline: 2px solid var(--accent);\n  outline-offset: 1px;\n}\n.unfold rect {\n  fill: var(--panel);\n  stroke: var(--dim);\n}\n@media (max-width: 1050px) {\n  .structure {\n    padding-inline: 12px;\n  }\n}\n";
const T = TEXT.structure;
const FIRST_LINES = 48;
const MOST_BOXES = 300;
const WIDE = 900;
function View() {
  const store = useStore();
  const { models, answer } = useModels();
  const values = useValues(models);
  const { ref, width } = useSize();
  const chosen = store.key("str.show").value;
  const wide = width === 0 || width >= WIDE;
  const show = chosen === "table" || chosen === "graph" ? chosen : wide ? "both" : "table";
  const opened = store.key("str.open");
  const wantedRun = store.key("str.run");
  const place = Math.max(0, models?.runs.findIndex(({ run }) => run === wantedRun.value) ?? 0);
  const structure = models?.runs[place] ?? null;
  const open = T$5(() => {
    if (!models) return /* @__PURE__ */ new Set();
    if (opened.value === null) return openLevels(models.tree, FIRST_LINES);
    return new Set(opened.value === "" ? [] : opened.value.split(",").map(decodeURIComponent));
  }, [models, opened.value]);
  const drawn = T$5(() => models ? openWithin(models.tree, open, MOST_BOXES) : open, [models, open]);
  const setOpen = (next) => {
    opened.value = [...next].map(encodeURIComponent).join(",");
  };
  const toggle = (name) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  const [filter, setFilter] = d(() => compile(store.view.rowFilter.value));
  const typed = compile(store.view.rowFilter.value);
  if (typed && String(typed) !== String(filter)) setFilter(typed);
  const lines = T$5(
    () => linesOf(models?.tree ?? [], open, store.view.rowFilter.value === "" ? null : filter),
    [models, open, filter, store.view.rowFilter.value]
  );
  const selected = T$5(() => {
    const modules = models?.modules ?? [];
    const named = modules.map(({ name }) => ({ name, module: name }));
    return modules[choose(store.view.row.value, named)]?.name ?? null;
  }, [models, store.view.row.value]);
  const line = lines.reduce(
    (found, { module }, i) => selected !== null && (selected === module.name || selected.startsWith(`${module.name}.`)) ? i : found,
    -1
  );
  const course = T$5(
    () => ({
      moveStep(by) {
        const { steps, step } = values;
        if (steps.length === 0) return;
        const next = nearest(steps, step) + by;
        store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, next))];
      },
      moveLayer(by) {
        const next = lines[Math.min(lines.length - 1, Math.max(0, line + by))];
        if (next) store.view.row.value = next.module.name;
      }
    }),
    [values.steps, values.step, lines, line]
  );
  useCourse(course);
  const one = (value, label) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      "aria-pressed": show === value,
      "data-testid": `show-${value}`,
      onClick: () => {
        store.key("str.show").value = value;
      },
      children: label
    }
  );
  const nothing = store.shown.value.length === 0;
  const body = () => {
    if (nothing) return /* @__PURE__ */ u(NoRuns, {});
    if (answer.error !== null && !models)
      return /* @__PURE__ */ u(Failure, { what: T.what, message: answer.error, retry: answer.retry });
    if (!models) return /* @__PURE__ */ u("div", { class: "notice", "aria-busy": "true" });
    if (models.modules.length === 0)
      return /* @__PURE__ */ u(PanelEmpty, { title: T.emptyTitle, help: T.emptyHelp, code: T.emptyCode });
    return /* @__PURE__ */ u(S, { children: [
      values.error !== null && /* @__PURE__ */ u(Failure, { what: TEXT.whatSeries, message: values.error, retry: values.retry }),
      /* @__PURE__ */ u("div", { class: `structure ${show}`, "data-testid": "structure", children: [
        show !== "graph" && /* @__PURE__ */ u(
          Table,
          {
            models,
            values,
            lines,
            line,
            place,
            compact: show === "both",
            toggle
          }
        ),
        show !== "table" && structure && /* @__PURE__ */ u(
          Drawing,
          {
            models,
            values,
            place,
            open: drawn,
            limited: drawn.size < models.modules.filter(({ name }) => open.has(name)).length,
            selected,
            toggle
          }
        )
      ] }),
      /* @__PURE__ */ u(StructureLegend, { models, values })
    ] });
  };
  return /* @__PURE__ */ u("section", { class: "panel structure-panel", "aria-label": T.title, ref, children: [
    /* @__PURE__ */ u("div", { class: "tools", children: [
      /* @__PURE__ */ u(StatisticSelect, {}),
      /* @__PURE__ */ u(ScaleSwitch, {}),
      /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": T.show, children: [
        one("table", T.table),
        wide && one("both", T.both),
        one("graph", T.graph)
      ] }),
      models && models.runs.length > 1 && /* @__PURE__ */ u("label", { class: "of", children: [
        structure && /* @__PURE__ */ u(
          Mark,
          {
            colour: store.colour(structure.run),
            shape: shapeOf(store.order.value.get(structure.run) ?? 0)
          }
        ),
        /* @__PURE__ */ u(
          "select",
          {
            class: "button strong",
            "aria-label": T.runOf,
            title: T.runOf,
            "data-testid": "structure-run",
            value: structure?.run,
            onChange: (event) => {
              wantedRun.value = event.currentTarget.value;
            },
            children: models.runs.map(({ run }) => /* @__PURE__ */ u("option", { value: run, children: run }, run))
          }
        )
      ] }),
      /* @__PURE__ */ u(
        "button",
        {
          type: "button",
          class: "button",
          title: TEXT.expandAll,
          "data-testid": "unfold-all",
          disabled: !models,
          onClick: () => setOpen(new Set(models?.modules.filter((m) => m.children.length > 0).map((m) => m.name))),
          children: T.unfold
        }
      ),
      /* @__PURE__ */ u(
        "button",
        {
          type: "button",
          class: "button",
          title: TEXT.collapseAll,
          "data-testid": "fold-all",
          disabled: !models,
          onClick: () => setOpen(/* @__PURE__ */ new Set()),
          children: T.fold
        }
      ),
      /* @__PURE__ */ u("span", { class: "gap" }),
      (answer.loading || values.loading) && /* @__PURE__ */ u("span", { class: "dim", role: "status", children: TEXT.loading }),
      /* @__PURE__ */ u(
        StepSlider,
        {
          steps: values.steps,
          step: values.step,
          ready: !values.loading,
          set: (step) => {
            store.view.step.value = step;
          }
        }
      ),
      /* @__PURE__ */ u(StructureExports, { models, values, place })
    ] }),
    body()
  ] });
}
export {
  View,
  style
};
