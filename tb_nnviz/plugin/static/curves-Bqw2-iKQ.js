import { aS as median, aT as standOut, as as densest, aG as niceDown, ar as niceUp, aU as quantile, x as nearest, aV as Plot, M as toUnit, Q as ticks, ax as tick, O as cross, N as tracePath, at as FONT, a as u, u as useStore, T as TEXT, K as short, L as layerOf, J as exact, Z as Mark, W as shapeOf, aa as useSize, A, d, a0 as T$5, _, S, m as ink, r as stepTicks, aW as spacing, aX as roleShowing, aY as splitList, aZ as joinList, az as useAnswers, ay as useAnswer, ac as useFindings, aK as compile, ab as useCourse, E as Exports, am as Failure, al as NoRuns, aB as PanelEmpty, a_ as showFinding } from "./main-Dh5P77kt.js";
function clockOf(curves) {
  const own = curves.filter(({ tag }) => tag.startsWith("nnviz/global/"));
  const all = own.length > 0 ? own : curves.filter(({ tag }) => tag.startsWith("nnviz/"));
  const points = /* @__PURE__ */ new Map();
  for (const { steps, wall_times } of all)
    for (let i = 0; i < steps.length; i++) points.set(steps[i], wall_times[i]);
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  const rising = sorted.filter(([, wall], i) => i === 0 || wall > sorted[i - 1][1]);
  if (rising.length < 2) return null;
  return {
    steps: Float64Array.from(rising, ([step]) => step),
    wall_times: Float64Array.from(rising, ([, wall]) => wall)
  };
}
const stepAt = ({ steps, wall_times }, wall) => between(wall_times, steps, wall);
const wallAt = ({ steps, wall_times }, step) => between(steps, wall_times, step);
function between(from, to, value) {
  const last = from.length - 1;
  if (value <= from[0]) return to[0];
  if (value >= from[last]) return to[last];
  let lo = 0;
  let hi = last;
  while (hi - lo > 1) {
    const mid = lo + hi >> 1;
    if (from[mid] <= value) lo = mid;
    else hi = mid;
  }
  return to[lo] + (value - from[lo]) / (from[hi] - from[lo]) * (to[hi] - to[lo]);
}
const APART$1 = 0.1;
function countsOtherwise(curve, clock2) {
  const span = clock2.steps[clock2.steps.length - 1] - clock2.steps[0];
  if (curve.steps.length === 0 || span <= 0) return false;
  const away = Array.from(curve.steps, (step, i) => Math.abs(step - stepAt(clock2, curve.wall_times[i])));
  return median(away) > APART$1 * span;
}
function alignedSteps(curve, clock2) {
  if (!clock2 || curve.tag.startsWith("nnviz/global/") || curve.tag.startsWith("nnviz/window/"))
    return { steps: curve.steps, byTime: false };
  if (!countsOtherwise(curve, clock2)) return { steps: curve.steps, byTime: false };
  return { steps: curve.wall_times.map((wall) => stepAt(clock2, wall)), byTime: true };
}
function smooth(values, weight) {
  const result = Float64Array.from(values);
  if (weight <= 0 || values.length === 0) return result;
  let constant = true;
  for (let i = 1; i < values.length && constant; i++) constant = values[i] === values[0];
  if (constant) return result;
  let last = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    last = last * weight + (1 - weight) * values[i];
    bias *= weight;
    result[i] = last / (weight === 1 ? 1 : 1 - bias);
  }
  return result;
}
const X_MODES = ["step", "relative", "wall"];
function clocksOf(curves) {
  const byRun = /* @__PURE__ */ new Map();
  for (const one of curves) byRun.set(one.run, [...byRun.get(one.run) ?? [], one]);
  return new Map([...byRun].map(([run, own]) => [run, clockOf(own)]));
}
const FEW$1 = 20;
const SET = ["learning_rate", "loss_scale", "skipped"];
const startOf = (clock2, curve) => clock2 ? clock2.wall_times[0] : curve.wall_times[0] ?? 0;
function curveLines(chart, curves, runs, clocks, mode, weight) {
  const find = new Map(curves.map((one) => [`${one.tag}
${one.run}`, one]));
  return runs.flatMap(
    (run) => chart.tags.flatMap((tag) => {
      const curve = find.get(`${tag.tag}
${run}`);
      if (!curve || curve.steps.length === 0) return [];
      const clock2 = clocks.get(run) ?? null;
      const { steps, byTime } = alignedSteps(curve, clock2);
      const start = startOf(clock2, curve);
      const x = mode === "step" ? steps : mode === "wall" ? curve.wall_times : curve.wall_times.map((wall) => wall - start);
      const order = Array.from(x.keys()).sort((a, b) => x[a] - x[b]);
      const raw = Float32Array.from(order, (i) => curve.values[i]);
      return [
        {
          run,
          tag,
          byTime,
          x: Float64Array.from(order, (i) => x[i]),
          steps: Float64Array.from(order, (i) => curve.steps[i]),
          wallTimes: Float64Array.from(order, (i) => curve.wall_times[i]),
          raw,
          drawn: raw.length < FEW$1 || SET.includes(chart.id) ? Float64Array.from(raw) : smooth(raw, weight)
        }
      ];
    })
  );
}
function xOfStep(step, mode, clock2) {
  if (mode === "step") return step;
  if (!clock2) return null;
  const wall = wallAt(clock2, step);
  return mode === "wall" ? wall : wall - clock2.wall_times[0];
}
function stepOfX(x, mode, clock2) {
  if (mode === "step") return x;
  if (!clock2) return null;
  return stepAt(clock2, mode === "wall" ? x : x + clock2.wall_times[0]);
}
function xDomain(lines) {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const { x } of lines) {
    if (x.length === 0) continue;
    lo = Math.min(lo, x[0]);
    hi = Math.max(hi, x[x.length - 1]);
  }
  if (!(lo <= hi)) return [0, 1];
  return lo === hi ? [lo - 0.5, hi + 0.5] : [lo - (hi - lo) / 200, hi + (hi - lo) / 200];
}
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
function curvesCsv(lines, format) {
  const out = ["run,tag,step,wall_time,value"];
  for (const { run, tag, steps, wallTimes, raw } of lines)
    for (let i = 0; i < raw.length; i++)
      out.push(`${quote(run)},${quote(tag.tag)},${steps[i]},${wallTimes[i]},${format(raw[i])}`);
  return `${out.join("\n")}
`;
}
const PEAKS = /(^|\/)(loss|gradient_norm)$/;
function curveMarks(curves, groups, runs) {
  const marks = groups.filter(({ run }) => runs.includes(run)).map((group) => ({ kind: "finding", run: group.run, step: group.since, group }));
  for (const { run, tag, steps, values } of curves) {
    if (tag === "nnviz/global/skipped")
      steps.forEach((step, i) => {
        if (values[i] > 0) marks.push({ kind: "skipped", run, step });
      });
    if (!tag.startsWith("nnviz/log/") || !PEAKS.test(tag)) continue;
    if (values.some((value) => value < 0)) continue;
    const usual = standOut(Array.from(values));
    steps.forEach((step, i) => {
      const compared = usual[i];
      if (compared !== null && Number.isFinite(values[i]))
        marks.push({
          kind: "peak",
          run,
          step,
          figure: tag.replace("nnviz/log/", ""),
          ratio: values[i] / compared
        });
    });
  }
  return marks.sort((a, b) => a.step - b.step);
}
const LOG = "nnviz/log/";
const GLOBAL = "nnviz/global/";
const WINDOW = "nnviz/window/";
const RATE = `${GLOBAL}learning_rate/`;
const TOGETHER = {
  [`${GLOBAL}gradient_norm`]: ["gradient_norm", 0],
  [`${GLOBAL}gradient_norm_before_clipping`]: ["gradient_norm", 1],
  [`${GLOBAL}clip_factor`]: ["clipping", 0],
  [`${GLOBAL}clip_rate`]: ["clipping", 1],
  [`${WINDOW}nonfinite_steps`]: ["window_nonfinite", 0]
};
const HIDDEN = /^nnviz\/window\/(steps|nonfinite|.*_step)$/;
const FIRST = ["loss", "accuracy", "learning_rate", "gradient_norm", "clipping", "loss_scale", "skipped"];
const LAST = ["overhead_seconds"];
const PARTS = [
  [/^(val|valid|validation|eval|dev)([_/]|$)/i, "validation"],
  [/^test([_/]|$)/i, "test"],
  [/^train(ing)?([_/]|$)/i, "train"]
];
function partOf(name) {
  const segments = name.split("/");
  for (const at of [segments.length - 1, 0]) {
    for (const [pattern, part] of PARTS) {
      const found = segments[at].match(pattern);
      if (!found) continue;
      const rest = segments[at].slice(found[0].length);
      const left = rest === "" ? segments.filter((_2, i) => i !== at) : segments.map((one, i) => i === at ? rest : one);
      if (left.length > 0) return { base: left.join("/"), part };
    }
  }
  return { base: name, part: "train" };
}
function scalarCharts(tags, words2) {
  const charts = /* @__PURE__ */ new Map();
  const add = (id, section, tag, part) => {
    const chart = charts.get(id) ?? { id, title: words2.title(id), section, tags: [] };
    chart.tags.push({ tag, part, label: "" });
    charts.set(id, chart);
  };
  const rates = tags.filter((tag) => tag.startsWith(RATE)).sort();
  for (const tag of [...new Set(tags)].sort()) {
    if (HIDDEN.test(tag)) continue;
    const together = TOGETHER[tag];
    if (together) add(together[0], tag.startsWith(WINDOW) ? "window" : "optimization", tag, together[1]);
    else if (tag.startsWith(RATE)) add("learning_rate", "optimization", tag, rates.indexOf(tag));
    else if (tag.startsWith(GLOBAL)) add(tag.slice(GLOBAL.length), "optimization", tag, "train");
    else if (tag.startsWith(WINDOW)) add(`window_${tag.slice(WINDOW.length)}`, "window", tag, "train");
    else if (tag.startsWith("nnviz/") && !tag.startsWith(LOG)) add(tag, "own", tag, "train");
    else {
      const own = !tag.startsWith(LOG);
      const { base, part } = partOf(own ? tag : tag.slice(LOG.length));
      add(own ? `own:${base}` : base, own ? "own" : "logged", tag, part);
    }
  }
  const place2 = ({ id, section }) => {
    const first = FIRST.indexOf(id);
    const usual = first >= 0 ? first : LAST.includes(id) ? 1e3 : 100;
    return (section === "own" ? 400 : section === "window" ? 300 : section === "logged" ? 0 : 200) + usual;
  };
  const top = (chart) => FIRST.slice(0, 4).includes(chart.id) ? FIRST.indexOf(chart.id) - 10 : place2(chart);
  for (const chart of charts.values()) {
    chart.tags.sort((a, b) => orderOf(a.part) - orderOf(b.part) || a.tag.localeCompare(b.tag));
    if (chart.tags.length > 1 || ["validation", "test"].includes(String(chart.tags[0].part)))
      for (const one of chart.tags) one.label = words2.label(chart.id, one.part, one.tag);
  }
  return [...charts.values()].sort((a, b) => top(a) - top(b) || a.title.localeCompare(b.title));
}
const orderOf = (part) => typeof part === "number" ? part : ["train", "validation", "test"].indexOf(part);
const FAR = 3;
const MOST_DECADES = 8;
const DECADES = 2.5;
function lineScale(lines, wanted, robust) {
  const all = [];
  for (const { drawn } of lines) for (const value of drawn) if (Number.isFinite(value)) all.push(value);
  all.sort((a, b) => a - b);
  const positive = all.filter((value) => value > 0);
  const inner = robust ? densest(Float32Array.from(positive), MOST_DECADES) : positive;
  const decades = inner.length > 0 ? Math.log10(inner[inner.length - 1] / inner[0]) : 0;
  const log = wanted === "log" ? positive.length > 0 : wanted === "auto" && all[0] >= 0 && decades >= DECADES;
  if (log) {
    let lo2 = niceDown(inner[0]);
    let hi2 = niceUp(inner[inner.length - 1]);
    if (lo2 >= hi2) [lo2, hi2] = [lo2 / 10, hi2 * 10];
    return { mode: "log", lo: lo2, hi: hi2, diverging: false };
  }
  const values = robust ? withoutOutliers(all) : all;
  if (values.length === 0) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  let [lo, hi] = [values[0], values[values.length - 1]];
  if (lo === hi) [lo, hi] = lo === 0 ? [0, 1] : [lo - Math.abs(lo) / 10, hi + Math.abs(hi) / 10];
  const room = (hi - lo) * 0.05;
  return { mode: "linear", lo: lo >= 0 && lo - room < 0 ? 0 : lo - room, hi: hi + room, diverging: false };
}
function withoutOutliers(sorted) {
  if (sorted.length < 8) return [...sorted];
  const data = Float64Array.from(sorted);
  const [q1, q3] = [quantile(data, 0.25), quantile(data, 0.75)];
  const reach = FAR * (q3 - q1);
  if (reach === 0) return [...sorted];
  return sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
}
function beyond(lines, scale) {
  let count = 0;
  for (const { drawn } of lines)
    for (const value of drawn)
      if (Number.isFinite(value) && (value > scale.hi || value < scale.lo && (value > 0 || scale.mode === "linear")))
        count++;
  return count;
}
function nearestPoint({ x }, at, reach = Number.POSITIVE_INFINITY) {
  const i = nearest(x, at);
  return i >= 0 && Math.abs(x[i] - at) <= reach ? i : -1;
}
const LANE = 10;
const LEFT = 50;
const BOTTOM = 22;
const SHAPE_EVERY = 96;
const FEW = 40;
class LinesChart {
  plot;
  model = null;
  constructor(root, laidOut) {
    this.plot = new Plot(root, laidOut);
  }
  yOf(value) {
    return this.model ? this.plot.yOf(toUnit(this.model.scale, value)) : 0;
  }
  /** The line that passes nearest to a place of the plot area; -1: none. */
  lineAt(x, y) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    this.model?.lines.forEach((line, i) => {
      const at = nearestPoint(line, this.plot.valueAt(x));
      if (at < 0) return;
      const value = line.drawn[at];
      const distance = Number.isFinite(value) ? Math.abs(this.yOf(value) - y) : y;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }
  update(model) {
    this.model = model;
    const { lines, scale, domain, ink: ink2, width, height, xTicks: xTicks2, faint } = model;
    const share = LANE / Math.max(30, height - BOTTOM - 2 * LANE);
    const bad = lines.some(({ raw }) => raw.some((value) => !Number.isFinite(value)));
    const top = bad ? 1 - LANE / Math.max(30, height) : 1.01;
    const marks = ticks(scale, Math.max(2, Math.floor((height - BOTTOM) / 36))).filter(
      (value) => toUnit(scale, value) <= top
    );
    const low = scale.mode === "log" && lines.some(({ drawn }) => drawn.some((value) => value <= 0));
    this.plot.update({
      width,
      height,
      margin: { left: LEFT, right: 8, top: 4, bottom: BOTTOM },
      x: domain,
      y: [low ? -share - 0.02 : -0.01, bad ? 1 + share + 0.02 : 1.01],
      xTicks: xTicks2,
      yTicks: { at: marks.map((value) => toUnit(scale, value)), text: marks.map(tick) },
      lines: lines.flatMap(
        (_2, i) => faint ? [this.raw(model, i), this.line(model, i)] : [this.line(model, i)]
      ),
      ink: ink2,
      above: (g) => this.drawShapes(g, model, bad, low)
    });
  }
  line({ lines, looks, scale }, i) {
    const { x, drawn } = lines[i];
    const { colour, dash } = looks[i];
    return {
      xs: x,
      ys: Array.from(drawn, (value) => place(scale, value)),
      colour,
      width: 1.6,
      ...dash.length > 0 ? { dash } : {},
      dots: x.length <= FEW ? 4 : 0
    };
  }
  raw({ lines, looks, scale }, i) {
    const { x, raw } = lines[i];
    const ys = Array.from(raw, (value) => place(scale, value));
    return { xs: x, ys, colour: `${looks[i].colour}4d`, width: 1, dots: 0 };
  }
  drawShapes(g, { lines, looks, scale, ink: ink2, domain }, bad, low) {
    const { plot } = this;
    const { left, top, width, height } = plot.area;
    const label = (text, y) => {
      g.fillStyle = ink2.dim;
      g.font = `11px ${FONT}`;
      g.textAlign = "right";
      g.textBaseline = "middle";
      g.fillText(text, left - 5, y);
    };
    g.save();
    if (bad) label("NaN", top + LANE / 2);
    if (low) label("0", top + height - LANE / 2);
    g.beginPath();
    g.rect(left - 4, top - 2, width + 8, height + 4);
    g.clip();
    lines.forEach((line, i) => {
      const { colour, shape } = looks[i];
      const lane = (i - (lines.length - 1) / 2) * Math.min(3, 7 / lines.length) + LANE / 2;
      let next = left + (SHAPE_EVERY * i / lines.length + 12);
      let lastBad = Number.NEGATIVE_INFINITY;
      let lastLow = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < line.x.length; k++) {
        if (line.x[k] < domain[0] || line.x[k] > domain[1]) continue;
        const x = left + plot.xOf(line.x[k]);
        if (!Number.isFinite(line.raw[k])) {
          if (x - lastBad < 8) continue;
          lastBad = x;
          g.strokeStyle = ink2.nonfinite;
          g.lineWidth = 1.5;
          cross(g, x, top + lane, 2.2);
          continue;
        }
        const unit = toUnit(scale, line.drawn[k]);
        if (unit === Number.NEGATIVE_INFINITY) {
          if (x - lastLow < 8) continue;
          lastLow = x;
          g.strokeStyle = colour;
          g.lineWidth = 1;
          tracePath(g, shape, x, top + height - lane, 2);
          g.stroke();
        } else if (x >= next && unit >= 0 && unit <= 1) {
          next = x + SHAPE_EVERY;
          g.fillStyle = colour;
          tracePath(g, shape, x, top + plot.yOf(unit), 3.2);
          g.fill();
        }
      }
    });
    g.restore();
  }
}
function place(scale, value) {
  const unit = toUnit(scale, value);
  return Number.isFinite(unit) ? Math.min(1.5, Math.max(-0.5, unit)) : null;
}
const SECONDS = [
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  15,
  30,
  60,
  120,
  300,
  600,
  900,
  1800,
  3600,
  7200,
  10800,
  21600,
  43200
];
const DAY = 86400;
function timeTicks(lo, hi, count, origin = 0) {
  const wanted = (hi - lo) / Math.max(1, count);
  const every = SECONDS.find((one) => one >= wanted) ?? DAY * Math.max(1, Math.ceil(wanted / DAY));
  const result = [];
  for (let k = Math.ceil((lo - origin) / every); origin + k * every <= hi; k++)
    result.push(origin + k * every);
  return result;
}
function duration(seconds) {
  const whole = Math.round(seconds * 10) / 10;
  if (whole === 0) return "0";
  if (Math.abs(whole) < 60) return `${whole} s`;
  const all = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all % 3600 / 60), all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3], [1, 4], [12, 3]];
const dashOf = (part) => DASHES[(typeof part === "number" ? part : ["train", "validation", "test"].indexOf(part)) % DASHES.length];
function Dash({ part, colour = "currentColor" }) {
  return /* @__PURE__ */ u("svg", { class: "dash", width: "22", height: "8", viewBox: "0 0 22 8", "aria-hidden": "true", children: /* @__PURE__ */ u(
    "line",
    {
      x1: "0",
      y1: "4",
      x2: "22",
      y2: "4",
      stroke: colour,
      "stroke-width": "1.8",
      "stroke-dasharray": dashOf(part).join(" ")
    }
  ) });
}
const T$4 = TEXT.curves;
const PATHS = {
  peak: "M5 0.5L9.5 9H0.5z",
  skipped: "M1 1L9 9M9 1L1 9",
  finding: "M5 0.5L9.5 5L5 9.5L0.5 5z"
};
const APART = 8;
function Marks({ chart, marks, mode, clocks, focusable, open }) {
  const store = useStore();
  const { over, area } = chart.plot;
  if (!over || marks.length === 0) return null;
  const last = /* @__PURE__ */ new Map();
  const placed = marks.flatMap((mark) => {
    const at = xOfStep(mark.step, mode, clocks.get(mark.run));
    const x = at === null ? Number.NaN : chart.plot.xOf(at);
    const key = `${mark.kind} ${mark.run}`;
    if (!(x >= 0 && x <= area.width) || x - (last.get(key) ?? Number.NEGATIVE_INFINITY) < APART) return [];
    last.set(key, x);
    return [{ mark, x }];
  });
  return /* @__PURE__ */ u("div", { class: "chart-marks", style: { left: `${area.left}px`, top: `${area.top + area.height - 12}px` }, children: placed.map(({ mark, x }) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      class: mark.kind,
      tabIndex: focusable ? 0 : -1,
      style: { left: `${x - 6}px` },
      title: `${mark.run}
${wordsOf(mark)}`,
      "aria-label": `${mark.run}: ${wordsOf(mark)}`,
      "data-kind": mark.kind,
      "data-run": mark.run,
      "data-step": mark.step,
      onPointerDown: (event) => event.stopPropagation(),
      onClick: () => open(mark),
      children: /* @__PURE__ */ u("svg", { width: "10", height: "10", viewBox: "0 0 10 10", "aria-hidden": "true", children: /* @__PURE__ */ u(
        "path",
        {
          d: PATHS[mark.kind],
          fill: mark.kind === "skipped" ? "none" : store.colour(mark.run),
          stroke: mark.kind === "skipped" ? store.colour(mark.run) : "var(--bg)",
          "stroke-width": mark.kind === "skipped" ? 1.8 : 1
        }
      ) })
    },
    `${mark.kind} ${mark.run} ${mark.step} ${mark.kind === "finding" ? mark.group.rule : ""}`
  )) });
}
function wordsOf(mark) {
  if (mark.kind === "peak") return T$4.marks.peak(mark.figure, mark.step, short(mark.ratio));
  if (mark.kind === "skipped") return T$4.marks.skipped(mark.step);
  return T$4.marks.finding(mark.group.title, layerOf(mark.group.chief), mark.step);
}
const T$3 = TEXT.curves;
function Readout({
  lines,
  at,
  smoothed
}) {
  const store = useStore();
  return /* @__PURE__ */ u("ul", { class: "values", "data-testid": "values", children: lines.map((line) => {
    const i = nearestPoint(line, at);
    const value = i < 0 ? Number.NaN : line.raw[i];
    const step = i < 0 ? "" : String(line.steps[i]);
    const away = i >= 0 && Math.abs(line.x[i] - at) > 1e-9 * Math.abs(at);
    const bad = !Number.isFinite(value);
    const title = T$3.value(line.run, line.tag.label, exact(value), step);
    return /* @__PURE__ */ u(
      "li",
      {
        title: smoothed && !bad ? `${title}
${T$3.smoothed(short(line.drawn[i]))}` : title,
        "data-run": line.run,
        "data-tag": line.tag.tag,
        "data-step": step,
        children: [
          /* @__PURE__ */ u(Mark, { colour: store.colour(line.run), shape: shapeOf(store.order.value.get(line.run) ?? 0) }),
          line.tag.label !== "" && /* @__PURE__ */ u(Dash, { part: line.tag.part, colour: store.colour(line.run) }),
          /* @__PURE__ */ u("span", { class: bad ? "value bad" : "value", children: short(value) }),
          away && line.x.length <= 60 && /* @__PURE__ */ u("span", { class: "dim away", children: T$3.away(step) })
        ]
      },
      `${line.run} ${line.tag.tag}`
    );
  }) });
}
const T$2 = TEXT.curves;
const CLICK = 4;
function ChartView(props) {
  const { chart, lines, domain, mode, y, outliers, smoothed, height, large, pinned } = props;
  const store = useStore();
  const { ref: box, width } = useSize();
  const root = A(null);
  const drawn = A(null);
  const [drawing, redrawn] = d(0);
  const [brush, setBrush] = d(null);
  const inside = T$5(
    () => lines.filter(({ x }) => x.length > 0 && x[0] <= domain[1] && x[x.length - 1] >= domain[0]),
    [lines, domain]
  );
  const scale = T$5(
    () => lineScale(
      inside.map((line) => within(line, domain)),
      y,
      !outliers
    ),
    [inside, y, outliers]
  );
  const dark = store.dark.value;
  const colours = lines.map(({ run }) => store.colour(run)).join();
  _(() => {
    if (!root.current || width === 0) return;
    drawn.current ??= new LinesChart(root.current, () => redrawn((n) => n + 1));
    drawn.current.update({
      lines,
      looks: lines.map(({ run, tag }) => ({
        colour: store.colour(run),
        shape: shapeOf(store.order.value.get(run) ?? 0),
        dash: dashOf(tag.part)
      })),
      scale,
      domain,
      xTicks: xTicks(domain, mode, Math.max(2, Math.min(8, Math.floor((width - 60) / 84)))),
      faint: smoothed,
      width,
      height,
      ink: ink(dark)
    });
  }, [lines, scale, domain, mode, smoothed, width, height, dark, colours]);
  _(() => () => drawn.current?.plot.destroy(), []);
  const place2 = (event) => {
    const plot2 = drawn.current?.plot;
    const over2 = plot2?.over;
    if (!over2) return null;
    const frame = over2.getBoundingClientRect();
    const x = event.clientX - frame.left;
    return { x, y: event.clientY - frame.top, inside: x >= 0 && x <= frame.width, frame };
  };
  const down = (event) => {
    const at = place2(event);
    if (!at?.inside || event.button !== 0) return;
    const move = (next) => {
      const x = Math.min(at.frame.width, Math.max(0, next.clientX - at.frame.left));
      setBrush(Math.abs(x - at.x) >= CLICK ? [Math.min(x, at.x), Math.max(x, at.x)] : null);
    };
    const up = (next) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      setBrush(null);
      const x = Math.min(at.frame.width, Math.max(0, next.clientX - at.frame.left));
      const chart2 = drawn.current;
      if (!chart2) return;
      const { plot: plot2 } = chart2;
      if (Math.abs(x - at.x) >= CLICK) {
        props.zoom([plot2.valueAt(Math.min(x, at.x)), plot2.valueAt(Math.max(x, at.x))]);
        return;
      }
      const line = lines[chart2.lineAt(at.x, at.y)];
      if (!line) return;
      const step = stepOfX(plot2.valueAt(at.x), mode, props.clocks.get(line.run));
      if (step === null) return;
      props.setCursor(line.byTime ? Math.round(step) : line.steps[nearest(line.steps, step)], line.run);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  };
  const parts = [...new Map(chart.tags.map((one) => [one.label, one])).values()].filter(
    ({ label }) => label !== ""
  );
  const byTime = mode === "step" ? [...new Set(lines.filter((line) => line.byTime).map(({ tag }) => tag))] : [];
  const out = beyond(
    inside.map((line) => within(line, domain)),
    scale
  );
  const plot = drawn.current?.plot;
  const over = plot?.over;
  return /* @__PURE__ */ u(
    "article",
    {
      class: large ? "chart large" : "chart",
      "aria-label": chart.title,
      "data-testid": `chart-${chart.id}`,
      children: [
        /* @__PURE__ */ u("header", { children: [
          /* @__PURE__ */ u("h3", { title: chart.tags.map(({ tag }) => tag).join("\n"), children: chart.title }),
          parts.map(({ label, part, tag }) => /* @__PURE__ */ u("span", { class: "part dim", title: tag, children: [
            /* @__PURE__ */ u(Dash, { part }),
            " ",
            label
          ] }, label)),
          byTime.map(({ tag, label }) => /* @__PURE__ */ u("span", { class: "note", title: T$2.byTimeTitle(tag), "data-testid": "by-time", children: T$2.byTime(label || chart.title) }, tag)),
          out > 0 && /* @__PURE__ */ u("span", { class: "note dim", children: T$2.beyond(out) }),
          /* @__PURE__ */ u("span", { class: "gap" }),
          /* @__PURE__ */ u(
            "button",
            {
              type: "button",
              class: "icon small",
              "aria-pressed": pinned,
              title: T$2.pin(chart.title, pinned),
              "aria-label": T$2.pin(chart.title, pinned),
              "data-testid": `pin-${chart.id}`,
              onClick: props.togglePin,
              children: /* @__PURE__ */ u(Glyph, { path: "M5 2h6M6 2l-.5 5L3.5 9h9l-2-2L10 2M8 9v5" })
            }
          ),
          /* @__PURE__ */ u(
            "button",
            {
              type: "button",
              class: "icon small",
              "aria-pressed": large,
              title: T$2.enlarge(chart.title, large),
              "aria-label": T$2.enlarge(chart.title, large),
              "data-testid": `enlarge-${chart.id}`,
              onClick: props.toggleLarge,
              children: /* @__PURE__ */ u(Glyph, { path: "M9.5 2.5h4v4M13 3L9 7M6.5 13.5h-4v-4M3 13l4-4" })
            }
          )
        ] }),
        /* @__PURE__ */ u("div", { class: "chart-box", ref: box, style: { height: `${height}px` }, children: [
          /* @__PURE__ */ u(
            "div",
            {
              class: "plot",
              ref: root,
              role: "img",
              "aria-label": T$2.chart(chart.title, axisText(domain[0], mode), axisText(domain[1], mode)),
              "data-x": domain.join(" "),
              "data-y": `${scale.mode} ${scale.lo} ${scale.hi}`,
              onPointerDown: down,
              onDblClick: () => props.zoom(null),
              onPointerMove: (event) => {
                const at = place2(event);
                props.hover.value = at?.inside ? drawn.current.plot.valueAt(at.x) : null;
              },
              onPointerLeave: () => {
                props.hover.value = null;
              }
            }
          ),
          over && brush && /* @__PURE__ */ u(
            "div",
            {
              class: "brush",
              style: {
                left: `${plot.area.left + brush[0]}px`,
                width: `${brush[1] - brush[0]}px`,
                top: `${plot.area.top}px`,
                height: `${plot.area.height}px`
              }
            }
          ),
          over && /* @__PURE__ */ u(Cursors, { ...props, chart: drawn.current, over, drawing }),
          over && /* @__PURE__ */ u(
            Marks,
            {
              chart: drawn.current,
              marks: props.marks,
              mode,
              clocks: props.clocks,
              focusable: props.first,
              open: props.open
            }
          )
        ] }),
        /* @__PURE__ */ u(Values, { ...props })
      ]
    }
  );
}
function Values({ lines, cursor, hover, smoothed }) {
  return /* @__PURE__ */ u(Readout, { lines, at: hover.value ?? cursor ?? 0, smoothed });
}
function Cursors({ chart, over, cursor, hover, active, busy, explain: explain2, domain }) {
  const store = useStore();
  const { area } = chart.plot;
  const style2 = (x) => ({
    left: `${area.left + chart.plot.xOf(x)}px`,
    top: `${area.top}px`,
    height: `${area.height}px`
  });
  const shown = (x) => x !== null && x >= domain[0] && x <= domain[1];
  const step = store.view.step.value;
  const at = shown(cursor) ? chart.plot.xOf(cursor) : 0;
  return /* @__PURE__ */ u(S, { children: [
    shown(hover.value) && /* @__PURE__ */ u("div", { class: "step-cursor plain faint", style: style2(hover.value) }),
    shown(cursor) && /* @__PURE__ */ u("div", { class: "step-cursor plain", "data-testid": "curve-cursor", style: style2(cursor) }),
    active !== null && step !== null && shown(cursor) && /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "explain",
        style: {
          top: `${area.top + 2}px`,
          ...at > area.width / 2 ? { right: `${over.parentElement.clientWidth - area.left - at + 6}px` } : { left: `${area.left + at + 6}px` }
        },
        title: T$2.explainTitle(active),
        disabled: busy,
        "data-testid": "explain",
        onClick: () => explain2(active),
        children: busy ? T$2.explaining : T$2.explain(step)
      }
    )
  ] });
}
function Glyph({ path }) {
  return /* @__PURE__ */ u(
    "svg",
    {
      width: "14",
      height: "14",
      viewBox: "0 0 16 16",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.4",
      "aria-hidden": "true",
      children: /* @__PURE__ */ u("path", { d: path, "stroke-linecap": "round", "stroke-linejoin": "round" })
    }
  );
}
function within(line, [lo, hi]) {
  let from = 0;
  let to = line.x.length;
  while (from < to && line.x[from] < lo) from++;
  while (to > from && line.x[to - 1] > hi) to--;
  if (from === 0 && to === line.x.length) return line;
  return {
    ...line,
    x: line.x.subarray(from, to),
    raw: line.raw.subarray(from, to),
    drawn: line.drawn.subarray(from, to)
  };
}
const clock = (seconds) => new Date(seconds * 1e3).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const axisText = (x, mode) => mode === "step" ? String(Math.round(x)) : mode === "relative" ? duration(x) : clock(x);
function xTicks(domain, mode, count) {
  if (mode === "step") {
    const at2 = stepTicks(domain, count);
    return {
      at: at2,
      text: at2.map((step) => step >= 1e5 ? step.toExponential().replace("e+", "e") : String(step))
    };
  }
  const midnight = new Date(domain[0] * 1e3).setHours(0, 0, 0, 0) / 1e3;
  const at = timeTicks(domain[0], domain[1], count, mode === "wall" ? midnight : 0);
  return { at, text: at.map((x) => axisText(x, mode)) };
}
const BEFORE = { most: 20, least: 3 };
function culprit(series, step) {
  let best = null;
  for (const { kind, statistic, rows, steps, absent, values } of series) {
    const at = nearest(steps, step);
    if (at < 0) continue;
    const from = Math.max(0, at - BEFORE.most);
    for (let row = 0; row < rows.length; row++) {
      const cell = (s) => s * rows.length + row;
      if (absent[cell(at)]) continue;
      const value = values[cell(at)];
      const before = [];
      let bad = Number.isFinite(value) ? -1 : at;
      for (let s = from; s < at; s++) {
        const one2 = values[cell(s)];
        if (absent[cell(s)]) continue;
        if (Number.isFinite(one2)) before.push(one2);
        else if (bad > s) bad = s;
      }
      if (before.length < BEFORE.least && bad < 0) continue;
      const usual = before.length > 0 ? median(before) : Number.NaN;
      const ratio = bad >= 0 ? Number.POSITIVE_INFINITY : usual > 0 ? value / usual : value > 0 ? Number.MAX_VALUE : 0;
      const one = {
        kind,
        statistic,
        row: rows[row].name,
        step: steps[bad >= 0 ? bad : at],
        value,
        usual,
        ratio
      };
      const earlier = best !== null && bad >= 0 && best.ratio === ratio && one.step < best.step;
      const later = best !== null && bad >= 0 && best.ratio === ratio && one.step === best.step && one.kind === best.kind;
      if (!best || ratio > best.ratio || earlier || later) best = one;
    }
  }
  return best;
}
const SUSPECTS = [
  ["gradient", "norm"],
  ["update", "ratio"]
];
async function explain(answers, store, run, step, logged, abort) {
  const kinds = store.runs.value?.find((one) => one.run === run)?.kinds ?? {};
  const far = spacing(logged) * (BEFORE.most + 2);
  const asked = SUSPECTS.filter(([kind, statistic]) => kinds[kind]?.includes(statistic));
  const found = await Promise.all(
    asked.map(async ([kind, statistic]) => {
      const range = { from: Math.max(0, step - far), to: step + spacing(logged) };
      const body = { runs: [run], kind, statistics: [statistic], ...range };
      const header = await answers.ask("series", body, abort);
      return header.series.map(({ layout, steps, absent, values }) => ({
        kind,
        statistic,
        rows: header.layouts[layout],
        steps,
        absent,
        values: values[statistic]
      }));
    })
  );
  return culprit(found.flat(), step);
}
function show(store, run, one) {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(one.kind, one.statistic);
    store.view.role.value = roleShowing(store, one.row);
    store.view.rowFilter.value = "";
    store.view.row.value = one.row;
    store.view.step.value = one.step;
  });
}
const SMOOTHING = 0.6;
const Y_MODES = ["auto", "log", "linear"];
function settings(store) {
  const key = (name) => store.key(`cur.${name}`);
  const weight = Number(key("smooth").value ?? SMOOTHING);
  const x = key("x").value;
  const y = key("y").value;
  const zoom = (key("zoom").value ?? "").split("~").map(Number);
  const pins = splitList(key("pins").value ?? "");
  return {
    smoothing: weight >= 0 && weight < 1 ? weight : SMOOTHING,
    x: X_MODES.includes(x) ? x : "step",
    y: Y_MODES.includes(y) ? y : "auto",
    outliers: key("outliers").value === "1",
    filter: key("filter").value ?? "",
    pins,
    large: key("large").value,
    zoom: zoom.length === 2 && zoom[0] < zoom[1] ? zoom : null,
    setSmoothing: (value) => {
      key("smooth").value = value === SMOOTHING ? null : String(value);
    },
    setX: (mode) => {
      key("x").value = mode === "step" ? null : mode;
      key("zoom").value = null;
    },
    setY: (mode) => {
      key("y").value = mode === "auto" ? null : mode;
    },
    setOutliers: (on) => {
      key("outliers").value = on ? "1" : null;
    },
    setFilter: (text) => {
      key("filter").value = text === "" ? null : text;
    },
    togglePin: (id) => {
      const next = pins.includes(id) ? pins.filter((one) => one !== id) : [...pins, id];
      key("pins").value = next.length > 0 ? joinList(next) : null;
    },
    setLarge: (id) => {
      key("large").value = id;
    },
    setZoom: (range) => {
      key("zoom").value = range ? range.map((one) => Number(one.toPrecision(12))).join("~") : null;
    }
  };
}
const style = '.curves {\n  flex: 1;\n  min-height: 0;\n  overflow: hidden auto;\n  padding: 0 16px 12px;\n  scrollbar-width: thin;\n}\n.charts {\n  display: grid;\n  grid-template-columns: repeat(auto-fill, minmax(330px, 1fr));\n  gap: 10px;\n  align-items: start;\n}\n.chart {\n  min-width: 0;\n  padding: 6px 8px 6px 4px;\n  border: 1px solid var(--line);\n  border-radius: 7px;\n  background: var(--bg);\n}\n.chart.large {\n  grid-column: 1 / -1;\n}\n.chart header {\n  display: flex;\n  align-items: center;\n  gap: 8px;\n  height: 24px;\n  padding-left: 6px;\n  overflow: hidden;\n  white-space: nowrap;\n}\n.chart h3 {\n  margin: 0;\n  font-size: 12.5px;\n  font-weight: 600;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  flex: none;\n  max-width: 60%;\n}\n.chart .part,\n.chart .note {\n  display: inline-flex;\n  align-items: center;\n  gap: 4px;\n  flex: 0 2 auto;\n  font-size: 11px;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.chart .note {\n  color: var(--dim);\n}\n.chart .gap {\n  flex: 1;\n}\n.icon.small {\n  width: 22px;\n  height: 22px;\n}\n.icon[aria-pressed="true"] {\n  color: var(--accent-text);\n  background: var(--chip);\n}\n.dash {\n  flex: none;\n  width: 22px;\n}\n.chart-box {\n  position: relative;\n}\n.chart-box .plot {\n  position: absolute;\n  inset: 0;\n  touch-action: pan-y;\n}\n.step-cursor.faint {\n  opacity: 0.45;\n}\n.brush {\n  position: absolute;\n  background: var(--sel);\n  border-inline: 1px solid var(--accent);\n  pointer-events: none;\n}\n.explain {\n  position: absolute;\n  z-index: 2;\n  padding: 0 8px;\n  height: 22px;\n  font-size: 11.5px;\n  white-space: nowrap;\n  color: var(--accent-text);\n  background: var(--panel);\n  border: 1px solid var(--line);\n  border-radius: 11px;\n  box-shadow: 0 1px 4px rgb(0 0 0 / 12%);\n}\n.explain:hover {\n  background: var(--hover);\n}\n.chart-marks {\n  position: absolute;\n  height: 0;\n  z-index: 2;\n}\n.chart-marks button {\n  position: absolute;\n  width: 12px;\n  height: 14px;\n  display: grid;\n  place-items: center;\n}\n.chart-marks button:hover {\n  background: var(--hover);\n}\n.values {\n  display: flex;\n  flex-wrap: wrap;\n  gap: 1px 12px;\n  padding: 2px 6px 0;\n  min-height: 20px;\n  font-size: 11.5px;\n  font-variant-numeric: tabular-nums;\n}\n.values li {\n  display: inline-flex;\n  align-items: center;\n  gap: 4px;\n  height: 18px;\n  min-width: 62px;\n}\n.values .bad {\n  color: var(--bad);\n}\n.values .away {\n  font-size: 10.5px;\n}\n.smoothing input {\n  width: 90px;\n  accent-color: var(--accent);\n}\n.smoothing b {\n  min-width: 4ch;\n}\n.chart-filter {\n  width: 150px;\n  height: 28px;\n}\n.toggle-on[aria-pressed="true"] {\n  background: var(--chip);\n  font-weight: 500;\n}\n.said {\n  font-size: 12px;\n  color: var(--dim);\n  max-width: 320px;\n}\n@media (max-width: 1050px) {\n  .curves {\n    padding-inline: 12px;\n  }\n  .charts {\n    grid-template-columns: repeat(auto-fill, minmax(290px, 1fr));\n  }\n  .smoothing input {\n    width: 60px;\n  }\n  .chart-filter {\n    width: 110px;\n  }\n}\n@media (max-width: 850px) {\n  .smoothing input {\n    width: 40px;\n  }\n  .chart-filter {\n    width: 84px;\n  }\n}\n';
const T$1 = TEXT.curves;
function Toolbar({ settings: settings2, valid }) {
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      Segments,
      {
        name: T$1.x,
        testid: "cur-x",
        options: X_MODES,
        now: settings2.x,
        words: T$1.xModes,
        titles: T$1.xTitles,
        set: settings2.setX
      }
    ),
    /* @__PURE__ */ u(
      Segments,
      {
        name: T$1.y,
        testid: "cur-y",
        options: Y_MODES,
        now: settings2.y,
        words: T$1.yModes,
        titles: T$1.yTitles,
        set: settings2.setY
      }
    ),
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "button toggle-on",
        "aria-pressed": settings2.outliers,
        title: T$1.outliersTitle,
        "data-testid": "cur-outliers",
        onClick: () => settings2.setOutliers(!settings2.outliers),
        children: T$1.outliers
      }
    ),
    /* @__PURE__ */ u("label", { class: "button smoothing", title: T$1.smoothingHelp, children: [
      T$1.smoothing,
      /* @__PURE__ */ u(
        "input",
        {
          type: "range",
          min: 0,
          max: 0.99,
          step: 0.01,
          value: settings2.smoothing,
          "aria-label": T$1.smoothing,
          "data-testid": "cur-smoothing",
          onInput: (event) => settings2.setSmoothing(Number(event.currentTarget.value))
        }
      ),
      /* @__PURE__ */ u("b", { children: settings2.smoothing.toFixed(2) })
    ] }),
    /* @__PURE__ */ u(
      "input",
      {
        class: valid ? "field chart-filter" : "field chart-filter bad",
        type: "search",
        spellcheck: false,
        placeholder: T$1.filter,
        "aria-label": T$1.filterName,
        "aria-invalid": !valid,
        title: valid ? T$1.filterName : TEXT.badFilter,
        "data-testid": "cur-filter",
        value: settings2.filter,
        onInput: (event) => settings2.setFilter(event.currentTarget.value)
      }
    ),
    settings2.zoom && /* @__PURE__ */ u("button", { type: "button", class: "button", "data-testid": "cur-reset", onClick: () => settings2.setZoom(null), children: T$1.reset })
  ] });
}
function Segments({ name, testid, options, now, words: words2, titles, set }) {
  return /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": name, children: options.map((option) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      "aria-pressed": option === now,
      title: titles[option],
      "data-testid": `${testid}-${option}`,
      onClick: () => set(option),
      children: words2[option]
    },
    option
  )) });
}
const T = TEXT.curves;
const HEIGHT = 172;
const LARGE = 380;
const words = {
  title: (id) => T.charts[id] ?? (id.startsWith("own:") ? T.own(id.slice(4)) : id),
  label: (id, part, tag) => typeof part !== "number" ? T.parts[part] : T.labels[id]?.[part] ?? (id === "learning_rate" ? T.group(tag.split("/").slice(3).join("/")) : tag)
};
const read = (header) => header.series;
function View() {
  const store = useStore();
  const answers = useAnswers();
  const settings$1 = settings(store);
  const grid = A(null);
  const { ref: scroller } = useSize();
  const [active, setActive] = d(null);
  const [busy, setBusy] = d(false);
  const [said, say] = d(null);
  const runs = store.shown.value;
  const body = runs.length > 0 ? { runs, tags: null, prefix: "", last: false } : null;
  const answer = useAnswer("scalars", body, read);
  const groups = useFindings().groups;
  const series = T$5(
    () => (answer.data ?? answer.last ?? []).filter(({ run }) => runs.includes(run)),
    [answer.data, answer.last, runs.join()]
  );
  const clocks = T$5(() => clocksOf(series), [series]);
  const charts = T$5(() => {
    const all = scalarCharts(
      series.map(({ tag }) => tag),
      words
    );
    return all.map((chart) => ({
      chart,
      lines: curveLines(chart, series, runs, clocks, settings$1.x, settings$1.smoothing)
    }));
  }, [series, clocks, settings$1.x, settings$1.smoothing]);
  const marks = T$5(() => curveMarks(series, groups, runs), [series, groups]);
  const whole = T$5(() => xDomain(charts.flatMap(({ lines }) => lines)), [charts]);
  const zoom = settings$1.zoom;
  const domain = T$5(() => zoom ?? whole, [zoom?.join(), whole]);
  const pattern = compile(settings$1.filter);
  const kept = A(/(?:)/i);
  if (pattern) kept.current = pattern;
  const pinnedFirst = (id) => settings$1.large === id ? 0 : settings$1.pins.includes(id) ? 1 : 2;
  const visible = charts.filter(
    ({ chart }) => kept.current.test(chart.title) || chart.tags.some(({ tag }) => kept.current.test(tag))
  ).sort((a, b) => pinnedFirst(a.chart.id) - pinnedFirst(b.chart.id));
  const ref = store.ref.value;
  const last = lastStep(series);
  const step = store.view.step.value ?? last;
  const cursor = step === null ? null : xOfStep(step, settings$1.x, clocks.get(ref ?? ""));
  const steps = clocks.get(ref ?? "")?.steps;
  useCourse(
    T$5(
      () => ({
        moveStep: (by) => {
          if (!steps || steps.length === 0) return;
          const at = nearest(steps, step ?? steps[steps.length - 1]) + by;
          store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at))];
        }
      }),
      [store, steps, step]
    )
  );
  const explainAt = async (run, at) => {
    const logged = clocks.get(run)?.steps ?? Float64Array.of();
    setBusy(true);
    say(null);
    try {
      const found = await explain(answers, store, run, at, logged, new AbortController().signal);
      if (found) show(store, run, found);
      else say(T.unexplained);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const open = (mark) => {
    if (mark.kind === "finding") showFinding(store, mark.group);
    else void explainAt(mark.run, mark.step);
  };
  const activeIn = (id, i) => active && visible.some(({ chart }) => chart.id === active.chart) ? active.chart === id ? active.run : null : i === 0 ? ref : null;
  const empty = !answer.loading && answer.error === null && charts.length === 0;
  return /* @__PURE__ */ u("section", { class: "panel", "aria-label": T.title, "aria-busy": answer.loading && series.length === 0, children: [
    /* @__PURE__ */ u("div", { class: "tools", children: [
      /* @__PURE__ */ u(Toolbar, { settings: settings$1, valid: pattern !== null }),
      /* @__PURE__ */ u("span", { class: "gap" }),
      answer.loading && /* @__PURE__ */ u("span", { class: "dim", role: "status", children: TEXT.loading }),
      said !== null && /* @__PURE__ */ u("span", { class: "said", role: "status", "data-testid": "cur-said", children: said }),
      /* @__PURE__ */ u(
        Exports,
        {
          name: "nnviz_curves",
          png: () => grid.current,
          csv: () => curvesCsv(
            visible.flatMap(({ lines }) => lines),
            exact
          ),
          disabled: visible.length === 0
        }
      )
    ] }),
    answer.error !== null && /* @__PURE__ */ u(Failure, { what: T.what, message: answer.error, retry: answer.retry }),
    runs.length === 0 ? /* @__PURE__ */ u(NoRuns, {}) : empty ? /* @__PURE__ */ u(PanelEmpty, { title: T.emptyTitle, help: T.emptyHelp, code: T.emptyCode }) : /* @__PURE__ */ u("div", { class: "curves", ref: scroller, children: [
      /* @__PURE__ */ u("div", { class: "charts", ref: grid, "data-testid": "charts", children: visible.map(({ chart, lines }, i) => /* @__PURE__ */ u(
        ChartView,
        {
          chart,
          lines,
          domain,
          mode: settings$1.x,
          y: settings$1.y,
          outliers: settings$1.outliers,
          smoothed: settings$1.smoothing > 0,
          clocks,
          marks,
          cursor,
          hover: store.pointer,
          active: activeIn(chart.id, i),
          first: i === 0,
          pinned: settings$1.pins.includes(chart.id),
          large: settings$1.large === chart.id,
          height: settings$1.large === chart.id ? LARGE : HEIGHT,
          busy,
          setCursor: (at, run) => {
            setActive({ chart: chart.id, run });
            store.view.step.value = at;
          },
          explain: (run) => step !== null && void explainAt(run, step),
          open,
          zoom: settings$1.setZoom,
          togglePin: () => settings$1.togglePin(chart.id),
          toggleLarge: () => settings$1.setLarge(settings$1.large === chart.id ? null : chart.id)
        },
        chart.id
      )) }),
      visible.length === 0 && charts.length > 0 && /* @__PURE__ */ u("div", { class: "notice", children: [
        /* @__PURE__ */ u("b", { children: T.noChart }),
        /* @__PURE__ */ u("p", { children: T.noChartHelp })
      ] })
    ] })
  ] });
}
function lastStep(series) {
  let last = null;
  for (const { tag, steps } of series)
    if (tag.startsWith("nnviz/") && steps.length > 0) last = Math.max(last ?? 0, steps[steps.length - 1]);
  return last;
}
export {
  View,
  style
};
