import { J as exact, g as palette, an as NONFINITE, ao as table, ap as interpolateCividis, aq as interpolateMagma, ar as niceUp, as as densest, u as useStore, T as TEXT, K as short, f as prepare, at as FONT, m as ink, j as hatchTile, A, _, a as u, S, aa as useSize, d, h, ad as RunHead, au as NumberField, av as allSteps, aw as Ramp, ax as tick, ay as useAnswer, az as useAnswers, a0 as T$9, x as nearest, am as Failure, Z as Mark, W as shapeOf, aA as stepDomain, a3 as SeriesChart, a2 as curveScale, aB as PanelEmpty, al as NoRuns, I as choose, ab as useCourse, E as Exports, aC as LayerList, aD as StepSlider } from "./main-Dh5P77kt.js";
const readListing = (header) => header;
const readMaps = (header) => header;
const UNIT_AXES = ["channel", "feature", "head", "unit"];
const NONFINITE_CODE = 255;
function dequantize(codes, header) {
  const { scale, offset } = header;
  const bad = (header.nonfinite ?? 0) > 0;
  const table2 = Float32Array.from({ length: 256 }, (_2, code) => offset + scale * code);
  if (bad) table2[NONFINITE_CODE] = Number.NaN;
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table2[codes[i]];
  return values;
}
function boardOf(event) {
  const { header } = event;
  let { axes, shape } = header;
  if (axes.length === 1) {
    axes = ["", ...axes];
    shape = [1, ...shape];
  }
  if (axes.length !== 2 && axes.length !== 3) return null;
  const last = axes.length - 1;
  const sheet = axes.length === 2 && !UNIT_AXES.includes(axes[0]);
  const unit = sheet ? last : 0;
  const units = shape[unit];
  return {
    run: event.run,
    step: event.step,
    form: sheet ? "sheet" : "tiles",
    unitAxis: axes[unit],
    rowAxis: sheet ? axes[0] : last === 2 ? axes[1] : "",
    columnAxis: sheet ? "" : axes[last],
    rows: sheet ? shape[0] : last === 2 ? shape[1] : 1,
    columns: sheet ? 1 : shape[last],
    ids: header.unit_order?.length === units ? header.unit_order : Array.from({ length: units }, (_2, i) => i),
    values: dequantize(event.values, header),
    precision: header.scale / 2,
    units: event.units,
    header
  };
}
const placeOf = (board, unit, row, column) => board.form === "sheet" ? row * board.ids.length + unit : (unit * board.rows + row) * board.columns + column;
function layersOf(listing, runs, prefix) {
  const order = [];
  for (const run of runs) {
    let after = -1;
    for (const { run: of, tag } of listing.maps) {
      if (of !== run) continue;
      const at = order.indexOf(tag);
      if (at >= 0) after = at;
      else order.splice(++after, 0, tag);
    }
  }
  return order.map((tag) => {
    const name = tag.slice(prefix.length);
    const owned = listing.maps.filter((one) => one.tag === tag);
    const first = runs.map((run) => owned.find((one) => one.run === run)).find((one) => one !== void 0);
    return { tag, name, module: first.row?.module ?? name.split("@")[0], first };
  });
}
const sizesOf = ({ axes, shape }) => shape.filter((_2, i) => axes[i] !== "sample").join(" × ");
function samplesOf({ axes, shape }) {
  const at = axes.indexOf("sample");
  return at < 0 ? 1 : shape[at];
}
const cutsSample = ({ axes }) => axes.includes("sample") && axes.length > 2;
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
function mapsToCsv(boards, layer, sample, difference2) {
  const [first] = boards;
  const unit = first?.unitAxis || "unit";
  const row = first?.rowAxis || "row";
  const column = first?.columnAxis || "column";
  const out = [
    `run,layer,step,sample,${unit},${row},${column},${difference2 ? "value_or_difference" : "value"}`
  ];
  for (const board of boards) {
    const start = `${quote(board.run)},${quote(layer)},${board.step}`;
    board.ids.forEach((id, unitPlace) => {
      for (let r = 0; r < board.rows; r++) {
        for (let c = 0; c < board.columns; c++) {
          const shown = board.rowAxis === "sample" ? r : sample;
          out.push(
            `${start},${shown},${id},${r},${c},${exact(board.values[placeOf(board, unitPlace, r, c)])}`
          );
        }
      }
    });
  }
  return `${out.join("\n")}
`;
}
const MAP_COLOURS = ["viridis", "magma", "cividis", "grey", "diverging"];
const grey = (t) => `rgb(${Array(3).fill(Math.round(255 * t)).join(",")})`;
const INTERPOLATE = { magma: interpolateMagma, cividis: interpolateCividis, grey };
const cache = /* @__PURE__ */ new Map();
function mapPalette(name, dark) {
  if (name === "viridis" || name === "diverging") return palette(name === "diverging", dark);
  const key = `${name}/${dark}`;
  let made = cache.get(key);
  if (!made) {
    const base = palette(false, dark);
    made = { ...base, table: table(INTERPOLATE[name]), under: [0, 70, 110], nonfinite: NONFINITE };
    cache.set(key, made);
  }
  return made;
}
const EDGE = 1e-6;
function mapColour(value, { lo, hi }, colours) {
  if (Number.isNaN(value)) return colours.nonfinite;
  const t = (value - lo) / (hi - lo);
  if (t < -EDGE) return colours.under;
  if (t > 1 + EDGE) return colours.over;
  const i = 3 * Math.min(255, Math.max(0, Math.round(t * 255)));
  return [colours.table[i], colours.table[i + 1], colours.table[i + 2]];
}
function blank(width, height) {
  return { rgba: new Uint8ClampedArray(4 * width * height), width, height, nonfinite: null, dead: null };
}
function put(pixels, at, value, range, colours) {
  const rgb = mapColour(value, range, colours);
  pixels.rgba[4 * at] = rgb[0];
  pixels.rgba[4 * at + 1] = rgb[1];
  pixels.rgba[4 * at + 2] = rgb[2];
  pixels.rgba[4 * at + 3] = 255;
  if (Number.isNaN(value)) {
    pixels.nonfinite ??= new Uint8ClampedArray(pixels.rgba.length);
    pixels.nonfinite[4 * at + 3] = 255;
  }
}
function paintUnit(board, unit, range, colours) {
  const pixels = blank(board.columns, board.rows);
  for (let row = 0; row < board.rows; row++) {
    for (let column = 0; column < board.columns; column++) {
      const value = board.values[placeOf(board, unit, row, column)];
      put(pixels, row * board.columns + column, value, range, colours);
    }
  }
  return pixels;
}
function paintSheet(board, positions, rangeOf, colours, isDead) {
  const pixels = blank(positions.length, board.rows);
  positions.forEach((unit, column) => {
    if (unit < 0) return;
    const range = rangeOf(unit);
    const dead = isDead(unit);
    for (let row = 0; row < board.rows; row++) {
      const at = row * positions.length + column;
      if (!dead) {
        put(pixels, at, board.values[placeOf(board, unit, row, 0)], range, colours);
        continue;
      }
      pixels.rgba.set([...colours.zero, 255], 4 * at);
      pixels.dead ??= new Uint8ClampedArray(pixels.rgba.length);
      pixels.dead[4 * at + 3] = 255;
    }
  });
  return pixels;
}
function clipped(boards, { lo, hi }) {
  const reach = EDGE * (hi - lo);
  let under = false;
  let over = false;
  for (const { values } of boards) {
    for (const value of values) {
      if (value < lo - reach) under = true;
      if (value > hi + reach) over = true;
    }
  }
  return { under, over };
}
const NONE = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
function widen(range, values, { from = 0, to = values.length, stride = 1 } = {}) {
  let { lo, hi } = range;
  for (let i = from; i < to; i += stride) {
    if (values[i] < lo) lo = values[i];
    if (values[i] > hi) hi = values[i];
  }
  return { lo, hi };
}
const OUTLIER = 5;
const DECADES = 6;
function outlierLimit(peaks) {
  const found = peaks.map(Math.abs).filter((peak) => peak > 0 && Number.isFinite(peak));
  const usual = densest(Float32Array.from(found).sort(), DECADES);
  return usual.length > 0 ? OUTLIER * usual[usual.length - 1] : Number.POSITIVE_INFINITY;
}
function boardPeak({ values }) {
  const { lo, hi } = widen(NONE, values);
  return lo > hi ? 0 : Math.max(Math.abs(lo), Math.abs(hi));
}
function sound({ lo, hi }, signed) {
  if (lo > hi) return signed ? { lo: -1, hi: 1 } : { lo: 0, hi: 1 };
  if (signed) {
    const reach = Math.max(Math.abs(lo), Math.abs(hi)) || 1;
    return { lo: -reach, hi: reach };
  }
  if (lo < hi) return { lo, hi };
  return lo < 0 ? { lo, hi: 0 } : { lo: 0, hi: hi || 1 };
}
function layerRange(boards, signed, limit = outlierLimit(boards.map(boardPeak).filter(Boolean).slice(0, 1))) {
  let range = NONE;
  for (const board of boards) if (boardPeak(board) <= limit) range = widen(range, board.values);
  if (range.lo > 0 && boards.some(({ unitAxis }) => unitAxis === "head")) range = { lo: 0, hi: range.hi };
  return sound(range, signed);
}
function unitRange(board, unit, signed) {
  const first = placeOf(board, unit, 0, 0);
  return board.form === "sheet" ? sound(widen(NONE, board.values, { from: first, stride: board.ids.length }), signed) : sound(widen(NONE, board.values, { from: first, to: first + board.rows * board.columns }), signed);
}
const fixedRange = (most, signed) => ({ lo: signed ? -most : 0, hi: most });
function suggestion(boards) {
  const { lo, hi } = layerRange(boards, false);
  return niceUp(Math.max(Math.abs(lo), Math.abs(hi)) || 1);
}
const unitsIn = ({ header, unitAxis, ids }) => header.downsampled?.[unitAxis]?.[0] ?? ids.length;
function difference(board, reference) {
  const same = board.form === reference.form && board.unitAxis === reference.unitAxis && board.rowAxis === reference.rowAxis && board.columnAxis === reference.columnAxis;
  const sizes = board.rows === reference.rows && board.columns === reference.columns;
  if (!same || !sizes || unitsIn(board) !== unitsIn(reference)) {
    return { own: board.header.shape, other: reference.header.shape };
  }
  const place = new Map(reference.ids.map((id, unit) => [id, unit]));
  const kept = board.ids.flatMap((id, unit) => place.has(id) ? [unit] : []);
  if (kept.length === 0) return { own: board.header.shape, other: reference.header.shape };
  const figures = Object.entries(board.units).map(([name, values]) => [
    name,
    Float64Array.from(kept, (unit) => values[unit])
  ]);
  const result = {
    ...board,
    ids: kept.map((unit) => board.ids[unit]),
    values: new Float32Array(kept.length * board.rows * board.columns),
    precision: board.precision + reference.precision,
    units: Object.fromEntries(figures)
  };
  kept.forEach((unit, k) => {
    const other = place.get(board.ids[unit]);
    for (let row = 0; row < board.rows; row++) {
      for (let column = 0; column < board.columns; column++) {
        result.values[placeOf(result, k, row, column)] = board.values[placeOf(board, unit, row, column)] - reference.values[placeOf(reference, other, row, column)];
      }
    }
  });
  return result;
}
const isMismatch = (one) => "other" in one;
function unitState(board, unit) {
  const { min, max } = board.units;
  if (!min || !max || unit >= min.length) return "unknown";
  if (Number.isNaN(min[unit]) || Number.isNaN(max[unit])) return "nonfinite";
  if (min[unit] !== max[unit]) return "live";
  return min[unit] === 0 ? "dead" : "constant";
}
function countStates(board) {
  const counts = { live: 0, dead: 0, constant: 0, nonfinite: 0, unknown: 0 };
  for (let unit = 0; unit < board.ids.length; unit++) counts[unitState(board, unit)] += 1;
  return counts;
}
function activity(board, unit) {
  const { min, max } = board.units;
  if (!min || !max || unit >= min.length) return 0;
  const most = Math.max(Math.abs(min[unit]), Math.abs(max[unit]));
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}
function slotsOf(boards, order) {
  const [first, ...others] = boards;
  if (!first) return [];
  const units = first.ids.map((id, unit) => ({
    id,
    key: order === "activity" ? -activity(first, unit) : id
  }));
  units.sort((a, b) => a.key === b.key ? a.id - b.id : a.key - b.key);
  const slots = units.map(({ id }) => id);
  const known = new Set(slots);
  const extra = /* @__PURE__ */ new Set();
  for (const { ids } of others) for (const id of ids) if (!known.has(id)) extra.add(id);
  return [...slots, ...[...extra].sort((a, b) => a - b)];
}
function positionsOf(board, slots) {
  const place = new Map(board.ids.map((id, unit) => [id, unit]));
  return slots.map((id) => place.get(id) ?? -1);
}
function peakOf(board, unit) {
  let peak = 0;
  for (let row = 0; row < board.rows; row++) {
    for (let column = 0; column < board.columns; column++) {
      const value = board.values[placeOf(board, unit, row, column)];
      if (Number.isNaN(value)) return value;
      if (Math.abs(value) > Math.abs(peak)) peak = value;
    }
  }
  return peak;
}
const usualOrder = (header) => header?.axes.includes("head") ? "index" : "activity";
function pictureOf(maps, newest, options) {
  const { runs, dark } = options;
  const boards = /* @__PURE__ */ new Map();
  for (const run of runs) {
    const event = maps.get(run);
    boards.set(run, event ? boardOf(event) : null);
  }
  const reference = runs.map((run) => boards.get(run)).find((board) => board) ?? null;
  const ranks = runs.flatMap((run) => {
    const event = newest.get(run) ?? maps.get(run);
    const board = event && boardOf(event);
    return board ? [board] : [];
  });
  const slots = slotsOf(ranks, options.order ?? usualOrder(ranks[0]?.header ?? null));
  const columns = runs.map((run) => {
    const own = boards.get(run) ?? null;
    const differs = options.differ && own !== null && reference !== null && own !== reference;
    const result = differs ? difference(own, reference) : own;
    const mismatch = result && isMismatch(result) ? result : null;
    const board = result && !isMismatch(result) ? result : null;
    const event = maps.get(run);
    const undrawn = event && !own ? event.header.axes.join(" × ") : null;
    return { run, own, board, mismatch, undrawn, isDifference: differs };
  });
  const legends = [];
  const part = (isDifference) => {
    const own = columns.flatMap((one) => one.isDifference === isDifference && one.board ? [one.board] : []);
    const signed = isDifference || options.colours === "diverging";
    const palette2 = mapPalette(signed ? "diverging" : options.colours, dark);
    const range = options.scale === "fixed" ? fixedRange(options.fixed ?? suggestion(own), signed) : options.scale === "layer" ? layerRange(own, signed) : null;
    if (own.length > 0)
      legends.push({
        isDifference,
        palette: palette2,
        range,
        ...range ? clipped(own, range) : { under: false, over: false }
      });
    return { signed, palette: palette2, range };
  };
  const values = part(false);
  const differences = options.differ ? part(true) : values;
  const shown = columns.map((one) => {
    const { signed, palette: palette2, range } = one.isDifference ? differences : values;
    const { board } = one;
    return {
      ...one,
      positions: board ? positionsOf(board, slots) : slots.map(() => -1),
      rangeOf: (unit) => range ?? unitRange(board, unit, signed),
      palette: palette2
    };
  });
  const some = (test) => shown.some(({ board }) => board && test(board));
  return {
    slots,
    shown,
    legends,
    nonfinite: some(({ values: all }) => all.some(Number.isNaN)),
    dead: some(({ units: { min, max } }) => Boolean(min?.some((low, i) => low === 0 && max?.[i] === 0)))
  };
}
const SCALES = ["layer", "channel", "fixed"];
const oneOf = (all, value) => all.includes(value) ? value : null;
function wholeNumber(value) {
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}
function useChoices() {
  const store = useStore();
  const key = (name) => store.key(`act.${name}`);
  const set = (name, value) => {
    key(name).value = value;
  };
  const fixed = Number(key("fixed").value);
  return {
    sample: wholeNumber(key("sample").value) ?? 0,
    setSample: (sample) => set("sample", sample === 0 ? null : String(sample)),
    colours: oneOf(MAP_COLOURS, key("colours").value) ?? "viridis",
    setColours: (name) => set("colours", name === "viridis" ? null : name),
    scale: oneOf(SCALES, key("scale").value) ?? "layer",
    setScale: (scale) => set("scale", scale === "layer" ? null : scale),
    /** Upper end of the fixed scale; null: a round one that fits. */
    fixed: Number.isFinite(fixed) && fixed > 0 ? fixed : null,
    setFixed: (value) => set("fixed", value === null ? null : String(value)),
    differ: key("mode").value === "difference",
    setDiffer: (on) => set("mode", on ? "difference" : null),
    /** null: as is usual for what is shown. */
    order: oneOf(["activity", "index"], key("order").value),
    setOrder: (order) => set("order", order),
    /** Original index of the unit whose history is open. */
    unit: wholeNumber(key("unit").value),
    setUnit: (unit) => set("unit", unit === null ? null : String(unit))
  };
}
function sampleLabel(input, sample) {
  const label = input?.labels?.[sample];
  return typeof label === "string" ? label : null;
}
function tokensOf(input, sample) {
  if (!input) return null;
  const { header, values } = input;
  const label = header.labels?.[sample];
  if (Array.isArray(label)) return label;
  if (header.axes.join() !== "sample,token") return null;
  const ids = header.values?.[sample];
  if (ids) return ids.map(String);
  const tokens = header.shape[1];
  if (sample >= header.shape[0]) return null;
  return Array.from(
    values.subarray(sample * tokens, (sample + 1) * tokens),
    (code) => String(Math.round(header.offset + header.scale * code))
  );
}
const visible = (token) => token === "" ? "∅" : token.replaceAll("\n", "⏎").replaceAll("	", "⇥").replaceAll(" ", "␣");
function placeLabel(axis, index, tokens, input) {
  if (axis === "token" || axis === "query" || axis === "key") {
    const token = tokens?.[index];
    return token === void 0 ? String(index) : visible(token);
  }
  if (axis === "sample") return sampleLabel(input, index) ?? String(index + 1);
  return String(index);
}
const TILE_GAP = 8;
const CAPTION = 18;
const SMALLEST = 40;
const LARGEST = 132;
const USUAL = 64;
function tileLayout(width, height, count, rows, columns, { most = LARGEST, gutter = 0 } = {}) {
  const ratio = Math.min(3, Math.max(1 / 12, rows / columns));
  const largest = columns > 3 * rows ? Math.max(most, width) : most;
  const of = (n) => {
    const tile = Math.max(12, Math.min(largest, Math.floor((width - TILE_GAP * (n - 1)) / n) - gutter));
    const high = Math.max(12, Math.round(tile * ratio));
    const lines = Math.ceil(count / n);
    return { columns: n, width: tile, height: high, pitch: high + gutter + CAPTION + TILE_GAP / 2, lines };
  };
  const fits = (n) => Math.max(1, Math.min(n, count));
  const pitch = (size) => size + gutter + TILE_GAP;
  const narrowest = fits(Math.max(1, Math.floor((width + TILE_GAP) / pitch(SMALLEST))));
  for (let n = 1; n <= narrowest; n++) {
    const layout = of(n);
    const filled = layout.columns * (layout.width + gutter + TILE_GAP) > 0.8 * width || n === count;
    if (filled && layout.lines * layout.pitch <= height) return layout;
  }
  return of(fits(Math.max(1, Math.floor((width + TILE_GAP) / pitch(Math.min(USUAL, most))))));
}
function visibleLines(top, height, pitch, lines) {
  const first = Math.max(0, Math.floor(top / pitch) - 1);
  return [Math.min(first, lines), Math.min(lines, Math.ceil((top + height) / pitch) + 1)];
}
const labelStride = (pitch, room) => Math.max(1, Math.ceil(room / pitch));
const T$8 = TEXT.activations;
const noun = (axis) => T$8.nouns[axis]?.[0] ?? axis;
function noteOf(shown, reference, { id, row, column }, names, at) {
  const { board, own, run } = shown;
  const unit = board?.ids.indexOf(id) ?? -1;
  if (!board || !own || unit < 0) return null;
  const label = (axis, index) => placeLabel(axis, index, names.tokens, names.input?.header ?? null);
  const part = (axis, index) => axis === "" ? [] : [T$8.colon(T$8.axes[axis] ?? axis, label(axis, index))];
  const attention = board.columnAxis === "key";
  const where = attention ? [T$8.attends(label("query", row), label("key", column))] : [...part(board.rowAxis, row), ...part(board.columnAxis, column)];
  const value = board.values[placeOf(board, unit, row, column)];
  const lines = [Number.isNaN(value) ? T$8.notFinite : T$8.quantized(short(board.precision))];
  if (shown.isDifference && reference) {
    const mine = own.values[placeOf(own, own.ids.indexOf(id), row, column)];
    const other = reference.values[placeOf(reference, reference.ids.indexOf(id), row, column)];
    lines.push(T$8.lessReference(exact(mine), exact(other)));
  }
  const { min, max, mean } = board.units;
  const state = unitState(board, unit);
  if (min && max && mean && state !== "nonfinite")
    lines.push(T$8.figures(exact(min[unit]), exact(max[unit]), exact(mean[unit])));
  if (state === "dead") lines.push(T$8.deadTitle);
  const sign = shown.isDifference && value > 0 ? "+" : "";
  return {
    run,
    step: TEXT.nearestStep(board.step),
    what: [`${noun(board.unitAxis)} ${id}`, ...where].join(" · "),
    value: Number.isNaN(value) ? TEXT.nan : `${sign}${exact(Number(value.toPrecision(5)))}`,
    lines,
    help: T$8.open,
    ...at
  };
}
const SIZE = 10;
function drawLabels(canvas, model) {
  const { labels, length, room, side, dpr } = model;
  const left = side === "left";
  const g = prepare(canvas, left ? room : length, left ? length : room, dpr);
  if (!g) return;
  const pitch = length / Math.max(1, labels.length);
  const stride = labelStride(pitch, SIZE + 1);
  g.font = `${SIZE}px ${FONT}`;
  g.textBaseline = "middle";
  g.textAlign = "right";
  labels.forEach((label, i) => {
    if (i % stride !== 0 && i !== model.selected) return;
    let text = label;
    while (text.length > 1 && g.measureText(text).width > room - 5) text = `${text.slice(0, -2)}…`;
    g.fillStyle = i === model.selected ? model.accent : model.colour;
    g.font = `${i === model.selected ? "600 " : ""}${SIZE}px ${FONT}`;
    const at = (i + 0.5) * pitch;
    g.save();
    if (left) g.translate(room - 4, at);
    else {
      g.translate(at, 4);
      g.rotate(-Math.PI / 2);
    }
    g.fillText(text, 0, 0.5);
    g.restore();
  });
}
function image(rgba, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
  return canvas;
}
function drawPlane(canvas, pixels, size) {
  const { rgba, width, height } = pixels;
  const hatched = [pixels.nonfinite, pixels.dead].filter((mask) => mask !== null);
  canvas.width = hatched.length > 0 ? Math.max(width, Math.round(size.width * size.dpr)) : width;
  canvas.height = hatched.length > 0 ? Math.max(height, Math.round(size.height * size.dpr)) : height;
  const g = canvas.getContext("2d");
  if (!g || width === 0 || height === 0) return;
  if (hatched.length === 0) {
    g.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
    return;
  }
  g.imageSmoothingEnabled = false;
  g.drawImage(image(rgba, width, height), 0, 0, canvas.width, canvas.height);
  const colours = ink(size.dark);
  for (const mask of hatched) {
    const layer = document.createElement("canvas");
    layer.width = canvas.width;
    layer.height = canvas.height;
    const h2 = layer.getContext("2d");
    const hatch = hatchTile(mask === pixels.dead ? colours.dots : colours.hatch, size.dpr);
    const pattern = h2?.createPattern(hatch, "repeat");
    if (!h2 || !pattern) continue;
    h2.imageSmoothingEnabled = false;
    h2.drawImage(image(mask, width, height), 0, 0, canvas.width, canvas.height);
    h2.globalCompositeOperation = "source-in";
    h2.fillStyle = pattern;
    h2.fillRect(0, 0, canvas.width, canvas.height);
    g.drawImage(layer, 0, 0);
  }
}
const T$7 = TEXT.activations;
const LOWEST = 3;
const HIGHEST = 22;
const HIGHEST_SAMPLE = 36;
function Sheet(props) {
  const { shown, board, slots, side, sample } = props;
  const store = useStore();
  const dark = store.dark.value;
  const canvas = A(null);
  const labels = A(null);
  const ofSamples = board.rowAxis === "sample";
  const row = Math.min(
    ofSamples ? HIGHEST_SAMPLE : HIGHEST,
    Math.max(LOWEST, Math.floor((props.height - 40) / board.rows))
  );
  const height = row * board.rows;
  const width = Math.max(props.width, slots.length);
  const cell = width / Math.max(1, slots.length);
  _(() => {
    if (!canvas.current) return;
    const isDead = (unit) => !shown.isDifference && unitState(board, unit) === "dead";
    const pixels = paintSheet(board, shown.positions, shown.rangeOf, shown.palette, isDead);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [board, shown, width, height, dark]);
  _(() => {
    if (!labels.current) return;
    const names = Array.from(
      { length: board.rows },
      (_2, i) => ofSamples ? props.sampleLabel(i) ?? String(i + 1) : placeLabel(board.rowAxis, i, props.tokens, null)
    );
    const { dim, accent } = ink(dark);
    drawLabels(labels.current, {
      labels: names,
      length: height,
      room: side,
      side: "left",
      colour: dim,
      accent,
      selected: ofSamples ? sample : -1,
      dpr: window.devicePixelRatio
    });
  }, [board, height, side, sample, props.tokens, dark]);
  const placeAt = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const slot = Math.floor((event.clientX - box.left) / cell);
    return {
      id: slots[Math.min(slots.length - 1, Math.max(0, slot))],
      row: Math.min(board.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / row))),
      column: 0
    };
  };
  const chosen = props.selected === null ? -1 : slots.indexOf(props.selected);
  const noun2 = T$7.nouns[board.unitAxis]?.[1] ?? board.unitAxis;
  return /* @__PURE__ */ u(S, { children: [
    side > 0 && /* @__PURE__ */ u(
      "canvas",
      {
        class: "act-rows",
        ref: labels,
        style: { left: `${-side}px` },
        onClick: (event) => {
          if (ofSamples) props.setSample(Math.min(board.rows - 1, Math.floor(event.offsetY / row)));
        }
      }
    ),
    /* @__PURE__ */ u("div", { class: "act-sheet-scroll", children: /* @__PURE__ */ u(
      "div",
      {
        class: "act-sheet",
        "data-testid": `sheet-${shown.run}`,
        style: { width: `${width}px`, height: `${height}px` },
        onPointerMove: (event) => props.hover(placeAt(event), event),
        onPointerLeave: () => props.hover(null, null),
        onClick: (event) => props.open(placeAt(event).id),
        children: [
          /* @__PURE__ */ u("canvas", { class: "act-plane", ref: canvas, style: { width: `${width}px`, height: `${height}px` } }),
          ofSamples && /* @__PURE__ */ u("div", { class: "row-cursor faint", style: { top: `${sample * row}px`, height: `${row}px` } }),
          /* @__PURE__ */ u("div", { class: "act-band", "data-cell": cell, style: { display: "none" } }),
          chosen >= 0 && /* @__PURE__ */ u("div", { class: "act-chosen", style: { left: `${chosen * cell}px`, width: `${cell}px` } })
        ]
      }
    ) }),
    /* @__PURE__ */ u("div", { class: "act-caption", children: /* @__PURE__ */ u("span", { children: T$7.all(slots.length, noun2) }) })
  ] });
}
const T$6 = TEXT.activations;
function Tiles(props) {
  const { shown, board, slots, layout, view, gutter, selected } = props;
  const [first, last] = visibleLines(view[0], view[1], layout.pitch, layout.lines);
  const from = first * layout.columns;
  const visible2 = slots.slice(from, last * layout.columns);
  const placeAt = (event) => {
    const canvas = event.target.closest(".act-plane");
    const tile = event.target.closest("[data-unit]");
    if (!tile) return null;
    const id = Number(tile.dataset.unit);
    if (!canvas) return { id, row: 0, column: 0 };
    const box = canvas.getBoundingClientRect();
    const within = (at, size, count) => Math.min(count - 1, Math.max(0, Math.floor(at / size * count)));
    return {
      id,
      row: within(event.clientY - box.top, box.height, board.rows),
      column: within(event.clientX - box.left, box.width, board.columns)
    };
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: "act-tiles",
      style: { height: `${layout.lines * layout.pitch}px` },
      onPointerMove: (event) => props.hover(placeAt(event), event),
      onPointerLeave: () => props.hover(null, null),
      onKeyDown: (event) => moveFocus(event, layout.columns),
      children: visible2.map((id, k) => {
        const slot = from + k;
        const unit = shown.positions[slot];
        return /* @__PURE__ */ u(
          Tile,
          {
            id,
            unit,
            shown,
            board,
            left: slot % layout.columns * (layout.width + gutter + TILE_GAP),
            top: Math.floor(slot / layout.columns) * layout.pitch,
            layout,
            gutter,
            tokens: props.tokens,
            input: props.input,
            tabIndex: props.focusable && k === 0 ? 0 : -1,
            selected: selected === id,
            open: props.open
          },
          id
        );
      })
    }
  );
}
function moveFocus(event, columns) {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  const here = event.target.closest("[data-unit]");
  if (by === void 0 || !here?.parentElement) return;
  const all = [...here.parentElement.querySelectorAll("[data-unit]")];
  event.preventDefault();
  event.stopPropagation();
  all[all.indexOf(here) + by]?.focus();
}
function Tile(props) {
  const { id, unit, shown, board, layout, gutter } = props;
  const store = useStore();
  const dark = store.dark.value;
  const canvas = A(null);
  const { width, height } = layout;
  const state = unit < 0 ? "live" : unitState(board, unit);
  const dead = state === "dead" && !shown.isDifference;
  _(() => {
    if (!canvas.current || unit < 0) return;
    const pixels = paintUnit(board, unit, shown.rangeOf(unit), shown.palette);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [board, unit, shown, width, height, dark, dead]);
  const noun2 = T$6.nouns[board.unitAxis]?.[0] ?? board.unitAxis;
  const word = unit < 0 ? T$6.notKept : state === "dead" ? T$6.dead : state === "constant" ? T$6.constant : "";
  const peak = unit < 0 ? 0 : peakOf(board, unit);
  const note = word !== "" ? word : Number.isNaN(peak) ? T$6.notFinite : short(peak);
  const tone = state === "dead" ? "act-bad" : Number.isNaN(peak) ? "act-nonfinite" : "";
  const size = { width: `${width}px`, height: `${height}px` };
  return /* @__PURE__ */ u(
    "div",
    {
      class: `act-tile${props.selected ? " selected" : ""}`,
      role: "button",
      tabIndex: props.tabIndex,
      "aria-label": T$6.unitName(noun2, id, shown.run, word),
      "data-unit": id,
      "data-testid": `tile-${shown.run}-${id}`,
      style: { left: `${props.left}px`, top: `${props.top}px`, width: `${width + gutter}px` },
      onClick: () => props.open(id),
      onKeyDown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        props.open(id);
      },
      children: [
        /* @__PURE__ */ u("div", { class: "act-picture", style: { ...size, marginLeft: `${gutter}px` }, children: [
          unit < 0 ? /* @__PURE__ */ u("div", { class: "act-absent dotted", style: size }) : dead ? /* @__PURE__ */ u("div", { class: "act-dead", style: size, children: /* @__PURE__ */ u("svg", { width: "12", height: "12", viewBox: "0 0 12 12", "aria-hidden": "true", children: /* @__PURE__ */ u("path", { d: "M2.5 2.5L9.5 9.5M9.5 2.5L2.5 9.5" }) }) }) : /* @__PURE__ */ u("canvas", { class: "act-plane", ref: canvas, style: size }),
          gutter > 0 && /* @__PURE__ */ u(AxisLabels, { ...props, dark })
        ] }),
        /* @__PURE__ */ u(
          "div",
          {
            class: "act-caption",
            style: { marginLeft: `${gutter}px`, marginTop: gutter > 0 ? `${gutter}px` : "" },
            children: [
              /* @__PURE__ */ u("span", { children: [
                width > 52 || word === "" ? `${T$6.short[board.unitAxis] ?? ""} ` : "",
                id
              ] }),
              width >= 46 && /* @__PURE__ */ u("span", { class: tone, children: note })
            ]
          }
        )
      ]
    }
  );
}
function AxisLabels({ board, layout, gutter, tokens, input, dark }) {
  const left = A(null);
  const below = A(null);
  _(() => {
    const colours = ink(dark);
    for (const [canvas, side, axis, count, length] of [
      [left.current, "left", board.rowAxis, board.rows, layout.height],
      [below.current, "below", board.columnAxis, board.columns, layout.width]
    ]) {
      if (!canvas) continue;
      const labels = Array.from(
        { length: count },
        (_2, i) => placeLabel(axis, i, tokens, input?.header ?? null)
      );
      const look = {
        colour: colours.dim,
        accent: colours.accent,
        selected: -1,
        dpr: window.devicePixelRatio
      };
      drawLabels(canvas, { labels, length, room: gutter, side, ...look });
    }
  }, [board, layout.width, layout.height, gutter, tokens, input, dark]);
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u("canvas", { class: "act-labels left", ref: left }),
    /* @__PURE__ */ u("canvas", { class: "act-labels below", ref: below })
  ] });
}
const T$5 = TEXT.activations;
const GAP = 24;
const HEAD = 34;
const HIGH_HEAD = 46;
const LOW = 270;
const NARROWEST = 132;
const SIDE$1 = 64;
const LARGEST_HEAD = 380;
const LABEL_GUTTER = 46;
const MOST_LABELLED = 48;
function Columns(props) {
  const { picture, layer, step, sample, input } = props;
  const store = useStore();
  const { ref: box, width, height } = useSize();
  const root = A(null);
  const [top, setTop] = d(0);
  const { slots, shown } = picture;
  const boards = shown.flatMap(({ board }) => board ? [board] : []);
  const sheets = boards.some(({ form }) => form === "sheet");
  const gap = shown.length > 2 && width < 760 ? 14 : GAP;
  const side = sheets ? SIDE$1 : 0;
  const column = Math.max(
    NARROWEST,
    Math.floor((width - side - 10 - gap * (shown.length - 1)) / Math.max(1, shown.length))
  );
  const head = column < LOW ? HIGH_HEAD : HEAD;
  const tokens = tokensOf(input, sample);
  const first = boards.find(({ form }) => form === "tiles");
  const attention = first?.columnAxis === "key";
  const gutter = attention && first.rows <= MOST_LABELLED ? LABEL_GUTTER : 0;
  const layout = tileLayout(column, height - head - 8, slots.length, first?.rows ?? 1, first?.columns ?? 1, {
    gutter,
    ...attention ? { most: LARGEST_HEAD } : {}
  });
  _(() => {
    box.current?.scrollTo({ top: 0 });
  }, [layer]);
  h(() => {
    store.note.value = null;
  }, [picture]);
  h(
    () => () => {
      store.note.value = null;
    },
    []
  );
  const reference = shown.find(({ own }) => own)?.own ?? null;
  const hover = (one, place, event) => {
    highlight(root.current, place, slots);
    store.note.value = place && event ? noteOf(one, reference, place, { tokens, input }, { x: event.clientX, y: event.clientY }) : null;
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: props.stale ? "act-scroll stale" : "act-scroll",
      ref: box,
      onScroll: (event) => setTop(event.currentTarget.scrollTop),
      children: width > 0 && /* @__PURE__ */ u(
        "div",
        {
          class: "act-columns",
          ref: root,
          "data-testid": "columns",
          style: {
            gridTemplateColumns: `repeat(${shown.length}, ${column}px)`,
            columnGap: `${gap}px`,
            paddingLeft: `${side}px`
          },
          children: [
            shown.map((one, i) => /* @__PURE__ */ u("div", { class: "act-head", style: { height: `${head}px` }, children: /* @__PURE__ */ u(
              Head,
              {
                shown: one,
                width: column,
                step,
                isReference: i === 0,
                differ: shown.some((s) => s.isDifference)
              }
            ) }, `head ${one.run}`)),
            shown.map((one, i) => /* @__PURE__ */ u(
              "div",
              {
                class: "act-column",
                role: "group",
                "aria-label": T$5.grid(one.run, layer),
                "data-testid": `maps-${one.run}`,
                children: one.board === null ? /* @__PURE__ */ u("div", { class: "no-data act-none", children: /* @__PURE__ */ u("span", { children: whyNot(one, props.reasons) }) }) : one.board.form === "tiles" ? /* @__PURE__ */ u(
                  Tiles,
                  {
                    shown: one,
                    board: one.board,
                    slots,
                    layout,
                    view: [top, height],
                    gutter,
                    tokens,
                    input,
                    focusable: i === 0,
                    selected: props.unit,
                    open: props.setUnit,
                    hover: (place, event) => hover(one, place, event)
                  }
                ) : /* @__PURE__ */ u(
                  Sheet,
                  {
                    shown: one,
                    board: one.board,
                    slots,
                    width: column,
                    height: height - head - 8,
                    side: i === 0 ? SIDE$1 : 0,
                    tokens,
                    sampleLabel: (n) => sampleLabel(input?.header ?? null, n),
                    sample,
                    setSample: props.setSample,
                    selected: props.unit,
                    open: props.setUnit,
                    hover: (place, event) => hover(one, place, event)
                  }
                )
              },
              one.run
            ))
          ]
        }
      )
    }
  );
}
function highlight(root, place, slots) {
  if (!root) return;
  for (const old of root.querySelectorAll(".hovered")) old.classList.remove("hovered");
  const slot = place ? slots.indexOf(place.id) : -1;
  for (const band of root.querySelectorAll(".act-band")) {
    const cell = Number(band.dataset.cell);
    band.style.display = slot < 0 ? "none" : "";
    band.style.left = `${slot * cell}px`;
    band.style.width = `${cell}px`;
  }
  if (place)
    for (const tile of root.querySelectorAll(`[data-unit="${place.id}"]`)) tile.classList.add("hovered");
}
function Head({ shown, width, step, isReference, differ }) {
  const board = shown.own;
  if (!board) return /* @__PURE__ */ u(RunHead, { run: shown.run, width, note: "" });
  const counts = countStates(board);
  const all = board.ids.length;
  const [one, many] = T$5.nouns[board.unitAxis] ?? [board.unitAxis, board.unitAxis];
  const noun2 = all === 1 ? one : many;
  const said = [
    differ ? isReference ? T$5.reference : T$5.difference : "",
    board.step === step ? "" : TEXT.nearestStep(board.step),
    counts.nonfinite > 0 ? T$5.nonfiniteCount(counts.nonfinite, all) : counts.dead > 0 ? T$5.deadCount(counts.dead, all, noun2) : T$5.all(all, noun2)
  ];
  const note = said.filter(Boolean).join(" · ");
  const tone = counts.nonfinite > 0 ? "act-nonfinite" : counts.dead > 0 ? "act-bad" : "";
  const title = board.step === step ? note : `${note}
${TEXT.nearestTitle}`;
  if (width >= LOW) return /* @__PURE__ */ u(RunHead, { run: shown.run, width, note, tone });
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(RunHead, { run: shown.run, width, note: "" }),
    /* @__PURE__ */ u("p", { class: `act-note ${tone}`, title, children: note })
  ] });
}
function whyNot(shown, reasons) {
  if (shown.mismatch) {
    const { own, other } = shown.mismatch;
    return T$5.otherSize(own.join(" × "), other.join(" × "));
  }
  if (shown.undrawn !== null) return T$5.noPicture(shown.undrawn);
  const reason = reasons.get(shown.run);
  return reason === void 0 || reason.startsWith("unknown tag") ? T$5.noMaps : `${T$5.noMapAt} ${reason}`;
}
const T$4 = TEXT.activations;
function Controls({ choices, header, boards, loading, exports }) {
  const store = useStore();
  const ref = store.shown.value[0];
  const axis = header?.axes.find((one) => UNIT_AXES.includes(one)) ?? "unit";
  const nameOf = (scale) => scale === "channel" ? T$4.nouns[axis]?.[0] ?? T$4.scaleNames.channel : T$4.scaleNames[scale];
  const alone = store.shown.value.length < 2;
  return /* @__PURE__ */ u("div", { class: "tools", children: [
    /* @__PURE__ */ u(
      "select",
      {
        class: "button strong",
        "aria-label": T$4.colours,
        "data-testid": "act-colours",
        value: choices.colours,
        onChange: (event) => choices.setColours(event.currentTarget.value),
        children: MAP_COLOURS.map((name) => /* @__PURE__ */ u("option", { value: name, children: T$4.colourNames[name] }, name))
      }
    ),
    /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": T$4.scale, children: ["layer", "channel", "fixed"].map((scale) => /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        "aria-pressed": choices.scale === scale,
        title: T$4.scaleTitles[scale],
        "data-testid": `act-scale-${scale}`,
        onClick: () => choices.setScale(scale),
        children: nameOf(scale)
      },
      scale
    )) }),
    choices.scale === "fixed" && /* @__PURE__ */ u("div", { class: "act-fixed", children: /* @__PURE__ */ u(
      NumberField,
      {
        label: T$4.fixedTo,
        value: choices.fixed,
        placeholder: String(suggestion(boards)),
        positive: true,
        testid: "act-fixed",
        set: choices.setFixed
      }
    ) }),
    /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": T$4.mode, children: [
      /* @__PURE__ */ u(
        "button",
        {
          type: "button",
          "aria-pressed": !choices.differ,
          "data-testid": "act-mode-maps",
          onClick: () => choices.setDiffer(false),
          children: T$4.maps
        }
      ),
      /* @__PURE__ */ u(
        "button",
        {
          type: "button",
          class: "act-versus",
          "aria-pressed": choices.differ,
          disabled: alone,
          title: alone ? T$4.versusNone : T$4.versusTitle(ref),
          "data-testid": "act-mode-difference",
          onClick: () => choices.setDiffer(true),
          children: T$4.versus(store.shortNames.value.get(ref) ?? ref)
        }
      )
    ] }),
    /* @__PURE__ */ u("span", { class: "gap" }),
    loading && /* @__PURE__ */ u("span", { class: "dim", role: "status", children: TEXT.loading }),
    /* @__PURE__ */ u(
      "select",
      {
        class: "button",
        "aria-label": T$4.order,
        title: T$4.orderTitle,
        "data-testid": "act-order",
        value: choices.order ?? usualOrder(header),
        onChange: (event) => choices.setOrder(event.currentTarget.value),
        children: ["activity", "index"].map((order) => /* @__PURE__ */ u("option", { value: order, children: T$4.orderNames[order] }, order))
      }
    ),
    exports
  ] });
}
function unitBoard(event, unitAxis) {
  const { axes, shape } = event.header;
  const rest = axes.length === 0 ? { axes: ["", ""], shape: [1, 1] } : axes.length === 1 ? strip(axes, shape) : event.header;
  const header = {
    ...event.header,
    axes: [unitAxis, ...rest.axes],
    shape: [1, ...rest.shape],
    unit_order: null
  };
  return boardOf({ ...event, header });
}
const strip = (axes, shape) => axes[0] === "length" ? { axes: ["", ...axes], shape: [1, ...shape] } : { axes: [...axes, ""], shape: [...shape, 1] };
function histories(maps, runs, unitAxis) {
  return runs.map((run) => ({
    run,
    frames: maps.flatMap((event) => {
      const board = event.run === run ? unitBoard(event, unitAxis) : null;
      return board ? [{ step: event.step, board }] : [];
    })
  }));
}
function historyRange(all, signed) {
  const peaks = all.map(({ frames }) => frames.map(({ board }) => boardPeak(board)).filter(Boolean));
  const boards = all.flatMap(({ frames }) => frames.map(({ board }) => board));
  return layerRange(boards, signed, outlierLimit(peaks.find((own) => own.length > 0) ?? []));
}
function usualPart(curves) {
  const numbers = (values) => values.filter((value) => typeof value === "number");
  const first = curves.runs.map(({ values }) => numbers(values)).find((own) => own.some(Boolean));
  const limit = outlierLimit(first ?? []);
  const runs = curves.runs.map((run) => ({
    ...run,
    values: run.values.map((value) => typeof value === "number" && Math.abs(value) > limit ? null : value)
  }));
  return { ...curves, runs };
}
function figureCurves(maps, runs, figure) {
  const own = runs.map((run) => maps.filter((event) => event.run === run));
  const steps = allSteps(own.map((events) => events.map(({ step }) => step)));
  const place = new Map([...steps].map((step, i) => [step, i]));
  return {
    steps,
    runs: runs.map((run, i) => {
      const values = new Array(steps.length).fill(void 0);
      const nonfinites = [];
      for (const { step, units } of own[i]) {
        const value = units[figure]?.[0];
        if (value === void 0) continue;
        values[place.get(step)] = Number.isNaN(value) ? null : value;
        if (Number.isNaN(value)) nonfinites.push(step);
      }
      return { run, values, zeros: [], nonfinites };
    })
  };
}
const T$3 = TEXT.activations;
const css$1 = (rgb) => `rgb(${rgb.join(",")})`;
const end = (value) => tick(Number(value.toPrecision(3)));
function LegendOf({ legend, name, testid }) {
  const { range, palette: palette2, under, over } = legend;
  const centred = range !== null && range.lo === -range.hi;
  const said = [name, range === null ? T$3.ownScale : ""].filter(Boolean).join(" · ");
  return /* @__PURE__ */ u("div", { class: "legend act-legend", "data-testid": testid, children: [
    said !== "" && /* @__PURE__ */ u("span", { class: "act-legend-name", children: said }),
    /* @__PURE__ */ u("div", { class: "ramp", children: [
      under && /* @__PURE__ */ u("i", { class: "cap", style: { background: css$1(palette2.under) }, title: TEXT.state.under }),
      /* @__PURE__ */ u(Ramp, { colours: palette2 }),
      over && /* @__PURE__ */ u("i", { class: "cap", style: { background: css$1(palette2.over) }, title: TEXT.state.over })
    ] }),
    /* @__PURE__ */ u("div", { class: "ends", children: [
      /* @__PURE__ */ u("span", { children: range ? `${under ? "< " : ""}${end(range.lo)}` : T$3.least }),
      centred && /* @__PURE__ */ u("span", { children: 0 }),
      /* @__PURE__ */ u("span", { children: range ? `${over ? "> " : ""}${end(range.hi)}` : T$3.greatest })
    ] })
  ] });
}
const PREFIX = "nnviz/map/";
const INPUT = "nnviz/map_input";
const LAST = Number.MAX_SAFE_INTEGER;
const MOST_STEPS = 8;
const MOST_BYTES = 4e6;
function useListing(runs) {
  const body = { runs, prefix: PREFIX, tag: null };
  return useAnswer("maps", runs.length > 0 ? body : null, readListing);
}
function useInputs(runs, layer) {
  const listing = useAnswer("maps", runs.length > 0 ? { runs, prefix: INPUT, tag: null } : null, readListing);
  const tags = [...new Set(listing.data?.maps.map(({ tag: tag2 }) => tag2))];
  const tag = tags.find((one) => layer?.startsWith(`${one.slice(INPUT.length + 1)}.`)) ?? tags[0];
  const body = tag === void 0 ? null : { runs, prefix: INPUT, tag, steps: [LAST] };
  const answer = useAnswer("maps", body, readMaps);
  return {
    ...answer,
    error: listing.error ?? answer.error,
    loading: listing.loading || answer.loading,
    retry: listing.error !== null ? listing.retry : answer.retry,
    // While it is not known it is not denied.
    logged: tag !== void 0 || listing.data === null
  };
}
const NO_STEPS = new Float64Array(0);
const byRun = (maps) => new Map(maps.map((one) => [one.run, one]));
function useMaps(runs, tag, header, sample, wanted) {
  const answers = useAnswers();
  const at = header && cutsSample(header) ? { at: { sample } } : {};
  const question = { runs, prefix: PREFIX, tag, ...at };
  const last = useAnswer(
    "maps",
    tag !== null && runs.length > 0 ? { ...question, steps: [LAST] } : null,
    readMaps
  );
  const stepsOf = T$9(() => new Map(last.data?.steps.map(({ run, steps: steps2 }) => [run, steps2])), [last.data]);
  const steps = T$9(() => last.data ? allSteps([...stepsOf.values()]) : NO_STEPS, [stepsOf]);
  const index = nearest(steps, wanted ?? LAST);
  const size = last.data?.maps.reduce((sum, one) => sum + one.values.length, 0) ?? 0;
  const length = Math.max(1, Math.min(MOST_STEPS, Math.floor(MOST_BYTES / Math.max(1, size))));
  const from = Math.floor(Math.max(0, index) / length) * length;
  const isLast = index === steps.length - 1;
  const chunk = (start) => ({ ...question, steps: [...steps.subarray(start, start + length)] });
  const some = useAnswer("maps", last.data && index >= 0 && !isLast ? chunk(from) : null, readMaps);
  const source = isLast ? last.data : some.data;
  const next = from + length;
  h(() => {
    if (!some.data || next >= steps.length - 1) return;
    const abort = new AbortController();
    answers.ask("maps", chunk(next), abort.signal).catch(() => void 0);
    return () => abort.abort();
  }, [some.data, next]);
  const maps = T$9(() => {
    const found = /* @__PURE__ */ new Map();
    for (const [run, own] of stepsOf) {
      const step = own[nearest(own, steps[index])];
      const one = source?.maps.find((candidate) => candidate.run === run && candidate.step === step);
      if (one) found.set(run, one);
    }
    return found;
  }, [source, stepsOf, steps, index]);
  const newest = T$9(() => byRun(last.data?.maps ?? []), [last.data]);
  const reasons = T$9(
    () => new Map((source?.missing ?? []).map(({ run, reason }) => [run, reason])),
    [source]
  );
  const failed = last.error !== null ? last : some;
  return {
    steps,
    step: index >= 0 ? steps[index] : 0,
    maps,
    newest,
    reasons,
    error: failed.error,
    loading: last.loading || some.loading,
    retry: failed.retry
  };
}
function useHistory(runs, tag, at) {
  return useAnswer("maps", { runs, prefix: PREFIX, tag, steps: null, at }, readMaps);
}
const T$2 = TEXT.activations;
const H = T$2.history;
const CHART = 128;
function HistoryDrawer({ tag, layer, picture, unit, sample, step, colours, close }) {
  const store = useStore();
  const board = picture.shown.find(({ own }) => own?.ids.includes(unit))?.own ?? null;
  const axis = board?.unitAxis ?? "unit";
  const cuts = board !== null && board.rowAxis !== "sample";
  const at = board ? board.ids.indexOf(unit) : 0;
  const runs = picture.shown.flatMap(({ run, own }) => own?.ids[at] === unit ? [run] : []);
  const answer = useHistory(runs, tag, { ...cuts ? { sample } : {}, [axis]: at });
  const maps = T$9(() => answer.data?.maps ?? answer.last?.maps ?? [], [answer.data, answer.last]);
  const dark = store.dark.value;
  const signed = colours === "diverging";
  const strips = T$9(() => histories(maps, runs, axis), [maps, runs.join("\n"), axis]);
  const range = T$9(() => historyRange(strips, signed), [strips, signed]);
  const palette2 = mapPalette(colours, dark);
  const beyond = T$9(
    () => clipped(
      strips.flatMap(({ frames }) => frames.map((frame) => frame.board)),
      range
    ),
    [strips, range]
  );
  h(() => {
    const pressed = (event) => {
      if (event.key !== "Escape" || store.keysListed.value) return;
      event.preventDefault();
      close();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [close]);
  const noun2 = T$2.nouns[axis]?.[0] ?? axis;
  return /* @__PURE__ */ u("div", { class: "act-history", role: "dialog", "aria-label": H.title(noun2, unit), "data-testid": "history", children: [
    /* @__PURE__ */ u("div", { class: "act-history-head", children: [
      /* @__PURE__ */ u("b", { children: H.title(noun2, unit) }),
      " ",
      /* @__PURE__ */ u("span", { class: "dim", children: H.over(layer) }),
      /* @__PURE__ */ u("span", { class: "gap" }),
      /* @__PURE__ */ u(
        LegendOf,
        {
          legend: { isDifference: false, palette: palette2, range, ...beyond },
          name: "",
          testid: "legend-history"
        }
      ),
      /* @__PURE__ */ u(
        "button",
        {
          type: "button",
          class: "icon",
          title: H.close,
          "aria-label": H.close,
          "data-testid": "history-close",
          onClick: close,
          children: /* @__PURE__ */ u("svg", { width: "12", height: "12", viewBox: "0 0 12 12", stroke: "currentColor", "aria-hidden": "true", children: /* @__PURE__ */ u("path", { d: "M2 2l8 8M10 2l-8 8", "stroke-width": "1.5", "stroke-linecap": "round" }) })
        }
      )
    ] }),
    answer.error !== null ? /* @__PURE__ */ u(Failure, { what: T$2.whatHistory, message: answer.error, retry: answer.retry }) : /* @__PURE__ */ u("div", { class: answer.data ? "act-history-body" : "act-history-body stale", "aria-busy": answer.loading, children: [
      /* @__PURE__ */ u("div", { class: "act-strips", children: strips.map(({ run, frames }) => /* @__PURE__ */ u("div", { class: "act-strip-row", children: [
        /* @__PURE__ */ u("div", { class: "act-strip-name", title: run, children: [
          /* @__PURE__ */ u(Mark, { colour: store.colour(run), shape: shapeOf(store.order.value.get(run) ?? 0) }),
          /* @__PURE__ */ u("span", { children: store.shortNames.value.get(run) ?? run })
        ] }),
        /* @__PURE__ */ u(
          Strip,
          {
            run,
            frames,
            range,
            palette: palette2,
            dark,
            step,
            go: (to) => {
              store.view.step.value = to;
            }
          }
        )
      ] }, run)) }),
      /* @__PURE__ */ u("div", { class: "act-charts", children: [
        /* @__PURE__ */ u(FigureChart, { maps, runs, figure: "max", step }),
        /* @__PURE__ */ u(FigureChart, { maps, runs, figure: "mean", step })
      ] })
    ] })
  ] });
}
function Strip({ run, frames, range, palette: palette2, dark, step, go }) {
  const root = A(null);
  const at = nearest(
    frames.map((frame) => frame.step),
    step
  );
  _(() => {
    const box = root.current;
    const frame = box?.children[at];
    if (!box || !frame) return;
    const { offsetLeft: left, offsetWidth: width } = frame;
    if (left < box.scrollLeft) box.scrollLeft = left - width;
    else if (left + width > box.scrollLeft + box.clientWidth)
      box.scrollLeft = left + 2 * width - box.clientWidth;
  }, [at, frames.length]);
  return /* @__PURE__ */ u("div", { class: "act-strip", ref: root, role: "group", "aria-label": H.strip(run), "data-testid": `strip-${run}`, children: frames.map((frame, i) => /* @__PURE__ */ u(
    StripFrame,
    {
      frame,
      range,
      palette: palette2,
      dark,
      selected: i === at,
      go
    },
    frame.step
  )) });
}
function StripFrame({ frame, range, palette: palette2, dark, selected, go }) {
  const canvas = A(null);
  const { rows, columns } = frame.board;
  const height = 44;
  const width = Math.round(Math.min(132, Math.max(columns === 1 ? 16 : 30, height * columns / rows)));
  _(() => {
    if (!canvas.current) return;
    const pixels = paintUnit(frame.board, 0, range, palette2);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [frame, range, palette2, dark]);
  return /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      class: "act-frame",
      "aria-pressed": selected,
      "aria-label": H.frame(frame.step),
      title: H.frame(frame.step),
      "data-testid": `frame-${frame.board.run}-${frame.step}`,
      onClick: () => go(frame.step),
      children: [
        /* @__PURE__ */ u("canvas", { class: "act-plane", ref: canvas, style: { width: `${width}px`, height: `${height}px` } }),
        /* @__PURE__ */ u("span", { children: width >= 26 || selected ? frame.step : "" })
      ]
    }
  );
}
function FigureChart({ maps, runs, figure, step }) {
  const store = useStore();
  const { ref, width } = useSize();
  const chart = A(null);
  const dark = store.dark.value;
  const curves = T$9(() => figureCurves(maps, runs, figure), [maps, runs.join("\n"), figure]);
  const domain = stepDomain([curves.steps]);
  const colours = runs.map((run) => store.colour(run)).join();
  _(() => {
    if (!ref.current || width === 0 || curves.steps.length === 0) return;
    chart.current ??= new SeriesChart(ref.current);
    chart.current.update({
      curves,
      looks: runs.map((run) => ({
        colour: store.colour(run),
        shape: shapeOf(store.order.value.get(run) ?? 0)
      })),
      scale: curveScale(usualPart(curves), "linear", { mode: "linear", lo: 0, hi: 1, diverging: false }),
      domain,
      thresholds: null,
      names: { vanishing: "", exploding: "" },
      left: 44,
      width,
      height: CHART,
      ink: ink(dark)
    });
  }, [curves, colours, dark, width]);
  _(() => () => chart.current?.plot.destroy(), []);
  const share = (step - domain[0]) / (domain[1] - domain[0]);
  return /* @__PURE__ */ u("div", { class: "act-chart", children: [
    /* @__PURE__ */ u("p", { class: "dim", children: H[figure] }),
    /* @__PURE__ */ u(
      "div",
      {
        class: "act-plot",
        ref,
        role: "img",
        "aria-label": H[figure],
        "data-testid": `figure-${figure}`,
        style: { height: `${CHART}px` },
        children: /* @__PURE__ */ u(
          "div",
          {
            class: "step-cursor plain",
            style: {
              left: `${44 + share * Math.max(0, width - 44 - 10)}px`,
              top: "6px",
              height: `${CHART - 30}px`
            }
          }
        )
      }
    )
  ] });
}
function cut(event, sample) {
  const { axes, shape } = event.header;
  if (axes[0] !== "sample" || sample >= shape[0]) return null;
  const size = shape.slice(1).reduce((product, n) => product * n, 1);
  return {
    axes: axes.slice(1),
    shape: shape.slice(1),
    codes: event.values.subarray(sample * size, (sample + 1) * size)
  };
}
function inputPicture(event, sample) {
  const part = cut(event, sample);
  if (!part || part.axes.includes("token")) return null;
  const [channels, height, width] = part.shape.length === 3 ? part.shape : part.shape.length === 2 ? [1, ...part.shape] : [1, 1, part.shape[0] ?? 1];
  const values = dequantize(part.codes, event.header);
  const range = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
  const colour = channels === 3;
  const size = width * height;
  const used = colour ? values : values.subarray(0, size);
  for (const value of used) {
    if (value < range.lo) range.lo = value;
    if (value > range.hi) range.hi = value;
  }
  if (!(range.lo < range.hi)) range.hi = range.lo + 1;
  const palette2 = mapPalette("grey", false);
  const pixels = {
    rgba: new Uint8ClampedArray(4 * size),
    width,
    height,
    nonfinite: null,
    dead: null
  };
  for (let i = 0; i < size; i++) {
    const rgb = colour ? [0, 1, 2].map((channel) => mapColour(values[channel * size + i], range, palette2)[0]) : mapColour(values[i], range, palette2);
    pixels.rgba.set([...rgb, 255], 4 * i);
    if (Number.isNaN(values[i])) {
      pixels.nonfinite ??= new Uint8ClampedArray(4 * size);
      pixels.nonfinite[4 * i + 3] = 255;
    }
  }
  return { pixels, channels, colour };
}
const sameInput = (a, b) => a.values.length === b.values.length && a.header.offset === b.header.offset && a.header.scale === b.header.scale && a.values.every((code, i) => code === b.values[i]);
const T$1 = TEXT.activations;
const SIDE = 64;
const css = (rgb) => `rgb(${rgb.join(",")})`;
function about({ downsampled }) {
  const parts = Object.entries(downsampled ?? {});
  const pooled = parts.filter(([, [, , how]]) => how === "mean");
  const said = parts.filter(([, [, , how]]) => how !== "mean").map(([axis, [all, kept, how]]) => {
    if (how === "every") return T$1.kept(kept, all, T$1.nouns[axis]?.[1] ?? axis);
    return axis === "depth" ? T$1.slice(axis) : T$1.cut(T$1.axes[axis] ?? axis, kept, all);
  });
  if (pooled.length > 0) said.push(T$1.pooled(pooled.map(([, [all]]) => all).join(" × ")));
  return said.join(" · ");
}
function ProbeBand({ inputs, logged, loading, header, sample, samples, setSample, picture }) {
  const store = useStore();
  const input = inputs[0] ?? null;
  const label = sampleLabel(input?.header ?? null, sample);
  const tokens = tokensOf(input, sample);
  const differ = input !== null && inputs.some((other) => !sameInput(input, other));
  const arrow = (to, name, path, testid) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      class: "button",
      title: name,
      "aria-label": name,
      "data-testid": testid,
      disabled: to < 0 || to >= samples,
      onClick: () => setSample(to),
      children: /* @__PURE__ */ u("svg", { width: "10", height: "10", viewBox: "0 0 10 10", fill: "none", stroke: "currentColor", "aria-hidden": "true", children: /* @__PURE__ */ u("path", { d: path, "stroke-width": "1.6", "stroke-linecap": "round", "stroke-linejoin": "round" }) })
    }
  );
  return /* @__PURE__ */ u("div", { class: "act-probe", children: [
    loading && !input && /* @__PURE__ */ u("div", { class: "pending act-input-pending" }),
    input && !tokens && /* @__PURE__ */ u(InputImage, { event: input, sample, dark: store.dark.value }),
    /* @__PURE__ */ u("div", { class: "act-sample", children: [
      /* @__PURE__ */ u("div", { class: "act-picker", role: "group", "aria-label": T$1.sample, children: [
        arrow(sample - 1, T$1.previousSample, "M6.5 1.5L3 5l3.5 3.5", "sample-previous"),
        /* @__PURE__ */ u("span", { "data-testid": "sample", children: [
          T$1.sample.toLowerCase(),
          " ",
          /* @__PURE__ */ u("b", { children: sample + 1 }),
          /* @__PURE__ */ u("span", { class: "dim", children: [
            " ",
            TEXT.ofLast(samples)
          ] })
        ] }),
        arrow(sample + 1, T$1.nextSample, "M3.5 1.5L7 5L3.5 8.5", "sample-next"),
        label !== null && /* @__PURE__ */ u("span", { class: "act-label", "data-testid": "sample-label", children: T$1.labelled(label) })
      ] }),
      header?.downsampled && /* @__PURE__ */ u("p", { class: "dim", "data-testid": "downsampled", children: about(header) }),
      differ && /* @__PURE__ */ u("p", { class: "dim", children: T$1.inputOf(input.run) }),
      tokens && /* @__PURE__ */ u("p", { class: "act-tokens", "data-testid": "tokens", title: tokens.join(""), children: tokens.map((token, i) => /* @__PURE__ */ u("span", { children: visible(token) }, `${i}/${token}`)) }),
      !input && !logged && /* @__PURE__ */ u("p", { class: "dim", "data-testid": "no-input", children: [
        T$1.noInput,
        " ",
        /* @__PURE__ */ u("code", { children: T$1.noInputCode }),
        " ",
        T$1.noInputHelp("").trim()
      ] })
    ] }),
    /* @__PURE__ */ u("div", { class: "act-legends", "data-testid": "legend", role: "img", "aria-label": T$1.legend, children: [
      picture?.legends.map((legend) => /* @__PURE__ */ u(
        LegendOf,
        {
          legend,
          name: legend.isDifference ? T$1.difference : picture.legends.length === 1 ? "" : store.shown.value[0] ?? "",
          testid: legend.isDifference ? "legend-difference" : "legend-values"
        },
        String(legend.isDifference)
      )),
      picture && /* @__PURE__ */ u("div", { class: "chips legend", children: [
        picture.dead && /* @__PURE__ */ u("span", { class: "chip", children: [
          /* @__PURE__ */ u("i", { class: "act-dead-chip" }),
          T$1.dead
        ] }),
        picture.nonfinite && /* @__PURE__ */ u("span", { class: "chip", children: [
          /* @__PURE__ */ u("i", { class: "hatched", style: { backgroundColor: css(picture.legends[0].palette.nonfinite) } }),
          T$1.notFinite
        ] })
      ] })
    ] })
  ] });
}
function InputImage({ event, sample, dark }) {
  const canvas = A(null);
  const picture = inputPicture(event, sample);
  const ratio = picture ? picture.pixels.width / picture.pixels.height : 1;
  const width = Math.min(160, Math.max(8, Math.round(SIDE * Math.min(ratio, 2.5))));
  const height = ratio > 2.5 ? Math.max(12, Math.round(width / Math.min(ratio, 12))) : SIDE;
  _(() => {
    if (canvas.current && picture)
      drawPlane(canvas.current, picture.pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [event, sample, dark]);
  if (!picture) return null;
  const title = picture.colour || picture.channels === 1 ? T$1.input : `${T$1.input}, ${T$1.inputChannel(1, picture.channels)}`;
  return /* @__PURE__ */ u(
    "canvas",
    {
      class: "act-plane act-input",
      ref: canvas,
      role: "img",
      "aria-label": T$1.inputName(sample + 1),
      title,
      "data-testid": "input",
      style: { width: `${width}px`, height: `${height}px` }
    }
  );
}
const style = '.act-main {\n  position: relative;\n  display: flex;\n  flex-direction: column;\n  gap: 8px;\n  min-width: 0;\n  min-height: 0;\n}\n.act-input-pending {\n  flex: none;\n  width: 64px;\n  height: 64px;\n}\n.act-stage {\n  container-type: inline-size;\n  flex: 1;\n  min-height: 0;\n  display: flex;\n  flex-direction: column;\n  background: var(--bg);\n}\n.act-main .slider {\n  flex: none;\n}\n.act-waiting {\n  flex: 1;\n}\n.act-fixed .number {\n  display: flex;\n  align-items: center;\n  gap: 6px;\n}\n.act-fixed .field {\n  width: 72px;\n  height: 28px;\n}\n.act-versus {\n  max-width: 150px;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.act-probe {\n  display: flex;\n  align-items: center;\n  gap: 12px;\n  min-height: 68px;\n  padding: 2px 0 4px;\n}\n.act-plane {\n  display: block;\n  image-rendering: pixelated;\n}\n.act-input {\n  flex: none;\n  border-radius: 2px;\n}\n.act-sample {\n  flex: 1;\n  min-width: 0;\n  font-size: 12px;\n}\n.act-picker {\n  display: flex;\n  align-items: center;\n  gap: 8px;\n  font-variant-numeric: tabular-nums;\n  white-space: nowrap;\n}\n.act-picker .button {\n  padding: 0 7px;\n  height: 24px;\n}\n.act-label {\n  font-weight: 600;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.act-sample p {\n  margin-top: 4px;\n}\n.act-sample code {\n  padding: 0 4px;\n  border-radius: 4px;\n  background: var(--chip);\n}\n.act-tokens {\n  max-height: 38px;\n  overflow: hidden auto;\n  scrollbar-width: thin;\n  font:\n    11px / 17px ui-monospace,\n    "Roboto Mono",\n    Menlo,\n    Consolas,\n    monospace;\n}\n.act-tokens span {\n  display: inline-block;\n  margin-right: 2px;\n  padding: 0 2px;\n  border-radius: 3px;\n  background: var(--chip);\n}\n.act-legends {\n  flex: 0 0 auto;\n  display: flex;\n  flex-wrap: wrap;\n  justify-content: flex-end;\n  align-items: center;\n  gap: 4px 18px;\n  max-width: 70%;\n}\n.act-legend {\n  width: 190px;\n}\n.act-legend-name {\n  display: block;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.act-legends .chips {\n  margin: 0;\n  flex-direction: column;\n}\n.act-dead-chip {\n  background: var(--chip);\n}\n.act-scroll {\n  flex: 1;\n  min-height: 0;\n  overflow: auto;\n  scrollbar-width: thin;\n  overscroll-behavior: contain;\n}\n.act-scroll.stale,\n.act-history-body.stale {\n  opacity: 0.45;\n  transition: opacity 0.15s 0.15s;\n}\n.act-columns {\n  display: grid;\n  width: max-content;\n}\n.act-head {\n  position: sticky;\n  top: 0;\n  z-index: 3;\n  min-width: 0;\n  background: var(--bg);\n}\n.act-head .act-bad.act-bad,\n.act-caption .act-bad {\n  color: var(--crit);\n  font-weight: 600;\n}\n.act-head .act-nonfinite.act-nonfinite,\n.act-caption .act-nonfinite {\n  color: var(--bad);\n  font-weight: 600;\n}\n.act-head .run-head b {\n  flex: 0 1 auto;\n}\n.act-head .run-head span {\n  margin-left: auto;\n  flex: 0 2 auto;\n}\n.act-head .act-note {\n  margin-top: -7px;\n  padding-bottom: 4px;\n  font-size: 11px;\n  line-height: 16px;\n  color: var(--dim);\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n  font-variant-numeric: tabular-nums;\n}\n.act .layer .label {\n  flex: none;\n  max-width: 100%;\n}\n.act-head .run-head span {\n  min-width: 0;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.act-column {\n  position: relative;\n  min-width: 0;\n  padding: 3px 0;\n}\n.act-none {\n  height: 140px;\n}\n.act-tiles {\n  position: relative;\n}\n.act-tile {\n  position: absolute;\n  cursor: pointer;\n}\n.act-picture {\n  position: relative;\n}\n.act-tile.hovered .act-picture,\n.act-tile:focus-visible .act-picture {\n  outline: 2px solid var(--accent);\n  outline-offset: 1px;\n}\n.act-tile.selected .act-picture {\n  outline: 2px solid var(--text);\n  outline-offset: 1px;\n}\n.act-tile:focus-visible {\n  outline: none;\n}\n.act-dead,\n.act-dead-chip {\n  background: var(--chip);\n}\n.act-dead {\n  position: relative;\n}\n.act-dead svg {\n  position: absolute;\n  right: 2px;\n  top: 2px;\n}\n.act-dead path {\n  fill: none;\n  stroke: var(--crit);\n  stroke-width: 1.3;\n}\n.act-absent {\n  border: 1px dashed var(--line);\n}\n.act-caption {\n  display: flex;\n  justify-content: space-between;\n  gap: 4px;\n  height: 18px;\n  font-size: 11px;\n  line-height: 18px;\n  color: var(--dim);\n  white-space: nowrap;\n  font-variant-numeric: tabular-nums;\n}\n.act-caption span:last-child {\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.act-labels {\n  position: absolute;\n}\n.act-labels.left {\n  right: 100%;\n  top: 0;\n}\n.act-labels.below {\n  left: 0;\n  top: 100%;\n}\n.act-rows {\n  position: absolute;\n  top: 0;\n  cursor: pointer;\n}\n.act-sheet-scroll {\n  overflow: auto hidden;\n  scrollbar-width: thin;\n}\n.act-sheet {\n  position: relative;\n  cursor: crosshair;\n  overflow: hidden;\n}\n.act-band,\n.act-chosen {\n  position: absolute;\n  top: 0;\n  bottom: 0;\n  pointer-events: none;\n  box-shadow:\n    0 0 0 1px var(--accent),\n    0 0 0 2px var(--halo);\n}\n.act-chosen {\n  box-shadow:\n    0 0 0 1px var(--text),\n    0 0 0 2px var(--halo);\n}\n.act-history {\n  position: absolute;\n  left: 0;\n  right: 0;\n  bottom: 0;\n  z-index: 20;\n  max-height: 76%;\n  display: flex;\n  flex-direction: column;\n  border: 1px solid var(--line);\n  border-radius: 8px;\n  background: var(--panel);\n  box-shadow: var(--shadow);\n}\n.act-history-head {\n  display: flex;\n  align-items: center;\n  gap: 8px;\n  padding: 9px 8px 4px 14px;\n}\n.act-history-head .act-legend {\n  width: 150px;\n}\n.act-history-head .gap {\n  flex: 1;\n}\n.act-history-body {\n  overflow: auto;\n  padding: 0 14px 10px;\n  scrollbar-width: thin;\n}\n.act-strip-row {\n  display: flex;\n  align-items: center;\n  gap: 10px;\n  padding: 2px 0;\n}\n.act-strip-name {\n  flex: none;\n  width: 112px;\n  display: flex;\n  align-items: center;\n  gap: 7px;\n  font-size: 12px;\n}\n.act-strip-name span {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.act-strip {\n  position: relative;\n  display: flex;\n  gap: 4px;\n  min-width: 0;\n  overflow-x: auto;\n  scrollbar-width: thin;\n  padding: 3px;\n}\n.act-frame {\n  flex: none;\n  display: block;\n  text-align: center;\n  font-size: 10px;\n  line-height: 13px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.act-frame span {\n  display: block;\n  margin-top: 3px;\n  min-height: 13px;\n}\n.act-frame[aria-pressed="true"] {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.act-frame[aria-pressed="true"] canvas {\n  outline: 2px solid var(--accent);\n  outline-offset: 1px;\n}\n.act-charts {\n  display: grid;\n  grid-template-columns: 1fr 1fr;\n  gap: 14px;\n  padding-top: 6px;\n}\n.act-chart {\n  min-width: 0;\n}\n.act-chart p {\n  font-size: 11px;\n}\n.act-plot {\n  position: relative;\n  overflow: hidden;\n}\n@container (max-width: 720px) {\n  .act-legend {\n    width: 116px;\n  }\n  .act-legends .chips {\n    flex-direction: row;\n    width: 100%;\n    justify-content: flex-end;\n  }\n  .act-probe {\n    gap: 8px;\n  }\n}\n';
const T = TEXT.activations;
function View() {
  const store = useStore();
  const runs = store.shown.value;
  const listing = useListing(runs);
  const known = listing.data ?? listing.last;
  if (runs.length === 0) return /* @__PURE__ */ u(NoRuns, {});
  if (known === null) {
    return /* @__PURE__ */ u("section", { class: "panel", "aria-label": T.title, "aria-busy": listing.error === null, children: listing.error !== null && /* @__PURE__ */ u(Failure, { what: T.whatListing, message: listing.error, retry: listing.retry }) });
  }
  if (listing.data && known.maps.length === 0) {
    const broken = known.missing[0];
    return /* @__PURE__ */ u("section", { class: "panel", "aria-label": T.title, children: [
      broken && /* @__PURE__ */ u(Failure, { what: T.whatMaps, message: `${broken.run}: ${broken.reason}`, retry: listing.retry }),
      /* @__PURE__ */ u(PanelEmpty, { title: T.emptyTitle, help: T.emptyHelp, code: T.emptyCode })
    ] });
  }
  return /* @__PURE__ */ u(Activations, { listing: known, error: listing.error, retry: listing.retry });
}
function Activations({ listing, error, retry }) {
  const store = useStore();
  const choices = useChoices();
  const runs = store.shown.value;
  const dark = store.dark.value;
  const stage = A(null);
  const layers = T$9(() => layersOf(listing, runs, PREFIX), [listing, runs]);
  const selected = Math.max(0, choose(store.view.row.value, layers));
  const layer = layers[selected] ?? null;
  const header = layer?.first.header ?? null;
  const inputs = useInputs(runs, layer?.name ?? null);
  const input = T$9(() => inputs.data?.maps ?? [], [inputs.data]);
  const samples = Math.max(1, header ? samplesOf(header) : 1);
  const sample = Math.min(choices.sample, samples - 1);
  const maps = useMaps(runs, layer?.tag ?? null, header, sample, store.view.step.value);
  useCourse(
    T$9(
      () => ({
        moveStep: (by) => {
          const { steps } = maps;
          if (steps.length === 0) return;
          const at = nearest(steps, maps.step);
          store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
        },
        moveLayer: (by) => {
          const next = layers[selected + by];
          if (next) store.view.row.value = next.name;
        }
      }),
      [store, maps.steps, maps.step, layers, selected]
    )
  );
  const { colours, scale, fixed, differ, order } = choices;
  const fresh = T$9(
    () => pictureOf(maps.maps, maps.newest, { runs, colours, scale, fixed, differ, order, dark }),
    [maps.maps, maps.newest, runs, colours, scale, fixed, differ, order, dark]
  );
  const waiting = maps.maps.size === 0 && maps.loading;
  const drawn = useKept(
    waiting || !layer ? null : { picture: fresh, layer: layer.name, step: maps.step, sample, reasons: maps.reasons }
  );
  const unit = choices.unit;
  const boards = drawn?.picture.shown.flatMap(({ board }) => board ? [board] : []) ?? [];
  return /* @__PURE__ */ u("section", { class: "panel act", "aria-label": T.title, children: [
    /* @__PURE__ */ u(
      Controls,
      {
        choices,
        header,
        boards,
        loading: maps.loading,
        exports: /* @__PURE__ */ u(
          Exports,
          {
            name: `nnviz_activations_${drawn?.layer ?? ""}_step_${drawn?.step ?? 0}`,
            png: () => stage.current,
            csv: () => mapsToCsv(boards, drawn?.layer ?? "", sample, differ),
            disabled: boards.length === 0
          }
        )
      }
    ),
    error !== null && /* @__PURE__ */ u(Failure, { what: T.whatListing, message: error, retry }),
    /* @__PURE__ */ u("div", { class: "with-layers", children: [
      /* @__PURE__ */ u(
        LayerList,
        {
          items: layers.map(({ name, first }) => ({
            name,
            note: [first.row?.type ?? "", sizesOf(first.header)].filter(Boolean).join(" ")
          })),
          selected,
          select: ({ name }) => {
            store.view.row.value = name;
          }
        }
      ),
      /* @__PURE__ */ u("div", { class: "act-main", children: [
        /* @__PURE__ */ u(
          StepSlider,
          {
            steps: maps.steps,
            step: maps.step,
            set: (step) => {
              store.view.step.value = step;
            },
            ready: !waiting
          }
        ),
        maps.error !== null && /* @__PURE__ */ u(Failure, { what: T.whatMaps, message: maps.error, retry: maps.retry }),
        inputs.error !== null && /* @__PURE__ */ u(Failure, { what: T.whatInputs, message: inputs.error, retry: inputs.retry }),
        /* @__PURE__ */ u("div", { class: "act-stage", ref: stage, "data-testid": "stage", "aria-busy": waiting && maps.error === null, children: [
          /* @__PURE__ */ u(
            ProbeBand,
            {
              inputs: input,
              logged: inputs.logged,
              loading: inputs.loading,
              header,
              sample,
              samples,
              setSample: choices.setSample,
              picture: drawn?.picture ?? null
            }
          ),
          drawn ? /* @__PURE__ */ u(
            Columns,
            {
              picture: drawn.picture,
              stale: waiting,
              layer: drawn.layer,
              step: drawn.step,
              sample: drawn.sample,
              reasons: drawn.reasons,
              input: input[0] ?? null,
              setSample: choices.setSample,
              unit,
              setUnit: choices.setUnit
            }
          ) : maps.error === null && /* @__PURE__ */ u("div", { class: "pending act-waiting" })
        ] }),
        unit !== null && layer && drawn?.layer === layer.name && drawn.picture.slots.includes(unit) && /* @__PURE__ */ u(
          HistoryDrawer,
          {
            tag: layer.tag,
            layer: layer.name,
            picture: drawn.picture,
            unit,
            sample,
            step: maps.step,
            colours,
            close: () => choices.setUnit(null)
          }
        )
      ] })
    ] })
  ] });
}
function useKept(next) {
  const kept = A(null);
  if (next) kept.current = next;
  return kept.current;
}
export {
  View,
  style
};
