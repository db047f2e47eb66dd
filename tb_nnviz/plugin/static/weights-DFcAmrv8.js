import { aM as labelOf, C as CELL, e as colourOf, aH as interpolateViridis, av as allSteps, u as useStore, aN as parseNumber, a0 as T, x as nearest, f as prepare, g as palette, j as hatchTile, m as ink, A, _, aI as tableColour, a as u, T as TEXT, ax as tick, S, K as short, J as exact, aA as stepDomain, d, a3 as SeriesChart, W as shapeOf, aa as useSize, ad as RunHead, am as Failure, aO as quote, aL as Popover, au as NumberField, aD as StepSlider, E as Exports, ay as useAnswer, I as choose, ab as useCourse, aC as LayerList, al as NoRuns, aB as PanelEmpty } from "./main-Dh5P77kt.js";
const LEAST_PIXEL = 2;
const MOST_PIXEL = 18;
const LEAST_HEIGHT = 240;
function sheetOf({ axes, shape }) {
  if (axes.at(-1) !== "width") return { rows: shape.at(-2), columns: shape.at(-1), kernel: null };
  const [out, into, height, width] = shape;
  return { rows: out * height, columns: into * width, kernel: { height, width } };
}
function placing(cells, width, mostHeight) {
  const { rows, columns, kernel } = cells;
  if (!kernel) {
    const across = Math.min(width / columns, 48);
    const square = across * rows;
    const height = Math.min(mostHeight, Math.max(square, LEAST_HEIGHT), 48 * rows);
    return {
      cell: [across, height / rows],
      block: [columns, rows],
      gap: 0,
      width: across * columns,
      height
    };
  }
  const images = [columns / kernel.width, rows / kernel.height];
  const gapFor = (pixel2) => pixel2 >= 4 ? 2 : 1;
  let pixel = MOST_PIXEL;
  const fits = () => columns * pixel + (images[0] - 1) * gapFor(pixel) <= width && rows * pixel + (images[1] - 1) * gapFor(pixel) <= mostHeight;
  while (pixel > LEAST_PIXEL && !fits()) pixel--;
  const gap = gapFor(pixel);
  return {
    cell: [pixel, pixel],
    block: [kernel.width, kernel.height],
    gap,
    width: columns * pixel + (images[0] - 1) * gap,
    height: rows * pixel + (images[1] - 1) * gap
  };
}
const edge = (placing2, axis, at) => at * placing2.cell[axis] + Math.floor(at / placing2.block[axis]) * placing2.gap;
function cellAt(placing2, axis, place2) {
  if (place2 < 0 || place2 >= (axis === 0 ? placing2.width : placing2.height)) return -1;
  const size = placing2.cell[axis] * placing2.block[axis];
  const block = Math.floor(place2 / (size + placing2.gap));
  const within = place2 - block * (size + placing2.gap);
  if (within >= size) return -1;
  return block * placing2.block[axis] + Math.min(placing2.block[axis] - 1, Math.floor(within / placing2.cell[axis]));
}
function colours({ values, states }, scale, palette2) {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++)
    rgb.set(colourOf(states[i], values[i], scale, palette2), 3 * i);
  return rgb;
}
const HATCH = 5;
const WHITE = [255, 255, 255];
function paintCells(cells, shown, placing2, scale, palette2, dpr) {
  const width = Math.max(1, Math.round(placing2.width * dpr));
  const height = Math.max(1, Math.round(placing2.height * dpr));
  const across = Int32Array.from({ length: width }, (_2, x) => cellAt(placing2, 0, (x + 0.5) / dpr));
  const pixels = new Uint8ClampedArray(4 * width * height);
  const rgb = colours(shown, scale, palette2);
  const every = Math.round(HATCH * dpr);
  for (let y = 0; y < height; y++) {
    const row = cellAt(placing2, 1, (y + 0.5) / dpr);
    if (row < 0) continue;
    for (let x = 0; x < width; x++) {
      if (across[x] < 0) continue;
      const cell = row * cells.columns + across[x];
      const to = 4 * (y * width + x);
      const line = shown.states[cell] === CELL.nonfinite && (x + y) % every < dpr;
      for (let k = 0; k < 3; k++) pixels[to + k] = line ? WHITE[k] : rgb[3 * cell + k];
      pixels[to + 3] = 255;
    }
  }
  return { pixels, width, height };
}
function labelsOf(all, scale) {
  const found = /* @__PURE__ */ new Set();
  for (const { values, states } of all)
    for (let i = 0; i < values.length; i++) found.add(labelOf(states[i], values[i], scale));
  return found;
}
const centred = (reach2) => {
  const hi = reach2 > 0 ? reach2 : 1;
  return { mode: "linear", lo: -hi, hi, diverging: true };
};
function tracks(series, names) {
  return series.flatMap(
    (one) => names.flatMap((name, row) => {
      const n = names.length;
      if (one.columns && one.starts) {
        const { min, max } = one.columns.value;
        const { starts, steps: all } = one;
        const steps = new Float64Array(2 * starts.length);
        const values2 = new Float32Array(2 * starts.length);
        starts.forEach((start, i) => {
          const end = starts[i + 1] ?? all.length;
          steps[2 * i] = all[start];
          steps[2 * i + 1] = all[Math.min(all.length - 1, Math.max(start, Math.floor((start + end) / 2)))];
          values2[2 * i] = min[i * n + row];
          values2[2 * i + 1] = max[i * n + row];
        });
        return present({ run: one.run, name, steps, values: values2 });
      }
      const value = one.values?.value;
      if (!value) return [];
      const values = Float32Array.from(one.steps, (_2, i) => value[i * n + row]);
      const absent = one.absent && one.steps.every((_2, i) => one.absent[i * n + row] === 1);
      return absent ? [] : present({ run: one.run, name, steps: one.steps, values });
    })
  );
}
const present = (track) => track.steps.length > 0 ? [track] : [];
function trackCurves(shown) {
  const steps = allSteps(shown.map((one) => one.steps));
  const at = /* @__PURE__ */ new Map();
  steps.forEach((step, i) => {
    at.set(step, i);
  });
  const runs = shown.map((track) => {
    const curve = {
      run: track.run,
      values: new Array(steps.length).fill(void 0),
      zeros: [],
      nonfinites: []
    };
    track.steps.forEach((step, i) => {
      const finite = Number.isFinite(track.values[i]);
      curve.values[at.get(step)] = finite ? track.values[i] : null;
      if (!finite) curve.nonfinites.push(step);
    });
    return curve;
  });
  return { steps, runs };
}
function trackColours(n, dark) {
  const [from, to] = dark ? [0.35, 1] : [0, 0.72];
  return Array.from(
    { length: n },
    (_2, i) => interpolateViridis(n === 1 ? from : from + (to - from) * i / (n - 1))
  );
}
const MOST_TIMES$1 = 3;
function trackRange(shown) {
  const byRun = /* @__PURE__ */ new Map();
  for (const { run, values } of shown) {
    const range = byRun.get(run) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < range[0]) range[0] = value;
      if (value > range[1]) range[1] = value;
    }
    byRun.set(run, range);
  }
  const ranges = [...byRun.values()].filter(([lo2, hi2]) => lo2 <= hi2);
  if (ranges.length === 0) return [-1, 1];
  const sizes = ranges.map(([lo2, hi2]) => Math.max(Math.abs(lo2), Math.abs(hi2))).sort((a, b) => a - b);
  const limit = Number((MOST_TIMES$1 * (sizes[Math.floor((sizes.length - 1) / 2)] || 1)).toPrecision(2));
  const lo = Math.max(-limit, Math.min(...ranges.map((range) => range[0])));
  const hi = Math.min(limit, Math.max(...ranges.map((range) => range[1])));
  return lo < hi ? [lo, hi] : [lo - Math.abs(lo || 1) / 2, hi + Math.abs(hi || 1) / 2];
}
const isBeyond = (shown, [lo, hi]) => shown.some(({ values }) => values.some((value) => Number.isFinite(value) && (value < lo || value > hi)));
const PREFIX = "nnviz/weight/";
function readWeights(header) {
  const found = /* @__PURE__ */ new Map();
  for (const { tag, step, header: map, row } of header.maps) {
    const name = tag.slice(PREFIX.length);
    const shape = row?.shape ?? map.tensor?.shape ?? map.shape;
    const known = found.get(name);
    const bytes = map.shape.reduce((all, n) => all * n, 1);
    found.set(name, {
      name,
      note: shape.join(" × "),
      module: row?.module ?? name.slice(0, Math.max(0, name.lastIndexOf("."))),
      bytes: Math.max(bytes, known?.bytes ?? 0),
      sheet: known?.sheet ?? sheetOf(map),
      last: Math.max(step, known?.last ?? 0)
    });
  }
  return [...found.values()];
}
function readMaps(header) {
  const { steps, maps } = header;
  const byRun = /* @__PURE__ */ new Map();
  for (const map of maps) byRun.set(map.run, [...byRun.get(map.run) ?? [], map]);
  return { steps: new Map(steps.map((one) => [one.run, one.steps])), maps: byRun };
}
const MOST_BYTES = 16 << 20;
const KEPT = 50;
function mapsQuestion(runs, weight, step) {
  const all = weight.bytes * runs.length * KEPT <= MOST_BYTES;
  const steps = all ? null : [.../* @__PURE__ */ new Set([0, step ?? weight.last])];
  return { runs, prefix: PREFIX, tag: PREFIX + weight.name, steps };
}
function readTracked(header) {
  const found = /* @__PURE__ */ new Map();
  for (const rows of Object.values(header.layouts)) {
    for (const { name, parameter } of rows) {
      const names = found.get(parameter) ?? [];
      if (!names.includes(name)) names.push(name);
      found.set(parameter, names);
    }
  }
  return found;
}
const readTracks = (names) => (header) => tracks(header.series, names);
const REDUCTIONS = ["mean", "min", "max"];
const NONFINITE_CODE = 255;
function codebook({ scale, offset, zero, nonfinite }) {
  const book = new Float64Array(256);
  for (let code = 0; code < 256; code++) {
    book[code] = zero == null ? offset + scale * code : (code - zero) * scale;
  }
  if (nonfinite > 0) book[NONFINITE_CODE] = Number.NaN;
  return book;
}
function decodeCells({ header, values }) {
  const book = codebook(header);
  const tiled = header.axes[0] === "reduction";
  const shape = tiled ? header.shape.slice(1) : header.shape;
  const sizeOf = (axis, kept) => header.downsampled?.[axis]?.[0] ?? kept;
  if (header.axes.at(-1) === "width") {
    const [out, into, height, width] = shape;
    const cells = new Float64Array(values.length);
    for (let o = 0, from = 0; o < out; o++)
      for (let i = 0; i < into; i++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++, from++)
            cells[((o * height + y) * into + i) * width + x] = book[values[from]];
    const units = (axis, n) => header.unit_order?.[axis] ?? Array.from({ length: n }, (_2, i) => i);
    return {
      rows: out * height,
      columns: into * width,
      tile: [1, 1],
      size: [out * height, into * width],
      mean: cells,
      min: cells,
      max: cells,
      kernel: { height, width, out: units("out", out), in: units("in", into) },
      resolution: header.scale
    };
  }
  const [rows, columns] = shape;
  const size = [sizeOf("row", rows), sizeOf("column", columns)];
  const plane = (k) => Float64Array.from(values.subarray(k * rows * columns, (k + 1) * rows * columns), (code) => book[code]);
  const mean = plane(0);
  return {
    rows,
    columns,
    tile: [Math.ceil(size[0] / rows), Math.ceil(size[1] / columns)],
    size,
    mean,
    min: tiled ? plane(1) : mean,
    max: tiled ? plane(2) : mean,
    kernel: null,
    resolution: header.scale
  };
}
function fold(cells, mostRows, mostColumns) {
  const high = Math.ceil(cells.rows / Math.max(1, mostRows));
  const wide = Math.ceil(cells.columns / Math.max(1, mostColumns));
  if (cells.kernel || high === 1 && wide === 1) return cells;
  const rows = Math.ceil(cells.rows / high);
  const columns = Math.ceil(cells.columns / wide);
  const mean = new Float64Array(rows * columns);
  const min = new Float64Array(rows * columns).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  const counts = new Float64Array(rows * columns);
  const span = (at, axis) => Math.min(cells.tile[axis], cells.size[axis] - at * cells.tile[axis]);
  for (let r = 0, from = 0; r < cells.rows; r++) {
    const tall = span(r, 0);
    for (let c = 0; c < cells.columns; c++, from++) {
      const at = Math.floor(r / high) * columns + Math.floor(c / wide);
      const count = tall * span(c, 1);
      mean[at] += count * cells.mean[from];
      counts[at] += count;
      min[at] = min[at] <= cells.min[from] ? min[at] : cells.min[from] < min[at] ? cells.min[from] : Number.NaN;
      max[at] = max[at] >= cells.max[from] ? max[at] : cells.max[from] > max[at] ? cells.max[from] : Number.NaN;
    }
  }
  for (let at = 0; at < mean.length; at++) mean[at] /= counts[at];
  const tile = [cells.tile[0] * high, cells.tile[1] * wide];
  return { ...cells, rows, columns, tile, mean, min, max };
}
const sameUnits = (a, b) => JSON.stringify(a) === JSON.stringify(b);
function difference(a, b) {
  const alike = a.rows === b.rows && a.columns === b.columns && a.size[0] === b.size[0] && a.size[1] === b.size[1] && sameUnits(a.kernel, b.kernel);
  if (!alike) return null;
  const least = (a.resolution + b.resolution) / 2;
  const moved = new Float64Array(a.mean.length);
  for (let i = 0; i < moved.length; i++) {
    const d2 = a.mean[i] - b.mean[i];
    moved[i] = Math.abs(d2) < least * (1 - 1e-9) ? 0 : d2;
  }
  return { ...a, mean: moved, min: moved, max: moved, resolution: a.resolution + b.resolution };
}
function figures(cells, reduction) {
  const values = cells[reduction];
  const states = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) states[i] = CELL.nonfinite;
    else if (cells.min[i] === 0 && cells.max[i] === 0) states[i] = CELL.zero;
  }
  return { values, states };
}
function reach(values) {
  const sizes = [];
  const stride = Math.max(1, Math.floor(values.length / 2e4));
  for (let i = 0; i < values.length; i += stride) {
    if (Number.isFinite(values[i])) sizes.push(Math.abs(values[i]));
  }
  if (sizes.length === 0) return 0;
  const sorted = Float64Array.from(sizes).sort();
  return sorted[Math.ceil(0.995 * (sorted.length - 1))];
}
const MOST_TIMES = 2;
function layerReach(runs) {
  const needed = runs.flatMap((reaches) => {
    const sorted = reaches.filter((one) => one > 0).sort((a, b) => a - b);
    return sorted.length > 0 ? [sorted[Math.ceil(0.75 * (sorted.length - 1))]] : [];
  });
  if (needed.length === 0) return 0;
  needed.sort((a, b) => a - b);
  return Math.min(needed[needed.length - 1], MOST_TIMES * needed[Math.floor((needed.length - 1) / 2)]);
}
function place(cells, row, column) {
  const { kernel, tile, size } = cells;
  if (kernel) {
    const out = kernel.out[Math.floor(row / kernel.height)];
    const into = kernel.in[Math.floor(column / kernel.width)];
    return [out, into, row % kernel.height, column % kernel.width].join(", ");
  }
  const span = (at, axis) => {
    const from = at * tile[axis];
    const to = Math.min(size[axis], from + tile[axis]) - 1;
    return from === to ? String(from) : `${from}–${to}`;
  };
  return `${span(row, 0)}, ${span(column, 1)}`;
}
const MINUS = ["none", "ref", "first"];
const decoded = /* @__PURE__ */ new WeakMap();
function cellsOf(map) {
  let cells = decoded.get(map);
  if (!cells) {
    cells = decodeCells(map);
    decoded.set(map, cells);
  }
  return cells;
}
const stepsOf = (maps) => maps.map(({ step }) => step);
const nearestMap = (maps, step) => maps && maps.length > 0 ? maps[nearest(stepsOf(maps), step)] : null;
const oneOf = (all, value) => all.find((one) => one === value) ?? all[0];
function useWeights(runs, data) {
  const store = useStore();
  const minus = oneOf(MINUS, store.key("weights.minus").value);
  const wanted = oneOf(REDUCTIONS, store.key("weights.show").value);
  const fixed = parseNumber(store.key("weights.range").value ?? "");
  const ref = store.ref.value;
  const maps = data?.maps ?? EMPTY;
  const shownRuns = runs.join("\n");
  const steps = T(() => allSteps(runs.map((run) => data?.steps.get(run) ?? [])), [data, shownRuns]);
  const last = steps.at(-1) ?? 0;
  const cursor = store.view.step.value ?? last;
  const step = steps.length > 0 ? steps[nearest(steps, cursor)] : 0;
  const tiled = [...maps.values()].some((all) => all.some(({ header }) => header.axes[0] === "reduction"));
  const meanOnly = tiled && minus !== "none";
  const reduction = meanOnly ? "mean" : wanted;
  const shownOf = (run, map) => {
    const cells = cellsOf(map);
    if (minus === "none") return cells;
    const other = minus === "first" ? maps.get(run)?.[0] : nearestMap(ref ? maps.get(ref) : void 0, map.step);
    return other ? difference(cells, cellsOf(other)) : null;
  };
  const automatic = T(() => {
    const reaches = runs.map(
      (run) => (maps.get(run) ?? []).map((map) => {
        const shown = shownOf(run, map);
        return shown ? reach(shown[reduction]) : 0;
      })
    );
    const widest = layerReach(reaches);
    return widest > 0 ? twoDigits(widest) : 1;
  }, [maps, shownRuns, minus, ref, reduction]);
  const at = T(() => {
    const found = /* @__PURE__ */ new Map();
    for (const run of runs) {
      const map = nearestMap(maps.get(run), step);
      if (map) found.set(run, { map, cells: cellsOf(map), shown: shownOf(run, map) });
    }
    return found;
  }, [maps, shownRuns, minus, ref, step]);
  const scale = T(() => centred(fixed !== null && fixed > 0 ? fixed : automatic), [fixed, automatic]);
  return { steps, step, runs: at, minus, reduction, meanOnly, scale, fixed };
}
const twoDigits = (value) => Number(value.toPrecision(2));
const EMPTY = /* @__PURE__ */ new Map();
const MARGIN = { right: 34, bottom: 26 };
const AIR = 4;
function drawWeights(canvas, model) {
  const { cells, placing: placing2, scale, dark, dpr } = model;
  const g = prepare(canvas, placing2.width + MARGIN.right, placing2.height + MARGIN.bottom, dpr);
  if (!g) return;
  const painted = paintCells(cells, model.figures, placing2, scale, palette(true, dark), dpr);
  g.putImageData(new ImageData(new Uint8ClampedArray(painted.pixels), painted.width, painted.height), 0, 0);
  drawBars(g, model, 1);
  drawBars(g, model, 0);
}
function drawBars(g, model, axis) {
  const { cells, placing: placing2, dark } = model;
  const reach2 = axis === 1 ? model.reach.rows : model.reach.columns;
  const bars2 = axis === 1 ? model.rows : model.columns;
  if (!bars2) return;
  const colours2 = ink(dark);
  const room = (axis === 1 ? MARGIN.right : MARGIN.bottom) - AIR - 5;
  const start = (axis === 1 ? placing2.width : placing2.height) + AIR;
  const lines = bars2.high.length;
  const block = cells.kernel ? placing2.block[axis] : 1;
  const box = (from, to, a, b) => axis === 1 ? g.fillRect(a, from, b - a, to - from) : g.fillRect(from, a, to - from, b - a);
  const hatch = g.createPattern(hatchTile(colours2.hatch, 1), "repeat");
  for (let line = 0; line < lines; line++) {
    const from = edge(placing2, axis, line * block);
    const to = edge(placing2, axis, (line + 1) * block - 1) + placing2.cell[axis];
    const thick = to - from > 3 ? 1 : 0;
    const [low, high] = [bars2.low[line], bars2.high[line]];
    if (Number.isNaN(high)) {
      g.fillStyle = "rgb(200,30,160)";
      box(from, to - thick, start, start + room);
      if (hatch) {
        g.fillStyle = hatch;
        box(from, to - thick, start, start + room);
      }
      continue;
    }
    const length = (norm) => reach2 > 0 ? room * Math.min(1, norm / reach2) : 0;
    g.fillStyle = colours2.dots;
    box(from, to - thick, start, start + length(high));
    g.fillStyle = colours2.dim;
    g.globalAlpha = 0.72;
    box(from, to - thick, start, start + length(low));
    g.globalAlpha = 1;
    if (low === 0) {
      g.fillStyle = colours2.critical;
      box(from, Math.max(from + 1, to - thick), start - 1, start + 3);
    }
    if (high > reach2 * 1.0001) {
      g.fillStyle = colours2.accent;
      box(from, Math.max(from + 1, to - thick), start + room - 1, start + room + 3);
    }
  }
}
const STANDS_OUT = 5;
const MOST_NAMED = 2;
function facts(header) {
  return Object.entries(header.norms ?? {}).map(([axis, { min, max }]) => {
    const kept = header.downsampled?.[axis];
    const tile = min && kept ? Math.ceil(kept[0] / kept[1]) : 1;
    const size = kept?.[0] ?? max.length;
    const name = (at) => {
      const from = header.unit_order?.[axis]?.[at] ?? at * tile;
      const to = Math.min(size, from + tile) - 1;
      return from >= to ? String(from) : `${from}–${to}`;
    };
    let zero = 0;
    let least = header.unit_order?.[axis] !== void 0;
    max.forEach((norm, at) => {
      if (norm === 0) zero += Math.min(tile, size - at * tile);
      else if (min?.[at] === 0) {
        zero += 1;
        least = true;
      }
    });
    const usual = median(max.filter((norm) => norm !== null && norm > 0));
    const large = max.map((norm, at) => ({ line: name(at), times: norm === null || usual === 0 ? 0 : norm / usual })).filter(({ times }) => times >= STANDS_OUT).sort((a, b) => b.times - a.times).slice(0, MOST_NAMED);
    return { axis, zero, least: least && zero > 0, large };
  });
}
function median(values) {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)];
}
function unmoved(moved) {
  const { kernel } = moved;
  const high = kernel?.height ?? 1;
  const wide = kernel?.width ?? moved.columns;
  const down = moved.rows / high;
  const across = moved.columns / wide;
  let still = 0;
  for (let r = 0; r < down; r++) {
    for (let c = 0; c < across; c++) {
      let at = 0;
      while (at < high * wide) {
        const cell = (r * high + Math.floor(at / wide)) * moved.columns + c * wide + at % wide;
        if (moved.mean[cell] !== 0) break;
        at++;
      }
      if (at === high * wide) still++;
    }
  }
  return { still, all: down * across };
}
function bars(header, axis, lines) {
  const norms = header.norms?.[axis];
  if (!norms) return null;
  const high = norms.max.map((norm) => norm ?? Number.NaN);
  const low = norms.min?.map((norm) => norm ?? Number.NaN) ?? high;
  const group = Math.ceil(high.length / Math.max(1, lines));
  const merged = (values, pick) => Float64Array.from(
    { length: Math.ceil(values.length / group) },
    (_2, i) => pick(...values.slice(i * group, (i + 1) * group))
  );
  return { low: merged(low, Math.min), high: merged(high, Math.max) };
}
function barReach(all) {
  let reach2 = 0;
  for (const one of all) {
    const finite = one ? [...one.high].filter((norm) => Number.isFinite(norm) && norm > 0) : [];
    const largest = finite.reduce((a, b) => Math.max(a, b), 0);
    reach2 = Math.max(reach2, Math.min(largest, 4 * median(finite)));
  }
  return reach2;
}
const css = (rgb) => `rgb(${rgb.join(",")})`;
function WeightLegend({ model, labels, kernels }) {
  const store = useStore();
  const colours2 = palette(true, store.dark.value);
  const ref = A(null);
  _(() => {
    const g = ref.current?.getContext("2d");
    if (!g) return;
    for (let i = 0; i < 256; i++) {
      g.fillStyle = css(tableColour(colours2, i / 255));
      g.fillRect(i, 0, 1, 1);
    }
  }, [colours2]);
  const { lo, hi } = model.scale;
  const text = TEXT.weights;
  const chip = (label, name, look, rgb) => labels.has(label) && /* @__PURE__ */ u("span", { class: "chip", children: [
    /* @__PURE__ */ u("i", { class: look, style: { backgroundColor: css(rgb) } }),
    name
  ] });
  return /* @__PURE__ */ u("div", { class: "w-legend", "data-testid": "weights-legend", children: [
    /* @__PURE__ */ u("span", { class: "w-ramp", role: "img", "aria-label": TEXT.legend, children: [
      /* @__PURE__ */ u("span", { children: tick(lo) }),
      /* @__PURE__ */ u("canvas", { class: "bar", width: 256, height: 1, ref }),
      /* @__PURE__ */ u("span", { children: tick(hi) })
    ] }),
    chip("under", `< ${tick(lo)}`, "", colours2.under),
    chip("over", `> ${tick(hi)}`, "", colours2.over),
    chip("zero", model.minus === "none" ? TEXT.exactZero : text.zeroDifference, "", colours2.zero),
    chip("nonfinite", TEXT.nonfinite, "hatched", colours2.nonfinite),
    /* @__PURE__ */ u("span", { class: "dim", children: kernels ? text.norms(text.line.out, text.line.in) : text.norms(text.line.row, text.line.column) })
  ] });
}
function RunMap({ run, name, drawn, all, model, reach: reach2, most, cell, setCell }) {
  const store = useStore();
  const ref = A(null);
  const { cells, placing: placing2 } = drawn;
  const dark = store.dark.value;
  const dpr = window.devicePixelRatio;
  _(() => {
    if (ref.current) drawWeights(ref.current, { ...drawn, scale: model.scale, reach: reach2, dark, dpr });
  }, [drawn, model.scale, reach2.rows, reach2.columns, dark, dpr]);
  const text = TEXT.weights;
  const pointed = (event) => {
    const box = ref.current.getBoundingClientRect();
    const column = cellAt(placing2, 0, event.clientX - box.left);
    const row = cellAt(placing2, 1, event.clientY - box.top);
    if (row < 0 || column < 0) return left();
    setCell({ row, column });
    const at = row * cells.columns + column;
    const bad = drawn.figures.states[at] === CELL.nonfinite;
    const others = [...all].filter(
      ([other, { cells: its }]) => other !== run && its.columns === cells.columns && its.rows === cells.rows
    );
    const count = cells.tile[0] * cells.tile[1];
    store.note.value = {
      run,
      step: text.at(drawn.map.step),
      what: text.weight(name, place(cells, row, column)),
      value: exact(drawn.figures.values[at]),
      lines: [
        ...bad ? [TEXT.state.nonfinite] : [],
        ...count > 1 ? [
          text.tile(count),
          text.three(
            ...["mean", "min", "max"].map((one) => short(cells[one][at]))
          )
        ] : [],
        ...model.minus !== "none" ? [text.other(text.minus.none, short(drawn.values.mean[at]))] : [],
        ...others.map(
          ([other, its]) => text.other(store.shortNames.value.get(other) ?? other, short(its.figures.values[at]))
        )
      ],
      help: (model.minus === "none" ? text.steps : text.differs)(
        short(cells.resolution / (model.minus === "none" ? 1 : 2))
      ),
      x: event.clientX,
      y: event.clientY
    };
  };
  const left = () => {
    setCell(null);
    store.note.value = null;
  };
  _(() => () => left(), []);
  const sentences = T(() => said(drawn, model), [drawn, model]);
  const inside = cell && cell.row < cells.rows && cell.column < cells.columns ? cell : null;
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "w-map",
        style: { maxHeight: `${most + MARGIN.bottom}px` },
        onPointerMove: pointed,
        onPointerLeave: left,
        children: [
          /* @__PURE__ */ u(
            "canvas",
            {
              ref,
              role: "img",
              "aria-label": text.column(run, name, drawn.map.step),
              "data-testid": `weights-${run}`,
              "data-cell": placing2.cell.join(" "),
              "data-block": placing2.block.join(" "),
              "data-gap": placing2.gap
            }
          ),
          inside && /* @__PURE__ */ u(
            "div",
            {
              class: "w-cell",
              style: {
                left: `${edge(placing2, 0, inside.column)}px`,
                top: `${edge(placing2, 1, inside.row)}px`,
                width: `${placing2.cell[0]}px`,
                height: `${placing2.cell[1]}px`
              }
            }
          )
        ]
      }
    ),
    /* @__PURE__ */ u("p", { class: "w-facts", "data-testid": `facts-${run}`, title: sentences.join("\n"), children: sentences.join(" · ") })
  ] });
}
function said({ map, cells }, model) {
  const text = TEXT.weights;
  const { header } = map;
  const lines = [];
  if (header.nonfinite > 0) lines.push(text.nonfinite(header.nonfinite));
  if (model.minus === "first") {
    const { still, all } = unmoved(cells);
    if (still > 0) lines.push(text.still(still, all, cells.kernel ? text.kernels : text.lines.row));
  }
  for (const { axis, zero, least, large } of facts(header)) {
    if (zero > 0) lines.push(text.zeroLines(zero, least, text.lines[axis] ?? axis));
    for (const { line, times } of large) lines.push(text.large(text.line[axis] ?? axis, line, short(times)));
  }
  const parts = Object.entries(header.downsampled ?? {}).map(
    ([axis, [size, kept]]) => text.keptOf(kept, size, text.lines[axis] ?? axis)
  );
  if (parts.length > 0 && cells.kernel) lines.push(text.kept(parts.join(", ")));
  if (cells.tile[0] * cells.tile[1] > 1) lines.push(text.tiles(cells.tile[0], cells.tile[1]));
  return lines;
}
const HEAD = 34;
const LEFT = 46;
function Tracks({ names: known, tracks: tracks2, parameter, width, across, gap, whole, height }) {
  const store = useStore();
  const names = known ?? [];
  const key = store.key("weights.track");
  const runs = store.shown.value;
  const chosen = key.value !== null && names.includes(key.value) ? key.value : null;
  const colours2 = trackColours(names.length, store.dark.value);
  const shown = T(
    () => chosen === null ? tracks2 : tracks2.filter(({ name }) => name === chosen),
    [tracks2, chosen]
  );
  const domain = T(() => stepDomain(shown.map(({ steps }) => steps)), [shown]);
  const range = T(() => trackRange(shown), [shown]);
  const cut = T(() => isBeyond(shown, range), [shown, range]);
  const text = TEXT.weights;
  const index = (name) => name.slice(parameter.length);
  const chart = (own, colour, wide, label, id) => /* @__PURE__ */ u(
    TrackChart,
    {
      id,
      tracks: own,
      colours: own.map(colour),
      domain,
      range,
      width: wide,
      height: height - HEAD,
      label
    },
    id
  );
  return /* @__PURE__ */ u("div", { class: "w-tracks", "aria-busy": known === null, style: { height: `${height}px` }, children: [
    /* @__PURE__ */ u("div", { class: "w-tracks-head", children: [
      /* @__PURE__ */ u("b", { children: text.tracks }),
      /* @__PURE__ */ u("div", { class: "w-picks", role: "group", "aria-label": text.tracksView, children: [
        known?.length === 0 && /* @__PURE__ */ u("span", { class: "dim", children: text.noTracks }),
        names.length > 0 && /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "w-pick",
            "aria-pressed": chosen === null,
            "data-testid": "track-all",
            onClick: () => {
              key.value = null;
            },
            children: text.each
          }
        ),
        names.map((name, i) => /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "w-pick",
            "aria-pressed": chosen === name,
            title: name,
            "data-testid": `track-${index(name)}`,
            onClick: () => {
              key.value = chosen === name ? null : name;
            },
            children: [
              /* @__PURE__ */ u("i", { style: { background: colours2[i] } }),
              index(name).replaceAll(" ", "")
            ]
          },
          name
        ))
      ] }),
      cut && /* @__PURE__ */ u("span", { class: "dim", "data-testid": "tracks-cut", children: text.tracksCut(tick(range[0]), tick(range[1])) })
    ] }),
    tracks2.length > 0 && (chosen !== null ? chart(shown, ({ run }) => store.colour(run), whole, text.tracksAll(chosen), "tracks") : /* @__PURE__ */ u(
      "div",
      {
        class: "w-runs",
        style: { gridTemplateColumns: `repeat(${across}, ${width}px)`, gap: `0 ${gap}px` },
        children: runs.map(
          (run) => chart(
            shown.filter((track) => track.run === run),
            ({ name }) => colours2[names.indexOf(name)],
            width,
            text.tracksName(run, parameter),
            `tracks-${run}`
          )
        )
      }
    ))
  ] });
}
function TrackChart({ id, tracks: tracks2, colours: colours2, domain, range, width, height, label }) {
  const store = useStore();
  const root = A(null);
  const chart = A(null);
  const [, redrawn] = d(0);
  const dark = store.dark.value;
  const looks = colours2.join();
  _(() => {
    if (!root.current) return;
    chart.current ??= new SeriesChart(root.current, () => redrawn((n) => n + 1));
    chart.current.update({
      curves: trackCurves(tracks2),
      looks: colours2.map((colour) => ({ colour, shape: shapeOf(0) })),
      scale: { mode: "linear", lo: range[0], hi: range[1], diverging: false },
      domain,
      thresholds: null,
      names: { vanishing: "", exploding: "" },
      left: LEFT,
      width,
      height,
      ink: ink(dark)
    });
  }, [tracks2, looks, domain, range, width, height, dark]);
  _(() => () => chart.current?.plot.destroy(), []);
  const moved = (event) => {
    const near = nearestTrack(event);
    if (!near) {
      store.note.value = null;
      return;
    }
    store.note.value = {
      run: near.track.run,
      step: TEXT.weights.at(near.track.steps[near.at]),
      what: near.track.name,
      value: exact(near.track.values[near.at]),
      lines: [],
      help: "",
      x: event.clientX,
      y: event.clientY
    };
  };
  function nearestTrack(event) {
    const box = chart.current?.plot.over?.getBoundingClientRect();
    if (!box) return null;
    const step = chart.current.plot.valueAt(event.clientX - box.left);
    let best = null;
    for (const track of tracks2) {
      const at = nearest(track.steps, step);
      if (at < 0) continue;
      const y = Number.isFinite(track.values[at]) ? chart.current.yOf(track.values[at]) : 0;
      const distance = Math.abs(y - (event.clientY - box.top));
      if (!best || distance < best.distance) best = { track, at, distance };
    }
    return best;
  }
  return /* @__PURE__ */ u(
    "div",
    {
      class: "w-chart",
      ref: root,
      role: "img",
      "aria-label": label,
      "data-testid": id,
      style: { height: `${height}px` },
      onPointerMove: moved,
      onPointerLeave: () => {
        store.note.value = null;
      },
      onClick: (event) => {
        const near = nearestTrack(event);
        if (near) store.view.step.value = near.track.steps[near.at];
      },
      children: chart.current?.plot.over && /* @__PURE__ */ u(Cursor, { plot: chart.current.plot })
    }
  );
}
function Cursor({ plot }) {
  const store = useStore();
  const step = store.view.step.value;
  if (step === null) return null;
  const { area } = plot;
  const x = plot.xOf(step);
  if (x < 0 || x > area.width) return null;
  return /* @__PURE__ */ u(
    "div",
    {
      class: "step-cursor plain",
      style: {
        left: `${area.left + x}px`,
        top: `${area.top}px`,
        height: `${area.height}px`
      }
    }
  );
}
const GAP = 14;
const LEAST_WIDTH = 190;
const FACTS = 24;
const AROUND = 30 + FACTS;
const TRACKS = 208;
const MOST_TRACKS = 320;
const LEGEND = 34;
const LEAST_MAP = 130;
function Stage({ model, weight, loading, names, tracks: tracks2, tracksError, retryTracks }) {
  const store = useStore();
  const { ref, width, height } = useSize();
  const [cell, setCell] = d(null);
  const runs = store.shown.value;
  const most = Math.max(1, Math.min(runs.length, Math.floor((width + GAP) / (LEAST_WIDTH + GAP))));
  const across = Math.ceil(runs.length / Math.ceil(runs.length / most));
  const each = Math.floor((width - GAP * (across - 1)) / across);
  const room = Math.max(LEAST_MAP, height - AROUND - LEGEND - TRACKS - MARGIN.bottom - 12);
  const dpr = window.devicePixelRatio;
  const drawn = T(() => {
    const found = /* @__PURE__ */ new Map();
    if (width === 0) return found;
    for (const [run, { map, cells: whole, shown }] of model.runs) {
      if (!shown) continue;
      const cells = fold(shown, Math.floor(room * dpr), Math.floor((each - MARGIN.right) * dpr));
      const values = fold(whole, Math.floor(room * dpr), Math.floor((each - MARGIN.right) * dpr));
      const placed = placing(cells, each - MARGIN.right, room);
      const [rows, columns] = cells.kernel ? ["out", "in"] : ["row", "column"];
      const { kernel } = cells;
      found.set(run, {
        map,
        cells,
        values,
        figures: figures(cells, model.reduction),
        placing: placed,
        rows: bars(map.header, rows, kernel ? kernel.out.length : cells.rows),
        columns: bars(map.header, columns, kernel ? kernel.in.length : cells.columns)
      });
    }
    return found;
  }, [model.runs, model.reduction, each, room, dpr, width]);
  const reach2 = T(
    () => ({
      rows: barReach([...drawn.values()].map((one) => one.rows)),
      columns: barReach([...drawn.values()].map((one) => one.columns))
    }),
    [drawn]
  );
  const labels = T(
    () => labelsOf(
      [...drawn.values()].map((one) => one.figures),
      model.scale
    ),
    [drawn, model.scale]
  );
  const expected = width === 0 ? 0 : placing(weight.sheet, each - MARGIN.right, room).height;
  const high = Math.max(
    Math.min(room, drawn.size > 0 ? 0 : expected),
    ...[...drawn.values()].map(({ placing: placing2 }) => Math.min(room, placing2.height))
  );
  const left = height - AROUND - LEGEND - high - MARGIN.bottom - 12;
  const tracksHeight = runs.length > across ? TRACKS : Math.max(TRACKS, Math.min(MOST_TRACKS, left));
  const kernels = [...drawn.values()].some(({ cells }) => cells.kernel !== null);
  const text = TEXT.weights;
  return /* @__PURE__ */ u("div", { class: "w-stage", ref, "data-testid": "weights-stage", children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "w-runs",
        style: { gridTemplateColumns: `repeat(${across}, ${each}px)`, gap: `0 ${GAP}px` },
        role: "group",
        "aria-label": text.shown,
        children: runs.map((run) => {
          const one = model.runs.get(run);
          const picture = drawn.get(run);
          const elsewhere = one && one.map.step !== model.step ? text.at(one.map.step) : void 0;
          const why = !one ? text.noMap : model.minus === "ref" && run === store.ref.value ? text.isReference : text.unlike;
          return /* @__PURE__ */ u("div", { class: "w-run", children: [
            /* @__PURE__ */ u(RunHead, { run, width: each, ...elsewhere === void 0 ? {} : { note: elsewhere } }),
            picture && !(model.minus === "ref" && run === store.ref.value) ? /* @__PURE__ */ u(
              RunMap,
              {
                run,
                name: weight.name,
                drawn: picture,
                all: drawn,
                model,
                reach: reach2,
                most: room,
                cell,
                setCell
              }
            ) : /* @__PURE__ */ u("div", { class: "w-none", style: { height: `${high + MARGIN.bottom + FACTS}px` }, children: loading || width === 0 ? /* @__PURE__ */ u("div", { class: "pending" }) : /* @__PURE__ */ u("div", { class: "no-data", children: why }) })
          ] }, run);
        })
      }
    ),
    /* @__PURE__ */ u(WeightLegend, { model, labels, kernels }),
    tracksError !== null ? /* @__PURE__ */ u(Failure, { what: text.whatTracks, message: tracksError, retry: retryTracks }) : /* @__PURE__ */ u(
      Tracks,
      {
        names,
        tracks: tracks2,
        parameter: weight.name,
        width: each,
        across,
        gap: GAP,
        whole: width,
        height: tracksHeight
      }
    )
  ] });
}
const style = '.w-main {\n  min-width: 0;\n  min-height: 0;\n  display: flex;\n  flex-direction: column;\n}\n.w-stage {\n  flex: 1;\n  min-height: 0;\n  overflow: hidden auto;\n  scrollbar-width: thin;\n}\n.w-runs {\n  display: grid;\n  justify-content: start;\n}\n.w-run {\n  min-width: 0;\n}\n.w-map {\n  position: relative;\n  overflow: auto;\n  scrollbar-width: thin;\n  cursor: crosshair;\n}\n.w-map canvas {\n  display: block;\n}\n.w-cell {\n  position: absolute;\n  pointer-events: none;\n  min-width: 3px;\n  min-height: 3px;\n  outline: 1.5px solid var(--accent);\n  box-shadow: 0 0 0 2.5px var(--halo);\n}\n.w-facts {\n  height: 24px;\n  padding-top: 3px;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n  font-size: 11.5px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.w-legend {\n  display: flex;\n  flex-wrap: wrap;\n  align-items: center;\n  gap: 2px 14px;\n  min-height: 34px;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.w-ramp {\n  display: inline-flex;\n  align-items: center;\n  gap: 7px;\n}\n.w-ramp .bar {\n  width: 150px;\n  height: 10px;\n  border-radius: 2px;\n}\n.w-tracks-head {\n  display: flex;\n  align-items: center;\n  gap: 4px;\n  height: 34px;\n  white-space: nowrap;\n  font-size: 12px;\n}\n.w-picks {\n  flex: 1;\n  min-width: 0;\n  display: flex;\n  gap: 2px;\n  overflow: auto hidden;\n  scrollbar-width: none;\n}\n.w-tracks-head b {\n  font-weight: 600;\n  margin-right: 6px;\n}\n.w-pick {\n  display: inline-flex;\n  align-items: center;\n  gap: 5px;\n  height: 22px;\n  padding: 0 7px;\n  border-radius: 5px;\n  font-size: 11.5px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n  outline-offset: -2px;\n}\n.w-pick:hover {\n  background: var(--hover);\n  color: var(--text);\n}\n.w-pick[aria-pressed="true"] {\n  background: var(--chip);\n  color: var(--text);\n}\n.w-pick i {\n  width: 10px;\n  height: 3px;\n  border-radius: 1px;\n}\n.w-chart {\n  position: relative;\n  cursor: crosshair;\n}\n';
function weightsCsv(parameter, sheets) {
  const lines = ["run,parameter,step,index,mean,min,max"];
  for (const { run, step, cells } of sheets) {
    if (!cells) continue;
    for (let row = 0, at = 0; row < cells.rows; row++) {
      for (let column = 0; column < cells.columns; column++, at++) {
        const index = quote(place(cells, row, column));
        const three = [cells.mean[at], cells.min[at], cells.max[at]].map(exact);
        lines.push([quote(run), quote(parameter), step, index, ...three].join(","));
      }
    }
  }
  return `${lines.join("\n")}
`;
}
function Tools({ model, weight, ready }) {
  const store = useStore();
  const minus = store.key("weights.minus");
  const show = store.key("weights.show");
  const range = store.key("weights.range");
  const text = TEXT.weights;
  const hi = model.scale.hi;
  return /* @__PURE__ */ u("div", { class: "tools", children: [
    /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": text.show, children: MINUS.map((one) => /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        "aria-pressed": model.minus === one,
        title: text.minusTitle[one],
        "data-testid": `minus-${one}`,
        onClick: () => {
          minus.value = one === "none" ? null : one;
        },
        children: text.minus[one]
      },
      one
    )) }),
    /* @__PURE__ */ u(
      "fieldset",
      {
        class: "segments",
        "aria-label": text.reductionName,
        style: weight?.sheet.kernel ? { visibility: "hidden" } : void 0,
        children: REDUCTIONS.map((one) => /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            "aria-pressed": model.reduction === one,
            disabled: model.meanOnly && one !== "mean",
            title: model.meanOnly ? text.reductionOff : text.reductionTitle,
            "data-testid": `reduction-${one}`,
            onClick: () => {
              show.value = one === "mean" ? null : one;
            },
            children: text.reduction[one]
          },
          one
        ))
      }
    ),
    /* @__PURE__ */ u(
      Popover,
      {
        label: text.range,
        value: model.fixed === null ? text.rangeLayer : `±${tick(hi)}`,
        testid: "weights-range",
        help: text.rangeHelp,
        children: [
          /* @__PURE__ */ u("div", { class: "fields", children: /* @__PURE__ */ u(
            NumberField,
            {
              label: text.rangeField,
              value: model.fixed,
              placeholder: tick(hi),
              positive: true,
              testid: "weights-range-hi",
              set: (value) => {
                range.value = value === null ? null : String(value);
              }
            }
          ) }),
          /* @__PURE__ */ u(
            "button",
            {
              type: "button",
              class: "button",
              disabled: model.fixed === null,
              onClick: () => {
                range.value = null;
              },
              children: text.rangeLayer
            }
          )
        ]
      }
    ),
    /* @__PURE__ */ u(
      StepSlider,
      {
        steps: model.steps,
        step: model.step,
        ready,
        set: (step) => {
          store.view.step.value = step;
        }
      }
    ),
    /* @__PURE__ */ u(
      Exports,
      {
        name: `nnviz_${weight?.name ?? "weights"}_step_${model.step}`,
        png: () => document.querySelector('[data-testid="weights-stage"]'),
        csv: () => weightsCsv(
          weight?.name ?? "",
          [...model.runs].map(([run, { map, shown }]) => ({ run, step: map.step, cells: shown }))
        ),
        disabled: model.runs.size === 0
      }
    )
  ] });
}
const WIDTH = 1e3;
function View() {
  const store = useStore();
  const runs = store.shown.value;
  const asked = runs.length > 0;
  const listing = useAnswer("maps", asked ? { runs, prefix: PREFIX, tag: null } : null, readWeights);
  const weights = listing.data ?? listing.last ?? [];
  const at = weights.length === 0 ? -1 : Math.max(0, choose(store.view.row.value, weights));
  const weight = weights[at] ?? null;
  const maps = useAnswer(
    "maps",
    asked && weight ? mapsQuestion(runs, weight, store.view.step.value) : null,
    readMaps
  );
  const tracked = { runs, kind: "tracked", statistics: ["value"] };
  const singles = useAnswer("series", asked ? { ...tracked, width: 1 } : null, readTracked);
  const known = singles.data ?? singles.last;
  const names = (weight && known?.get(weight.name)) ?? [];
  const tracks2 = useAnswer(
    "series",
    names.length > 0 ? { ...tracked, rows: names, width: WIDTH } : null,
    readTracks(names)
  );
  const model = useWeights(runs, maps.data ?? maps.last);
  const { steps, step } = model;
  const select = (to) => {
    const next = weights[Math.min(weights.length - 1, Math.max(0, to))];
    if (next) store.view.row.value = next.name;
  };
  const move = (to) => {
    if (steps.length > 0) store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, to))];
  };
  useCourse({
    moveStep: (by) => move(nearest(steps, step) + by),
    moveLayer: (by) => select(at + by)
  });
  if (!asked)
    return /* @__PURE__ */ u("section", { class: "panel", "aria-label": TEXT.weights.title, children: /* @__PURE__ */ u(NoRuns, {}) });
  if (listing.data && weights.length === 0)
    return /* @__PURE__ */ u("section", { class: "panel", "aria-label": TEXT.weights.title, children: /* @__PURE__ */ u(
      PanelEmpty,
      {
        title: TEXT.weights.emptyTitle,
        help: TEXT.weights.emptyHelp,
        code: TEXT.weights.emptyCode
      }
    ) });
  const error = listing.error ?? maps.error;
  const busy = [listing, maps, singles, tracks2].some(({ loading }) => loading);
  return /* @__PURE__ */ u("section", { class: "panel", "aria-label": TEXT.weights.title, "aria-busy": busy, children: [
    /* @__PURE__ */ u(Tools, { model, weight, ready: maps.data !== null }),
    /* @__PURE__ */ u("div", { class: "with-layers", children: [
      /* @__PURE__ */ u(
        LayerList,
        {
          items: weights,
          selected: at,
          select: ({ name }) => select(weights.findIndex((one) => one.name === name))
        }
      ),
      /* @__PURE__ */ u("div", { class: "w-main", children: [
        error !== null && /* @__PURE__ */ u(
          Failure,
          {
            what: TEXT.weights.what,
            message: error,
            retry: listing.error !== null ? listing.retry : maps.retry
          }
        ),
        weight && (error === null || model.runs.size > 0) && /* @__PURE__ */ u(
          Stage,
          {
            model,
            weight,
            loading: maps.data === null && maps.last === null,
            names: known || singles.error !== null ? names : null,
            tracks: tracks2.data ?? (names.length > 0 ? tracks2.last : null) ?? [],
            tracksError: singles.error ?? tracks2.error,
            retryTracks: singles.error !== null ? singles.retry : tracks2.retry
          }
        )
      ] })
    ] })
  ] });
}
export {
  View,
  style
};
