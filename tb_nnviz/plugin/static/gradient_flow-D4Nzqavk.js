import { u as useStore, a as u, t as toCsv, E as Exports, A, d, _, T as TEXT, q as quantity, p as parentOf, h, b as brushed, c as toPixel, z as zoomedBy, C as CELL, e as colourOf, f as prepare, g as palette, i as gridSpans, j as hatchTile, k as dotTile, l as dashTile, m as ink, n as gridPixels, s as statisticName, o as cellStep, r as stepTicks, v as toStep, w as loggedSteps, x as nearest, y as cellPixels, S, B as cellAt, D as groupMarks, F as markPath, G as rugPath, H as APART, I as choose, J as exact, K as short, L as layerOf, R as RULE, M as toUnit, N as tracePath, O as cross, P as zeroApart, Q as ticks, U as isUnder, V as isOver, W as shapeOf, X as tickOf, Y as percentileBand, Z as Mark, $ as factor, a0 as T, a1 as curves, a2 as curveScale, a3 as SeriesChart, a4 as aggregateOf, a5 as Legend, a6 as PLOT_MARGIN, a7 as RowFilter, a8 as Icon, a9 as orderText, aa as useSize, ab as useCourse, ac as useFindings, ad as RunHead, ae as StatisticSelect, af as RoleSelect, ag as CompareSwitch, ah as ScaleSwitch, ai as RangeControl, aj as ThresholdControl, ak as StepControl, al as NoRuns, am as Failure } from "./main-Dh5P77kt.js";
function FlowExports() {
  const store = useStore();
  const reference = () => store.flow.compared.value ? store.flow.plainOf.value.get(store.ref.value ?? "") ?? null : null;
  return /* @__PURE__ */ u(
    Exports,
    {
      name: `nnviz_${store.kind.value}_${store.statistic.value.replace("~", "")}${store.flow.compared.value ? "_compared" : ""}_step_${store.step.value}`,
      png: () => document.querySelector('[data-testid="stage"]'),
      csv: () => toCsv(store.grids.value, store.lines.value, store.scale.value, reference()),
      disabled: store.grids.value.length === 0
    }
  );
}
const GAP = 14;
const HEADER = 34;
const AXIS = 24;
const LANE = 11;
const SCROLLBAR = 12;
const ROW_MIN = 12;
const ROW_MAX = 24;
const mapMin = (runs) => runs <= 4 ? 80 : 116;
const SERIES_MIN = 184;
const SERIES_MAX = 420;
const headerHeight = (row) => Math.min(row, Math.max(ROW_MIN, Math.round(row * 0.72)));
function lineTops(lines, row) {
  const tops = [0];
  for (const { type } of lines)
    tops.push(tops[tops.length - 1] + (type === "header" ? headerHeight(row) : row));
  return tops;
}
function lineAt(tops, y) {
  let lo = 0;
  let hi = tops.length;
  while (lo < hi) {
    const mid = lo + hi >> 1;
    if (tops[mid] > y) hi = mid;
    else lo = mid + 1;
  }
  return Math.max(0, (lo === tops.length ? tops.length - 1 : lo) - 1);
}
const AHEAD = 240;
function partInSight(scrolled, visible, body) {
  if (body <= visible) return { top: 0, height: body };
  const top = Math.max(0, Math.floor(scrolled / AHEAD) * AHEAD - AHEAD);
  return { top, height: Math.min(body, top + visible + 3 * AHEAD) - top };
}
function linesWithin(tops, { top, height }) {
  const end = lineAt(tops, top + height - 1) + 1;
  return tops.length < 2 ? [0, 0] : [lineAt(tops, top), Math.min(tops.length - 1, end)];
}
const roomFor = (height, axis) => Math.max(10, Math.floor((height - HEADER - axis - SERIES_MIN) / ROW_MIN));
function stageGeometry(width, height, lines, runs, longest, axis = AXIS) {
  const narrow = width < 900;
  const tree = Math.min(narrow ? 168 : 232, Math.max(narrow ? 120 : 150, Math.ceil(longest)));
  const profile = width < 760 ? 160 : narrow ? 190 : 250;
  const free = width - tree - profile - GAP * (runs + 1);
  const overflows = free < mapMin(runs) * runs;
  const rest = height - HEADER - axis - (overflows ? SCROLLBAR : 0);
  const available = Math.max(120, rest - SERIES_MIN);
  let rowHeight = ROW_MAX;
  while (rowHeight > ROW_MIN && lineTops(lines, rowHeight)[lines.length] > available) rowHeight -= 1;
  const tops = lineTops(lines, rowHeight);
  const body = tops[lines.length];
  const window2 = Math.min(body, available);
  const scrollbar = body > window2 ? SCROLLBAR : 0;
  const map = Math.max(mapMin(runs), Math.floor((free - scrollbar) / Math.max(1, runs)));
  const series = Math.min(SERIES_MAX, Math.max(SERIES_MIN, rest - window2));
  return { tree, map, profile, rowHeight, tops, window: window2, series };
}
function LayerTree({ rowHeight, tops, part }) {
  const store = useStore();
  const root = A(null);
  const lines = store.lines.value;
  const at = store.line.value;
  const [focus, setFocus] = d(null);
  const wantsFocus = A(false);
  const found = focus === null ? -1 : lines.findIndex(({ key }) => key === focus);
  const current = found >= 0 ? found : at;
  _(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    root.current?.querySelector(`[data-index="${current}"]`)?.focus();
  });
  const size = Math.min(12, Math.max(10, rowHeight - 3));
  const [first, end] = linesWithin(tops, part);
  const shown = Array.from({ length: Math.max(0, end - first) }, (_2, i) => first + i);
  if (current >= 0 && current < lines.length && (current < first || current >= end)) shown.push(current);
  const go = (index) => {
    const next = Math.min(lines.length - 1, Math.max(0, index));
    if (!lines[next]) return;
    wantsFocus.current = true;
    setFocus(lines[next].key);
    store.moveTo(next, null);
  };
  const keys = {
    ArrowUp: () => go(current - 1),
    ArrowDown: () => go(current + 1),
    Home: () => go(0),
    End: () => go(lines.length - 1),
    ArrowRight: () => {
      const line = lines[current];
      if (line?.type === "block") fold(line);
      else if (line?.type === "header") go(current + 1);
    },
    ArrowLeft: () => {
      const line = lines[current];
      if (line?.type === "header") fold(line);
      else go(parentOf(lines, current));
    },
    Enter: () => lines[current] && (lines[current].type === "row" ? go(current) : fold(lines[current])),
    " ": () => lines[current] && (lines[current].type === "row" ? go(current) : fold(lines[current]))
  };
  const fold = (line) => {
    wantsFocus.current = true;
    setFocus(line.key);
    toggle(line);
  };
  const toggle = (line) => {
    const { rows } = store.union.value;
    const holds = line.rows.some((i) => rows[i].name === store.view.row.value);
    store.toggleBlock(line.key);
    if (line.type === "header" && holds) store.view.row.value = line.key;
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: "tree",
      role: "tree",
      ref: root,
      "aria-label": TEXT.tree,
      style: { fontSize: `${size}px`, height: `${tops[lines.length]}px` },
      onKeyDown: (event) => {
        const act = keys[event.key];
        if (!act || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      },
      children: shown.map((i) => /* @__PURE__ */ u(
        TreeLine,
        {
          line: lines[i],
          index: i,
          selected: i === at,
          stop: i === current,
          top: tops[i],
          height: tops[i + 1] - tops[i],
          toggle: () => toggle(lines[i]),
          focused: () => setFocus(lines[i].key)
        },
        lines[i].key
      ))
    }
  );
}
function TreeLine({ line, index, selected, stop, top, height, toggle, focused }) {
  const store = useStore();
  const row = store.rowOf(index);
  const block = line.type !== "row";
  const folded = line.type === "block";
  const numel = block ? line.rows.reduce((sum, i) => sum + (store.union.value.rows[i].numel ?? 0), 0) : row?.numel ?? 0;
  const note = row ? `${row.type} ${row.numel === null ? "" : quantity(row.numel)}` : folded ? `${TEXT.blockRows(line.rows.length)} ${quantity(numel)}` : "";
  const title = row ? `${row.name}
${row.type} [${row.shape.map((n) => n ?? "?").join(", ")}]` : line.key.replace(/\.\*$/, "");
  return /* @__PURE__ */ u(
    "div",
    {
      class: `line ${line.type}${selected ? " selected" : ""}`,
      role: "treeitem",
      "aria-level": line.depth + 1,
      "aria-selected": selected,
      "aria-label": `${title.replace("\n", ", ")}${folded ? `, ${note}` : ""}`,
      ...block ? { "aria-expanded": !folded } : {},
      tabIndex: stop ? 0 : -1,
      title,
      "data-index": index,
      "data-testid": `row-${line.key}`,
      style: { top: `${top}px`, height: `${height}px`, paddingLeft: `${4 + line.depth * 12}px` },
      onClick: () => line.type === "header" ? toggle() : store.moveTo(index, null),
      onFocus: focused,
      children: [
        /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "caret",
            tabIndex: -1,
            "aria-hidden": "true",
            title: block ? TEXT.toggleBlock(line.label, folded) : void 0,
            onClick: (event) => {
              if (!block) return;
              event.stopPropagation();
              toggle();
            },
            children: block ? folded ? "▸" : "▾" : ""
          }
        ),
        /* @__PURE__ */ u("span", { class: "label", children: line.label }),
        /* @__PURE__ */ u("span", { class: "note", children: note })
      ]
    }
  );
}
const LEAST = 5;
function useBrush(stepAt) {
  const store = useStore();
  const start = A(null);
  const dragged = A(false);
  const { brush } = store.flow;
  const end = () => {
    start.current = null;
    brush.value = null;
  };
  h(() => {
    const cancel = (event) => {
      if (event.key === "Escape" && start.current) end();
    };
    document.addEventListener("keydown", cancel);
    return () => document.removeEventListener("keydown", cancel);
  }, []);
  return {
    onPointerDown: (event) => {
      dragged.current = false;
      if (event.button !== 0 || event.pointerType === "touch") return;
      const step = stepAt(event);
      if (step !== null) start.current = { x: event.clientX, step };
    },
    /** Whether the pointer is brushing, and says nothing else. */
    moved: (event) => {
      if (!start.current) return false;
      if (event.buttons === 0) end();
      else if (brush.value !== null || Math.abs(event.clientX - start.current.x) >= LEAST) {
        event.currentTarget.setPointerCapture?.(event.pointerId);
        dragged.current = true;
        const step = stepAt(event);
        if (step !== null) brush.value = [start.current.step, step];
        store.hover.value = null;
        return true;
      }
      return false;
    },
    onPointerUp: () => {
      const chosen = brush.value;
      end();
      if (chosen) store.zoomTo(brushed(store.flow.wholeSteps.value, chosen[0], chosen[1]));
    },
    onPointerCancel: end,
    /** Whether the click that follows was a brush. */
    wasDrag: () => dragged.current,
    onDblClick: () => store.zoomTo(null)
  };
}
function BrushBand({ width, left = 0 }) {
  const store = useStore();
  const brush = store.flow.brush.value;
  if (!brush) return null;
  const domain = store.domain.value;
  const [a, b] = brush.map((step) => Math.min(width, Math.max(0, toPixel(step, domain, width))));
  return /* @__PURE__ */ u("div", { class: "brush", style: { left: `${left + Math.min(a, b)}px`, width: `${Math.abs(a - b)}px` } });
}
function useZoomKeys() {
  const store = useStore();
  h(() => {
    const pressed = (event) => {
      const target = event.target;
      const field = target && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
      if (field || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const { zoom, wholeSteps } = store.flow;
      const by = (times) => store.zoomTo(zoomedBy(wholeSteps.value, zoom.value, store.step.value, times));
      if (event.key === "+" || event.key === "=") by(0.5);
      else if (event.key === "-") by(2);
      else if (event.key === "0") store.zoomTo(null);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [store]);
}
function paint(grid, spans, scale, colours) {
  const width = spans.length / 2;
  const steps = grid.steps.length;
  const size = width * grid.lines * 4;
  const pixels = new Uint8ClampedArray(size);
  let nonfinite = null;
  let absent = null;
  let reference = null;
  for (let line = 0; line < grid.lines; line++) {
    for (let p = 0; p < width; p++) {
      const first = spans[2 * p];
      if (first < 0) continue;
      const at = line * steps + dominant(grid, line, first, spans[2 * p + 1]);
      const state = grid.states[at];
      const o = (line * width + p) * 4;
      if (state === CELL.nonfinite) {
        nonfinite ??= new Uint8ClampedArray(size);
        nonfinite[o + 3] = 255;
      } else if (state === CELL.absent || state === CELL.undefined) {
        absent ??= new Uint8ClampedArray(size);
        absent[o + 3] = 255;
      } else if (state >= CELL.refZero) {
        reference ??= new Uint8ClampedArray(size);
        reference[o + 3] = 255;
      }
      const rgb = colourOf(state, grid.values[at], scale, colours);
      if (!rgb) continue;
      pixels[o] = rgb[0];
      pixels[o + 1] = rgb[1];
      pixels[o + 2] = rgb[2];
      pixels[o + 3] = 255;
    }
  }
  return { pixels, nonfinite, absent, reference };
}
const RANK = {
  [CELL.nonfinite]: 4,
  [CELL.value]: 3,
  [CELL.zero]: 2,
  [CELL.undefined]: 1,
  [CELL.absent]: 1,
  [CELL.header]: 0,
  [CELL.refNonfinite]: 4,
  [CELL.refZero]: 3,
  [CELL.refAbsent]: 1
};
function dominant(grid, line, first, last) {
  const start = line * grid.steps.length;
  let best = first;
  for (let s = first + 1; s <= last; s++) {
    const a = grid.states[start + best];
    const b = grid.states[start + s];
    if (RANK[b] > RANK[a]) best = s;
    else if (a === CELL.value && b === CELL.value) {
      if (Math.abs(grid.values[start + s]) > Math.abs(grid.values[start + best])) best = s;
    }
  }
  return best;
}
const MOST_PIXELS = 16e3;
function image(pixels, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  return canvas;
}
function drawHeatmap(canvas, model) {
  const { grid, scale, domain, dark, tops } = model;
  const height = tops[grid.lines];
  if (height === 0 || model.width <= 0) return;
  const dpr = Math.min(model.dpr, MOST_PIXELS / height);
  const g = prepare(canvas, model.width, height, dpr);
  if (!g) return;
  const width = canvas.width;
  const painted = paint(grid, gridSpans(grid, domain, width), scale, palette(scale.diverging, dark));
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.imageSmoothingEnabled = false;
  stretch(g, image(painted.pixels, width, grid.lines), tops);
  const colours = ink(dark);
  overlay(g, painted, "nonfinite", hatchTile(colours.hatch, dpr), tops);
  overlay(g, painted, "absent", dotTile(colours.dots, dpr), tops);
  overlay(g, painted, "reference", dashTile(colours.dash, dpr), tops);
  if (grid.match?.far.includes(1)) dotFar(g, grid, domain, dotTile(colours.dash, dpr), tops);
}
function dotFar(g, grid, domain, tile, tops) {
  const pattern = g.createPattern(tile, "repeat");
  if (!pattern) return;
  const pixels = gridPixels(grid, domain, g.canvas.width);
  const ratio = g.canvas.height / tops[grid.lines];
  const n = grid.steps.length;
  g.fillStyle = pattern;
  for (let line = 0; line < grid.lines; line++) {
    if (grid.states[line * n] === CELL.header) continue;
    const top = Math.round(tops[line] * ratio);
    grid.match?.far.forEach((far, s) => {
      const left = pixels[2 * s];
      if (far) g.fillRect(left, top, pixels[2 * s + 1] - left, Math.round(tops[line + 1] * ratio) - top);
    });
  }
}
function stretch(g, source, tops) {
  const { width, height } = g.canvas;
  const ratio = height / tops[tops.length - 1];
  const y = (line) => Math.round(tops[line] * ratio);
  for (let line = 0; line + 1 < tops.length; ) {
    const each = y(line + 1) - y(line);
    let end = line + 1;
    while (end + 1 < tops.length && y(end + 1) - y(end) === each) end++;
    g.drawImage(source, 0, line, width, end - line, 0, y(line), width, y(end) - y(line));
    line = end;
  }
}
function overlay(g, painted, which, tile, tops) {
  const mask = painted[which];
  if (!mask) return;
  const { width, height } = g.canvas;
  const layer = document.createElement("canvas");
  layer.width = width;
  layer.height = height;
  const h2 = layer.getContext("2d");
  const pattern = h2?.createPattern(tile, "repeat");
  if (!h2 || !pattern) return;
  h2.imageSmoothingEnabled = false;
  stretch(h2, image(mask, width, tops.length - 1), tops);
  h2.globalCompositeOperation = "source-in";
  h2.fillStyle = pattern;
  h2.fillRect(0, 0, width, height);
  g.drawImage(layer, 0, 0);
}
function HeatmapBody({ run, width, tops }) {
  const store = useStore();
  const canvas = A(null);
  const map = store.flow.mapOf.value.get(run);
  const grid = map?.grid;
  const scale = map?.scale;
  const domain = store.domain.value;
  const dark = store.dark.value;
  const brush = useBrush((event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return toStep(event.clientX - box.left, domain, width);
  });
  _(() => {
    if (!grid || !scale || !canvas.current) return;
    drawHeatmap(canvas.current, {
      grid,
      scale,
      domain,
      dark,
      width,
      tops,
      dpr: window.devicePixelRatio
    });
  }, [grid, scale, domain, dark, width, tops]);
  if (!grid) {
    const one = store.loaded.value.get(run);
    if (!one) return /* @__PURE__ */ u("div", { class: "pending", "aria-busy": "true" });
    const reason = "reason" in one ? one.reason : "";
    return /* @__PURE__ */ u("div", { class: "no-data", title: reason, children: /* @__PURE__ */ u("span", { children: [
      TEXT.noData(statisticName(store.kind.value, store.statistic.value)),
      store.kind.value === "optimizer" && store.statistic.value !== "count" && /* @__PURE__ */ u("small", { children: TEXT.noMoments })
    ] }) });
  }
  const locate = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const line = lineAt(tops, event.clientY - box.top);
    const x = Math.min(width - 1, Math.max(0, Math.floor(event.clientX - box.left)));
    const spans = gridSpans(grid, domain, width);
    const at = spans[2 * x] < 0 ? cellAt(grid, toStep(x, domain, width)) : dominant(grid, line, spans[2 * x], spans[2 * x + 1]);
    return { line, at };
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: "map",
      style: { width: `${width}px`, height: `${tops[grid.lines]}px` },
      onPointerDown: brush.onPointerDown,
      onPointerUp: brush.onPointerUp,
      onPointerCancel: brush.onPointerCancel,
      onDblClick: brush.onDblClick,
      onPointerMove: (event) => {
        if (brush.moved(event)) return;
        const { line, at } = locate(event);
        store.hover.value = at < 0 ? null : { run, line, at, x: event.clientX, y: event.clientY };
      },
      onPointerLeave: () => {
        store.hover.value = null;
      },
      onClick: (event) => {
        if (brush.wasDrag()) return;
        const { line, at } = locate(event);
        if (at >= 0) store.moveTo(line, cellStep(grid, line, at));
      },
      children: [
        /* @__PURE__ */ u(
          "canvas",
          {
            ref: canvas,
            "data-testid": `heatmap-${run}`,
            role: "img",
            "aria-label": TEXT.heatmapName(run, drawnName(store, run))
          }
        ),
        /* @__PURE__ */ u(BrushBand, { width }),
        /* @__PURE__ */ u(MapCursor, { run, width, tops })
      ]
    }
  );
}
function drawnName(store, run) {
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const { ref, flow } = store;
  if (!flow.compared.value || run === ref.value || ref.value === null) return statistic;
  return TEXT.flow.against(statistic, ref.value);
}
function MapCursor({ run, width, tops }) {
  const store = useStore();
  const grid = store.gridOf.value.get(run);
  if (!grid) return null;
  const steps = loggedSteps(grid);
  const at = nearest(steps, store.step.value);
  if (at < 0) return null;
  const pixels = cellPixels(steps, store.domain.value, width);
  const x = (pixels[2 * at] + pixels[2 * at + 1]) / 2;
  const line = store.line.value;
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u("div", { class: "step-cursor", style: { left: `${x}px` } }),
    line >= 0 && /* @__PURE__ */ u(
      "div",
      {
        class: "row-cursor",
        style: { top: `${tops[line]}px`, height: `${tops[line + 1] - tops[line]}px` }
      }
    )
  ] });
}
function HeatmapAxis({ width }) {
  const store = useStore();
  const domain = store.domain.value;
  const ticks2 = stepTicks(domain, Math.max(2, Math.floor(width / 48)));
  return /* @__PURE__ */ u("div", { class: "ticks", children: ticks2.map((step) => {
    const x = toPixel(step, domain, width);
    const half = String(step).length * 3.2;
    return /* @__PURE__ */ u("span", { style: { left: `${Math.min(width - half, Math.max(half, x))}px` }, children: step }, step);
  }) });
}
const HALF = 4.5;
function MarkLanes({ run, width }) {
  const store = useStore();
  const root = A(null);
  const [active, setActive] = d(0);
  const hide = () => {
    store.note.value = null;
  };
  const domain = store.domain.value;
  const marks = store.marks.value.get(run);
  h(() => hide, [domain, marks, width]);
  const kinds = store.markKinds.value;
  const grid = store.gridOf.value.get(run);
  const height = LANE * kinds.length;
  const style2 = { width: `${width}px`, height: `${height}px` };
  const groups = groupMarks(marks ?? [], domain, width);
  const middle = (group) => LANE * (kinds.indexOf(group.kind) + 0.5) + 1;
  const chief = (group) => Math.min(width - HALF, Math.max(HALF, group.places[group.chief]));
  const current = Math.min(active, groups.length - 1);
  const show = (group, i, x, y) => {
    store.hover.value = null;
    store.note.value = { run, ...said$1(group, i), x, y };
  };
  const go = (mark) => {
    const steps = grid ? loggedSteps(grid) : store.steps.value;
    const at = nearest(steps, mark.step);
    if (mark.kind === "finding") {
      const { row } = mark.group.chief;
      const { rows } = store.union.value;
      const own = choose(row, rows);
      if (own >= 0) store.view.row.value = rows[own].name;
    }
    if (at >= 0) store.moveTo(null, steps[at]);
  };
  const under = (group, event) => {
    const box = root.current?.getBoundingClientRect();
    if (!box || group.marks.length === 1 || event.detail === 0) return group.chief;
    const x = event.clientX - box.left;
    const distances = group.places.map((place) => Math.abs(place - x));
    return Math.abs(chief(group) - x) <= HALF ? group.chief : distances.indexOf(Math.min(...distances));
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: "marks",
      style: style2,
      ref: root,
      role: "toolbar",
      "aria-label": TEXT.mark.toolbar(run, groups.length),
      "data-testid": `marks-${run}`,
      onKeyDown: (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.key === "Escape") hide();
        if (by === void 0 || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        const next = Math.min(groups.length - 1, Math.max(0, current + by));
        setActive(next);
        root.current?.querySelectorAll("button")[next]?.focus();
      },
      children: [
        /* @__PURE__ */ u("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", children: groups.map((group) => {
          const path = markPath(group.kind, chief(group), middle(group));
          return /* @__PURE__ */ u("g", { class: group.kind, children: [
            group.marks.length > 1 && /* @__PURE__ */ u("path", { class: "rug", d: rugPath(group.places, middle(group)) }),
            group.marks.length > 1 && /* @__PURE__ */ u("path", { class: "halo", d: path }),
            /* @__PURE__ */ u("path", { class: "shape", d: path })
          ] }, `${group.kind} ${group.marks[0].step}`);
        }) }),
        groups.map((group, i) => {
          const left = Math.min(group.places[0], chief(group)) - APART / 2;
          const right = Math.max(group.places[group.places.length - 1], chief(group)) + APART / 2;
          const label = sentence(group, group.chief);
          return /* @__PURE__ */ u(
            "button",
            {
              type: "button",
              tabIndex: i === current ? 0 : -1,
              "aria-label": label,
              "data-kind": group.kind,
              "data-step": group.marks[group.chief].step,
              "data-count": group.marks.length,
              style: {
                left: `${left}px`,
                width: `${right - left}px`,
                top: `${LANE * kinds.indexOf(group.kind)}px`,
                height: `${LANE + 1}px`
              },
              onPointerMove: (event) => show(group, under(group, event), event.clientX, event.clientY),
              onPointerLeave: hide,
              onFocus: (event) => {
                setActive(i);
                if (!event.currentTarget.matches(":focus-visible")) return;
                const box = event.currentTarget.getBoundingClientRect();
                show(group, group.chief, box.left + box.width / 2, box.bottom);
              },
              onBlur: hide,
              onClick: (event) => go(group.marks[under(group, event)])
            },
            `${group.kind} ${group.marks[0].step}`
          );
        })
      ]
    }
  );
}
const between = ({ after, until, step }) => step === until ? TEXT.mark.logged(until) : after === null ? TEXT.mark.before(until) : TEXT.mark.between(after, until);
function said$1(group, i) {
  const { marks } = group;
  const mark = marks[i];
  const note = {
    step: mark.exact ? TEXT.mark.at(mark.step) : "",
    what: "",
    value: "",
    lines: [],
    help: ""
  };
  if (mark.kind === "peak") {
    note.what = TEXT.mark.figure[mark.figure];
    note.value = exact(mark.value);
    note.lines = [between(mark), TEXT.mark.times(short(mark.ratio), short(mark.usual))];
    note.help = TEXT.mark.why(RULE.factor, RULE.reach);
  } else if (mark.kind === "nonfinite") {
    if (mark.figure === "loss") {
      note.what = TEXT.mark.figure.loss;
      note.value = exact(mark.value);
      note.lines = [between(mark)];
    } else {
      note.what = TEXT.mark.badSteps(mark.steps);
      note.lines = [between(mark)];
      if (mark.elements > 0) note.lines.push(TEXT.mark.badElements(exact(mark.elements), mark.until));
    }
  } else if (mark.kind === "finding") {
    const { title, chief, findings, since, severity } = mark.group;
    const layer = layerOf(chief);
    note.what = `${title} (${TEXT.health.severity[severity]})`;
    note.lines = [
      findings.length === 1 ? TEXT.health.one(layer, since) : TEXT.health.many(findings.length, layer, since),
      chief.evidence
    ];
    note.help = chief.advice;
  } else {
    note.what = TEXT.mark.skipped(mark.steps);
    if (!mark.exact) note.lines.push(between(mark));
    if (mark.lossScale !== null) note.lines.push(TEXT.mark.lossScale(exact(mark.lossScale)));
  }
  for (const other of marks) {
    if (other !== mark && other.step === mark.step && "figure" in other)
      note.lines.push(TEXT.mark.also(TEXT.mark.figure[other.figure], exact(other.value)));
  }
  if (marks.some(({ step }) => step !== mark.step)) {
    const [first, last] = [marks[0].step, marks[marks.length - 1].step].map(Math.round);
    note.lines.push(TEXT.mark.merged(marks.length, first, last));
  }
  return note;
}
function sentence(group, i) {
  const mark = group.marks[i];
  const { step, what, value, lines } = said$1(group, i);
  const where = mark.exact ? ` ${mark.kind === "skipped" ? "" : "at "}${step}` : "";
  return [`${what}${value === "" ? "" : ` ${value}`}${where}`.replace(/ +/g, " "), ...lines].join(", ");
}
function lanes(runs, width) {
  const lane = Math.min(width * 0.14, 10 + 5 * Math.min(runs, 5));
  return { zero: lane, nonfinite: lane };
}
function profileSpan(runs, width) {
  const { zero, nonfinite } = lanes(runs, width);
  return [zero + 6, width - nonfinite - 6];
}
function profileX(t, runs, width) {
  const [left, right] = profileSpan(runs, width);
  return left + (right - left) * Math.min(1, Math.max(0, t));
}
const zeroInside = (scale) => scale.diverging && !zeroApart(scale);
const profileTicks = (scale, width) => ticks(scale, width < 200 ? 2 : 4);
function drawProfile(canvas, model) {
  const { runs, scale, thresholds, tops, width, ink: ink2 } = model;
  const { top, height } = model.part;
  if (height <= 0 || width <= 0) return;
  const g = prepare(canvas, width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, width, height);
  const n = runs.length;
  const [left, right] = profileSpan(n, width);
  const x = (t) => profileX(t, n, width);
  const y = (line) => (tops[line] + tops[line + 1]) / 2 - top;
  const vertical = (at, colour, dash = []) => {
    g.setLineDash(dash);
    g.strokeStyle = colour;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(Math.round(at) + 0.5, 0);
    g.lineTo(Math.round(at) + 0.5, height);
    g.stroke();
    g.setLineDash([]);
  };
  if (thresholds) {
    const low = toUnit(scale, thresholds.vanishing);
    const high = toUnit(scale, thresholds.exploding);
    g.fillStyle = ink2.band;
    if (low > 0) g.fillRect(0, 0, x(low), height);
    if (high <= 1) g.fillRect(x(high), 0, width - x(high), height);
  }
  for (const tick of profileTicks(scale, width)) vertical(x(toUnit(scale, tick)), ink2.grid);
  vertical(left - 4, ink2.grid, [1, 3]);
  vertical(right + 4, ink2.grid, [1, 3]);
  if (thresholds) {
    for (const threshold of [thresholds.vanishing, thresholds.exploding]) {
      const t = toUnit(scale, threshold);
      if (t >= 0 && t <= 1) vertical(x(t), ink2.critical, [4, 3]);
    }
  }
  if (model.guide !== null) vertical(x(toUnit(scale, model.guide)), ink2.dim);
  for (let i = n - 1; i >= 0; i--)
    drawBand(g, runs[i], (value) => x(toUnit(scale, value)), y, model.bandAlpha);
  const radius = Math.min(3, Math.max(1.8, tops[tops.length - 1] / tops.length / 4));
  const { zero, nonfinite } = lanes(n, width);
  const inLane = (start, lane, i) => start + lane * (i + 0.5) / Math.max(1, n);
  for (let i = n - 1; i >= 0; i--) {
    const run = runs[i];
    g.strokeStyle = run.colour;
    g.fillStyle = run.colour;
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    g.beginPath();
    let on = false;
    for (const point of run.points) {
      if (point.lane === "zero" || point.lane === "nonfinite") {
        on = false;
        continue;
      }
      if (on) g.lineTo(x(point.t), y(point.line));
      else g.moveTo(x(point.t), y(point.line));
      on = true;
    }
    g.stroke();
    for (const point of run.points) {
      const at = y(point.line);
      if (point.lane === "zero") {
        g.lineWidth = 1.2;
        tracePath(g, run.shape, zeroInside(scale) ? x(toUnit(scale, 0)) : inLane(0, zero, i), at, radius);
        g.fillStyle = ink2.panel;
        g.fill();
        g.stroke();
        g.fillStyle = run.colour;
      } else if (point.lane === "nonfinite") {
        g.strokeStyle = ink2.nonfinite;
        g.lineWidth = 1.8;
        cross(g, inLane(right + 6, nonfinite, i), at, radius);
        g.strokeStyle = run.colour;
      } else {
        tracePath(g, run.shape, x(point.t), at, radius);
        g.fill();
        if (point.lane !== "scale") arrow(g, x(point.t), at, point.lane === "under" ? -1 : 1, radius);
      }
    }
  }
}
function drawBand(g, { bands, colour }, x, y, alpha) {
  if (bands.length === 0) return;
  g.save();
  g.globalAlpha = alpha;
  g.fillStyle = colour;
  g.beginPath();
  const up = bands.length === 1 ? 3 : 0;
  for (const { line, lo } of bands) g.lineTo(x(lo), y(line) - up);
  for (const { line, lo, hi } of [...bands].reverse()) g.lineTo(Math.max(x(lo) + 1, x(hi)), y(line) + up);
  g.fill();
  g.restore();
}
function arrow(g, x, y, direction, radius) {
  g.lineWidth = 1.2;
  g.beginPath();
  g.moveTo(x + direction * (radius + 1), y - radius);
  g.lineTo(x + direction * (radius + 3.5), y);
  g.lineTo(x + direction * (radius + 1), y + radius);
  g.stroke();
}
function runProfile(grid, step, scale, lines = [0, grid.lines]) {
  const s = cellAt(grid, step);
  if (s < 0) return { run: grid.run, step: null, points: [] };
  const points = [];
  for (let line = lines[0]; line < lines[1]; line++) {
    const at = line * grid.steps.length + s;
    const state = grid.states[at];
    const value = grid.values[at];
    if (state === CELL.zero) points.push({ line, lane: "zero", t: 0, value });
    else if (state === CELL.refZero) points.push({ line, lane: "over", t: 1, value });
    else if (state === CELL.nonfinite || state === CELL.refNonfinite)
      points.push({ line, lane: "nonfinite", t: 1, value });
    else if (state === CELL.value) {
      const t = toUnit(scale, value);
      const lane = isUnder(t) ? "under" : isOver(t) ? "over" : "scale";
      points.push({ line, lane, t: Math.min(1, Math.max(0, t)), value });
    }
  }
  return { run: grid.run, step: grid.steps[s], points };
}
const TOGETHER = 70;
function ProfileHead({ width }) {
  const store = useStore();
  const scale = store.scale.value;
  const thresholds = store.thresholds.value;
  const runs = store.grids.value.length;
  const mark = (value, name, side) => {
    const t = toUnit(scale, value);
    if (t < 0 || t > 1) return null;
    const x = profileX(t, runs, width);
    return /* @__PURE__ */ u(
      "span",
      {
        class: "threshold",
        style: side === "left" ? { right: `${width - x - 2}px` } : { left: `${x - 2}px` },
        children: name
      }
    );
  };
  const place = (value) => profileX(toUnit(scale, value), runs, width);
  const apart = thresholds && place(thresholds.exploding) - place(thresholds.vanishing) > TOGETHER;
  const { band } = store.flow.keys;
  const on = band.value === "on";
  return /* @__PURE__ */ u("div", { class: "profile-head", children: [
    /* @__PURE__ */ u("b", { children: TEXT.profileAt(store.step.value) }),
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "band-switch",
        "aria-pressed": on,
        "aria-label": TEXT.flow.bandName,
        title: TEXT.flow.bandName,
        "data-testid": "band-switch",
        onClick: () => {
          band.value = on ? null : "on";
        },
        children: TEXT.flow.band
      }
    ),
    thresholds && apart && mark(thresholds.vanishing, TEXT.vanishing, "left"),
    thresholds && mark(
      thresholds.exploding,
      TEXT.exploding,
      toUnit(scale, thresholds.exploding) > 0.7 ? "left" : "right"
    )
  ] });
}
function ProfileBody({ width, tops, part }) {
  const store = useStore();
  const canvas = A(null);
  const grids = store.gridsAtStep.value;
  const coming = grids.some(({ reduced }) => reduced);
  const scale = store.scale.value;
  const step = store.step.value;
  const dark = store.dark.value;
  const thresholds = store.thresholds.value;
  const banded = store.flow.keys.band.value === "on";
  const guide = useGuide();
  const { top, height } = part;
  const within = linesWithin(tops, part);
  const lines = [Math.max(0, within[0] - 1), Math.min(tops.length - 1, within[1] + 1)];
  const profiles = grids.map((grid) => runProfile(grid, step, scale, lines));
  _(() => {
    if (!canvas.current) return;
    const runs = profiles.map((profile) => ({
      ...profile,
      colour: store.colour(profile.run),
      shape: shapeOf(store.order.value.get(profile.run) ?? 0),
      bands: banded ? bandsOf(grids.find(({ run }) => run === profile.run), lines) : []
    }));
    drawProfile(canvas.current, {
      runs,
      scale,
      thresholds,
      guide,
      tops,
      part: { top, height },
      width,
      dpr: window.devicePixelRatio,
      ink: ink(dark),
      bandAlpha: dark ? 0.18 : 0.11
    });
  }, [grids, scale, step, dark, thresholds, guide, tops, top, height, width, banded]);
  const locate = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const line = lineAt(tops, event.clientY - box.top);
    const x = event.clientX - box.left;
    let best = null;
    profiles.forEach(({ run, points }, i) => {
      const point = points.find((one) => one.line === line);
      if (!point) return;
      const n = profiles.length;
      const { zero, nonfinite } = lanes(n, width);
      const place = point.lane === "zero" && !zeroInside(scale) ? zero * (i + 0.5) / n : point.lane === "nonfinite" ? width - nonfinite + nonfinite * (i + 0.5) / n : profileX(point.lane === "zero" ? toUnit(scale, 0) : point.t, n, width);
      const distance = Math.abs(place - x);
      if (!best || distance < best.distance) best = { run, distance };
    });
    return { line, run: best?.run ?? null };
  };
  const cursor = store.line.value;
  return /* @__PURE__ */ u(
    "div",
    {
      class: coming ? "map coming" : "map",
      "aria-busy": coming,
      title: coming ? TEXT.columnsStandIn : void 0,
      style: { width: `${width}px`, height: `${tops[tops.length - 1]}px` },
      onPointerMove: (event) => {
        const { line, run } = locate(event);
        const own = run === null ? void 0 : store.gridOf.value.get(run);
        const exact2 = own?.reduced && grids.find((one) => one.run === run);
        const grid = exact2 || own;
        store.hover.value = run !== null && grid ? {
          ...{ run, line, at: cellAt(grid, step), banded },
          ...exact2 && { grid: exact2, of: line },
          ...{ x: event.clientX, y: event.clientY }
        } : null;
      },
      onPointerLeave: () => {
        store.hover.value = null;
      },
      onClick: (event) => store.moveTo(locate(event).line, null),
      children: [
        /* @__PURE__ */ u(
          "canvas",
          {
            ref: canvas,
            "data-testid": "profile",
            role: "img",
            "aria-label": TEXT.profileName,
            style: { position: "absolute", left: 0, top: `${top}px` }
          }
        ),
        cursor >= 0 && /* @__PURE__ */ u(
          "div",
          {
            class: "row-cursor faint",
            style: { top: `${tops[cursor]}px`, height: `${tops[cursor + 1] - tops[cursor]}px` }
          }
        )
      ]
    }
  );
}
const bandsOf = (grid, [first, end]) => Array.from({ length: Math.max(0, end - first) }, (_2, i) => percentileBand(grid, first + i)).filter(
  (band) => band !== null
);
function useGuide() {
  const store = useStore();
  return store.scale.value.factor || store.flow.compared.value ? 0 : null;
}
function ProfileAxis({ width }) {
  const store = useStore();
  const scale = store.scale.value;
  const runs = store.grids.value.length;
  const { zero, nonfinite } = lanes(runs, width);
  const states = store.labels.value;
  const lowest = states.has("zero") && !zeroInside(scale) ? zero / 2 + 24 : 10;
  const bad = states.has("nonfinite") || states.has("refNonfinite");
  const highest = bad ? width - nonfinite / 2 - 30 : width - 8;
  return /* @__PURE__ */ u("div", { class: "ticks", children: [
    states.has("zero") && !zeroInside(scale) && /* @__PURE__ */ u("span", { class: "lane", style: { left: `${zero / 2}px` }, children: "0" }),
    profileTicks(scale, width).map((value) => ({ value, x: profileX(toUnit(scale, value), runs, width) })).filter(({ x }) => x > lowest && x < highest).map(({ value, x }) => /* @__PURE__ */ u("span", { style: { left: `${x}px` }, children: tickOf(scale, value) }, value)),
    bad && /* @__PURE__ */ u("span", { class: "lane bad", style: { left: `${width - nonfinite / 2 - 4}px` }, children: TEXT.nan })
  ] });
}
function Readout() {
  const store = useStore();
  const line = store.line.value;
  const { compared, plainAtStep, plainScale } = store.flow;
  const scale = store.scale.value;
  return /* @__PURE__ */ u("ul", { class: "readout", "data-testid": "readout", children: store.gridsAtStep.value.map((drawn) => {
    const isRef = compared.value && drawn.run === store.ref.value;
    const grid = isRef ? plainAtStep.value.find(({ run }) => run === drawn.run) ?? drawn : drawn;
    const at = nearest(grid.steps, store.step.value);
    const cell = line * grid.steps.length + at;
    const coming = grid.reduced !== void 0;
    const state = at < 0 || line < 0 ? CELL.absent : grid.states[cell];
    const away = at >= 0 && !coming && grid.steps[at] !== store.step.value;
    const far = at >= 0 && drawn.match?.far[at] === 1;
    return /* @__PURE__ */ u("li", { title: grid.run, children: [
      /* @__PURE__ */ u(Mark, { colour: store.colour(grid.run), shape: shapeOf(store.order.value.get(grid.run) ?? 0) }),
      /* @__PURE__ */ u("span", { class: "name", children: grid.run }),
      isRef && /* @__PURE__ */ u("span", { class: "away", children: TEXT.flow.isRef }),
      away && /* @__PURE__ */ u("span", { class: far ? "away far" : "away", title: far ? TEXT.flow.farTitle : TEXT.nearestTitle, children: TEXT.nearestStep(grid.steps[at]) }),
      /* @__PURE__ */ u("span", { class: state === CELL.nonfinite || state === CELL.refNonfinite ? "value bad" : "value", children: coming ? "…" : said(state, grid.values[cell], isRef ? plainScale.value : scale) })
    ] }, grid.run);
  }) });
}
function said(state, value, scale) {
  switch (state) {
    case CELL.absent:
      return TEXT.absent;
    case CELL.undefined:
      return "–";
    case CELL.refZero:
      return TEXT.flow.chip.refZero;
    case CELL.refNonfinite:
      return TEXT.flow.chip.refNonfinite;
    case CELL.refAbsent:
      return TEXT.flow.chip.refAbsent;
    default:
      return scale.factor ? factor(value) : short(value);
  }
}
const TITLE = 30;
function SeriesPanel({ left, width, readout, height }) {
  const store = useStore();
  const root = A(null);
  const chart = A(null);
  const [, redrawn] = d(0);
  const grids = store.gridsOfLine.value;
  const line = store.line.value;
  const coming = grids.some(({ reduced }) => reduced);
  const mode = store.mode.value;
  const guide = useGuide();
  const shared = store.scale.value;
  const model = T(() => {
    if (line < 0 || grids.length === 0) return null;
    const made = curves(grids, 0);
    return { curves: made, scale: curveScale(made, mode, shared) };
  }, [grids, line, mode, shared]);
  const domain = store.domain.value;
  const thresholds = store.thresholds.value;
  const dark = store.dark.value;
  const colours = grids.map(({ run }) => store.colour(run)).join();
  _(() => {
    if (!root.current) return;
    chart.current ??= new SeriesChart(root.current, () => redrawn((n) => n + 1));
    if (!model) {
      chart.current.plot.clear();
      return;
    }
    const looks = grids.map(({ run }) => ({
      colour: store.colour(run),
      shape: shapeOf(store.order.value.get(run) ?? 0)
    }));
    chart.current.update({
      ...model,
      looks,
      domain,
      thresholds,
      guide,
      names: { vanishing: TEXT.vanishing, exploding: TEXT.exploding },
      left,
      width,
      height: height - TITLE,
      ink: ink(dark)
    });
  }, [model, domain, thresholds, guide, dark, colours, left, width, height]);
  _(() => () => chart.current?.plot.destroy(), []);
  const stepOf = (event) => {
    const over = chart.current?.plot.over;
    if (!over) return null;
    const box = over.getBoundingClientRect();
    const x = event.clientX - box.left;
    if (x < 0 || x > box.width || event.clientY < box.top || event.clientY > box.bottom) return null;
    return { step: chart.current.plot.valueAt(x), y: event.clientY - box.top };
  };
  const brush = useBrush((event) => {
    const over = chart.current?.plot.over;
    if (!over) return null;
    const box = over.getBoundingClientRect();
    return chart.current.plot.valueAt(Math.min(box.width, Math.max(0, event.clientX - box.left)));
  });
  const plot = chart.current?.plot;
  const selected = store.lines.value[line];
  const plain = statisticName(store.kind.value, store.statistic.value);
  const statistic = store.flow.compared.value && store.ref.value !== null ? TEXT.flow.against(plain, store.ref.value) : plain;
  const name = selected ? store.rowOf(line)?.name ?? selected.key.replace(/\.\*$/, "") : "";
  return /* @__PURE__ */ u("div", { class: "lower", style: { height: `${height}px` }, children: [
    /* @__PURE__ */ u("div", { class: coming ? "series coming" : "series", "aria-busy": coming, style: { width: `${width}px` }, children: [
      /* @__PURE__ */ u("div", { class: "series-title", style: { height: `${TITLE}px`, paddingLeft: `${left}px` }, children: [
        /* @__PURE__ */ u("b", { children: name }),
        " ",
        /* @__PURE__ */ u("span", { children: TEXT.overSteps(statistic) }),
        coming && /* @__PURE__ */ u("span", { children: [
          "· ",
          TEXT.columnsStandIn
        ] }),
        selected?.type === "block" && /* @__PURE__ */ u("span", { children: [
          "· ",
          TEXT.aggregated(aggregateOf(store.statistic.value), selected.rows.length)
        ] })
      ] }),
      /* @__PURE__ */ u(
        "div",
        {
          class: "plot",
          ref: root,
          "data-testid": "series",
          role: "img",
          "aria-label": TEXT.seriesName(name),
          onPointerDown: brush.onPointerDown,
          onPointerUp: brush.onPointerUp,
          onPointerCancel: brush.onPointerCancel,
          onDblClick: brush.onDblClick,
          onPointerMove: (event) => {
            if (brush.moved(event)) return;
            const at = stepOf(event);
            const near = at && nearestRun(at.step, at.y);
            store.hover.value = near ? { ...near, line, x: event.clientX, y: event.clientY } : null;
          },
          onPointerLeave: () => {
            store.hover.value = null;
          },
          onClick: (event) => {
            if (brush.wasDrag()) return;
            const at = stepOf(event);
            const steps = store.steps.value;
            if (at && steps.length > 0) store.moveTo(null, steps[nearest(steps, at.step)]);
          },
          children: plot?.over && /* @__PURE__ */ u(S, { children: [
            /* @__PURE__ */ u(SeriesCursor, { plot }),
            /* @__PURE__ */ u(BrushBand, { width: plot.area.width, left: plot.area.left })
          ] })
        }
      )
    ] }),
    /* @__PURE__ */ u("div", { class: "beside", style: { width: `${readout}px`, marginLeft: `${GAP - PLOT_MARGIN}px` }, children: [
      /* @__PURE__ */ u(Readout, {}),
      /* @__PURE__ */ u(Legend, {})
    ] })
  ] });
  function nearestRun(step, y) {
    let best = null;
    for (const grid2 of grids) {
      const at2 = nearest(grid2.steps, step);
      if (at2 < 0) continue;
      const value = grid2.values[at2];
      const drawn = Number.isFinite(value) ? chart.current.yOf(value) : Number.NaN;
      const place = Number.isFinite(drawn) ? drawn : value < 0 ? chart.current.plot.area.height : 0;
      const distance = Math.abs(place - y);
      if (!best || distance < best.distance) best = { run: grid2.run, at: at2, grid: grid2, distance };
    }
    if (!best) return null;
    const { run, at, grid } = best;
    return store.gridOf.value.get(run)?.reduced ? { run, at, grid, of: 0 } : { run, at };
  }
}
function SeriesCursor({ plot }) {
  const store = useStore();
  const { area } = plot;
  const x = area.left + plot.xOf(store.step.value);
  return /* @__PURE__ */ u(
    "div",
    {
      class: "step-cursor plain",
      style: { left: `${x}px`, top: `${area.top}px`, height: `${area.height}px` }
    }
  );
}
function TreeHead() {
  const store = useStore();
  const folded = store.lines.value.some((line) => line.type === "block");
  const title = folded ? TEXT.expandAll : TEXT.collapseAll;
  return /* @__PURE__ */ u("div", { class: "tree-head", children: [
    /* @__PURE__ */ u(RowFilter, { placeholder: TEXT.rowFilterShort }),
    /* @__PURE__ */ u(OrderSelect, {}),
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "icon",
        disabled: store.flow.order.value.by !== "depth",
        title,
        "aria-label": title,
        "data-testid": "fold-all",
        onClick: () => store.setCollapsed(!folded),
        children: /* @__PURE__ */ u(Icon, { name: folded ? "expand" : "collapse" })
      }
    )
  ] });
}
function OrderSelect() {
  const store = useStore();
  const order = store.flow.order.value;
  const now = orderText(order) ?? "depth";
  const here = `value@${store.step.value}`;
  const ref = store.ref.value ?? "";
  return /* @__PURE__ */ u(
    "select",
    {
      class: now === "depth" ? "order" : "order on",
      "aria-label": TEXT.flow.order,
      title: TEXT.flow.orderTitle(order.by === "value" ? order.step : null, ref),
      "data-testid": "order-select",
      value: now,
      onChange: (event) => {
        const { value } = event.currentTarget;
        store.flow.keys.order.value = value === "depth" ? null : value;
      },
      children: [
        /* @__PURE__ */ u("option", { value: "depth", children: TEXT.flow.byDepth }),
        /* @__PURE__ */ u("option", { value: "name", children: TEXT.flow.byName }),
        /* @__PURE__ */ u("option", { value: here, children: TEXT.flow.byValue(store.step.value) }),
        order.by === "value" && now !== here && /* @__PURE__ */ u("option", { value: now, children: TEXT.flow.byValue(order.step) })
      ]
    }
  );
}
function ZoomLabel() {
  const store = useStore();
  const zoom = store.flow.zoom.value;
  if (!zoom) return /* @__PURE__ */ u(S, { children: TEXT.axisStep });
  return /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      class: "zoomed",
      title: TEXT.flow.zoomReset,
      "aria-label": `${TEXT.flow.zoomed(zoom[0], zoom[1])}. ${TEXT.flow.zoomReset}`,
      "data-testid": "zoom-reset",
      onClick: () => store.zoomTo(null),
      children: [
        TEXT.flow.zoomed(zoom[0], zoom[1]),
        " ",
        /* @__PURE__ */ u("span", { "aria-hidden": "true", children: "✕" })
      ]
    }
  );
}
function Stage() {
  const store = useStore();
  const { ref, width, height } = useSize();
  const scroll = A(null);
  const lines = store.lines.value;
  const shown = store.shown.value;
  const [scrolled, setScrolled] = d(0);
  const longest = lines.reduce((most, { label, depth }) => Math.max(most, label.length * 6.6 + depth * 12), 0) + 104;
  const kinds = store.markKinds.value.length;
  const lanes2 = Math.max(1, kinds);
  const axis = AXIS + LANE * lanes2;
  const size = stageGeometry(width, height, lines, shown.length, longest, axis);
  const { tree, map, profile, rowHeight, window: visible } = size;
  const tops = useStable(size.tops);
  const body = tops[lines.length];
  const columns = `${tree}px repeat(${shown.length}, ${map}px) ${profile}px`;
  const total = tree + (map + GAP) * shown.length + GAP + profile;
  useCourse(
    T(
      () => ({ moveStep: (by) => store.moveStep(by), moveLayer: (by) => store.moveLine(by) }),
      [store]
    )
  );
  const part = partInSight(scrolled, visible, body);
  const room = roomFor(height, axis);
  _(() => {
    store.flow.tops.value = tops;
    if (height > 0) store.flow.room.value = room;
    if (width > 0) store.mapPixels.value = Math.ceil(map * window.devicePixelRatio);
  }, [tops, room, height, width, map]);
  useZoomKeys();
  const { groups } = useFindings();
  _(() => {
    store.flow.findings.value = groups;
  }, [groups]);
  useFollow(scroll, store.line.value, tops, visible);
  const empty = lines.length === 0 && store.series.value.length > 0;
  return /* @__PURE__ */ u("div", { class: "stage", ref, tabIndex: 0, role: "application", "aria-label": TEXT.stage, "data-testid": "stage", children: width > 0 && /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "scroll",
        ref: scroll,
        onScroll: (event) => {
          const { scrollTop } = event.currentTarget;
          if (partInSight(scrollTop, visible, body).top !== part.top) setScrolled(scrollTop);
        },
        style: { height: `${HEADER + visible + axis + (total > width ? SCROLLBAR : 0)}px` },
        children: [
          /* @__PURE__ */ u(
            "div",
            {
              class: "grid",
              style: {
                gridTemplateColumns: columns,
                gridTemplateRows: `${HEADER}px ${body}px ${axis}px`,
                columnGap: `${GAP}px`,
                width: `${total}px`
              },
              children: [
                /* @__PURE__ */ u("div", { class: "cell head first", children: /* @__PURE__ */ u(TreeHead, {}) }),
                shown.map((run) => /* @__PURE__ */ u("div", { class: "cell head", children: /* @__PURE__ */ u(
                  RunHead,
                  {
                    run,
                    width: map,
                    ...store.flow.compared.value && run === store.ref.value ? { note: TEXT.flow.isRef } : {}
                  }
                ) }, `head ${run}`)),
                /* @__PURE__ */ u("div", { class: "cell head last", children: /* @__PURE__ */ u(ProfileHead, { width: profile }) }),
                /* @__PURE__ */ u("div", { class: "cell first", children: /* @__PURE__ */ u(LayerTree, { rowHeight, tops, part }) }),
                shown.map((run) => /* @__PURE__ */ u("div", { class: "cell", children: /* @__PURE__ */ u(HeatmapBody, { run, width: map, tops }) }, run)),
                /* @__PURE__ */ u("div", { class: "cell last", children: /* @__PURE__ */ u(ProfileBody, { width: profile, tops, part }) }),
                /* @__PURE__ */ u("div", { class: "cell axis first", style: { paddingTop: `${LANE * lanes2}px` }, children: /* @__PURE__ */ u(ZoomLabel, {}) }),
                shown.map((run) => /* @__PURE__ */ u("div", { class: "cell axis", children: [
                  kinds > 0 ? /* @__PURE__ */ u(MarkLanes, { run, width: map }) : /* @__PURE__ */ u("div", { style: { height: `${LANE}px` } }),
                  /* @__PURE__ */ u(HeatmapAxis, { width: map })
                ] }, `axis ${run}`)),
                /* @__PURE__ */ u("div", { class: "cell axis last", children: /* @__PURE__ */ u(ProfileAxis, { width: profile }) })
              ]
            }
          ),
          empty && /* @__PURE__ */ u("div", { class: "notice inside", children: [
            /* @__PURE__ */ u("b", { children: TEXT.noLines }),
            /* @__PURE__ */ u("p", { children: TEXT.noLinesHelp })
          ] })
        ]
      }
    ),
    /* @__PURE__ */ u(
      SeriesPanel,
      {
        left: tree + GAP,
        width: Math.min(width, total) - profile - GAP + PLOT_MARGIN,
        readout: profile,
        height: size.series
      }
    )
  ] }) });
}
function useStable(next) {
  const kept = A(next);
  if (kept.current.length !== next.length || kept.current.some((value, i) => value !== next[i]))
    kept.current = next;
  return kept.current;
}
function useFollow(scroll, line, tops, visible) {
  _(() => {
    const box = scroll.current;
    if (!box || line < 0 || line + 1 >= tops.length) return;
    if (tops[line] < box.scrollTop) box.scrollTop = Math.max(0, tops[line] - 24);
    else if (tops[line + 1] > box.scrollTop + visible) box.scrollTop = tops[line + 1] + 24 - visible;
  }, [line, tops, visible]);
}
const style = `.stage {
  flex: 1;
  min-height: 0;
  margin: 0 16px 8px;
  overflow: hidden auto;
  outline-offset: 6px;
  scrollbar-width: none;
}
.stage:focus {
  outline: none;
}
.stage:focus-visible {
  outline: none;
}
.scroll {
  overflow: auto;
  position: relative;
  scrollbar-width: thin;
  overscroll-behavior: contain;
}
.grid {
  display: grid;
}
.cell {
  min-width: 0;
  position: relative;
  background: var(--bg);
}
.cell.head {
  position: sticky;
  top: 0;
  z-index: 3;
  display: block;
}
.cell.axis {
  position: sticky;
  bottom: 0;
  z-index: 3;
}
.cell.first {
  position: sticky;
  left: 0;
  z-index: 4;
}
.cell.last {
  position: sticky;
  right: 0;
  z-index: 4;
}
.cell.head.first,
.cell.head.last,
.cell.axis.first,
.cell.axis.last {
  z-index: 5;
}
/* Cells are apart by the grid's gap; what scrolls beneath the sticky columns must not show there. */
.cell.first::after,
.cell.last::before {
  content: "";
  position: absolute;
  top: 0;
  bottom: 0;
  width: 14px;
  background: var(--bg);
}
.cell.first::after {
  left: 100%;
  width: 7px;
}
.cell.last::before {
  right: 100%;
  width: 7px;
}
.axis.first {
  text-align: right;
  font-size: 11px;
  color: var(--dim);
  line-height: 22px;
  padding-right: 4px;
}

.marks {
  position: relative;
}
.marks svg {
  display: block;
  pointer-events: none;
}
.marks button {
  position: absolute;
  cursor: pointer;
}
.marks button:hover,
.marks button:focus-visible {
  background: var(--sel);
}
.marks button:focus-visible {
  outline-offset: 0;
}
.marks path,
.mark-shape path {
  fill: none;
  stroke: none;
}
.marks .rug {
  stroke: var(--dots);
  stroke-width: 1px;
}
.marks .halo {
  stroke: var(--bg);
  stroke-width: 4.5px;
  stroke-linejoin: round;
  fill: var(--bg);
}
.finding .shape {
  fill: var(--crit);
  stroke: var(--crit);
  stroke-width: 1.4px;
  stroke-linejoin: round;
}
.peak .shape {
  fill: var(--text);
}
.nonfinite .shape {
  stroke: var(--bad);
  stroke-width: 1.8px;
}
.skipped .shape {
  stroke: var(--dim);
  stroke-width: 1.6px;
}
.mark-shape {
  flex: none;
  display: block;
}
.legend .sampled {
  margin-top: 4px;
}
.no-data small {
  display: block;
  margin-top: 3px;
  font-size: 11px;
}

/* Steps that are being brushed: the rest recedes. */
.brush {
  position: absolute;
  top: 0;
  bottom: 0;
  z-index: 2;
  pointer-events: none;
  background: var(--sel);
  border: solid var(--accent);
  border-width: 0 1px;
}
.zoomed {
  max-width: 100%;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  border-radius: 4px;
  padding: 0 4px;
  line-height: 18px;
  color: var(--accent-text);
  font-weight: 500;
  font-variant-numeric: tabular-nums;
}
.zoomed:hover {
  background: var(--hover);
}
.tree-head .field {
  padding-inline: 7px;
}
.order {
  flex: none;
  width: 46px;
  height: 24px;
  padding: 0 4px;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--panel);
  appearance: none;
  text-align: center;
  text-align-last: center;
  font-size: 11px;
  color: var(--dim);
  text-overflow: ellipsis;
  cursor: pointer;
}
.order:hover {
  border-color: var(--dim);
}
.order.on {
  color: var(--text);
  font-weight: 600;
}
.order option {
  background: var(--panel);
  color: var(--text);
  font-weight: 400;
}
.compare button {
  max-width: 150px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.band-switch {
  position: absolute;
  right: 0;
  top: 1px;
  padding: 0 6px;
  border-radius: 4px;
  font-size: 11px;
  line-height: 17px;
  color: var(--dim);
  font-variant-numeric: tabular-nums;
}
.band-switch[aria-pressed="true"] {
  background: var(--chip);
  color: var(--text);
}
.band-switch:hover {
  background: var(--hover);
}
.dashed {
  background-image: linear-gradient(var(--text), var(--text)), linear-gradient(var(--text), var(--text));
  background-repeat: no-repeat;
  background-size: 5px 1px;
  background-position:
    1px 3px,
    6px 6px;
}
.chip .far {
  background-image: radial-gradient(circle, var(--text) 0.8px, transparent 1px);
  background-size: 4px 4px;
}
.ends .inner {
  max-width: 56%;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.own-scale {
  display: flex;
  align-items: center;
  gap: 6px;
  margin-top: 4px;
}
.own-scale .name {
  flex: 0 1 auto;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.own-scale .bar {
  flex: 1;
  min-width: 60px;
  width: 0;
  height: 8px;
}
.sides {
  margin: 2px 0;
  border-spacing: 0;
  font-variant-numeric: tabular-nums;
}
.sides td {
  padding: 0;
  white-space: nowrap;
}
.sides td:first-child {
  padding-right: 12px;
  color: var(--dim);
}
.sides td:last-child {
  text-align: right;
}
.sides i {
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-right: 6px;
  border-radius: 2px;
}
.sides .is-far {
  text-decoration: underline dotted;
}
.readout .away.far {
  text-decoration: underline dotted;
}
.map.coming > canvas,
.coming .plot {
  opacity: 0.55;
}
@media (max-width: 820px) {
  .tools {
    gap: 5px;
  }
  .tools .of span {
    display: none;
  }
  .tools .segments button {
    padding-inline: 6px;
  }
  .compare button {
    max-width: 84px;
  }
}
`;
function View({ reload }) {
  const store = useStore();
  const error = store.seriesError.value;
  const marksError = store.windowsError.value;
  const nothing = store.shown.value.length === 0;
  return /* @__PURE__ */ u("section", { class: "panel", "aria-label": TEXT.gradientFlow, children: [
    /* @__PURE__ */ u("div", { class: "tools", children: [
      /* @__PURE__ */ u(StatisticSelect, {}),
      /* @__PURE__ */ u(RoleSelect, {}),
      /* @__PURE__ */ u(CompareSwitch, {}),
      /* @__PURE__ */ u(ScaleSwitch, {}),
      /* @__PURE__ */ u(RangeControl, {}),
      /* @__PURE__ */ u(ThresholdControl, {}),
      /* @__PURE__ */ u("span", { class: "gap" }),
      store.loading.value && /* @__PURE__ */ u("span", { class: "dim", role: "status", children: store.progress.value && store.progress.value.of > 1 ? TEXT.loadingRuns(store.progress.value.done, store.progress.value.of) : TEXT.loading }),
      /* @__PURE__ */ u(StepControl, {}),
      /* @__PURE__ */ u(FlowExports, {})
    ] }),
    nothing ? /* @__PURE__ */ u(NoRuns, {}) : error !== null && store.series.value.length === 0 ? /* @__PURE__ */ u(Failure, { what: TEXT.whatSeries, message: error, retry: reload }) : /* @__PURE__ */ u(S, { children: [
      error !== null && /* @__PURE__ */ u(Failure, { what: TEXT.whatSeries, message: error, retry: reload }),
      error === null && marksError !== null && /* @__PURE__ */ u(Failure, { what: TEXT.whatMarks, message: marksError, retry: reload }),
      /* @__PURE__ */ u(Stage, {})
    ] })
  ] });
}
export {
  View,
  style
};
