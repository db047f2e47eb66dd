import { J as exact, u as useStore, a0 as T$8, ay as useAnswer, aE as KINDS, aF as unionRows, av as allSteps, aA as stepDomain, I as choose, x as nearest, ar as niceUp, aG as niceDown, g as palette, ao as table, aH as interpolateViridis, j as hatchTile, f as prepare, M as toUnit, U as isUnder, aI as tableColour, T as TEXT, K as short, A, _, a as u, ax as tick, S, y as cellPixels, v as toStep, m as ink, aJ as kindName, d, aa as useSize, aK as compile, a7 as RowFilter, ad as RunHead, Z as Mark, W as shapeOf, q as quantity, r as stepTicks, c as toPixel, au as NumberField, aL as Popover, ab as useCourse, E as Exports, aD as StepSlider, aC as LayerList, am as Failure, al as NoRuns, aB as PanelEmpty } from "./main-Dh5P77kt.js";
const BINS = 520;
const ZERO_BIN = 260;
const LOWEST_OCTAVE = -40;
const QUARTERS = [1, 1.25, 1.5, 1.75];
const OVERFLOW = 2 ** 24;
const UNDERFLOW = 2 ** -40;
const edge = (k) => QUARTERS[k - 2 & 3] * 2 ** (LOWEST_OCTAVE + (k - 2 >> 2));
function binEnds(bin) {
  if (bin === 0) return [Number.NaN, Number.NaN];
  const k = Math.abs(bin - ZERO_BIN);
  let low = 0;
  let high = 0;
  if (k === 1) high = UNDERFLOW;
  else if (k === 259) low = high = Number.POSITIVE_INFINITY;
  else if (k > 1) [low, high] = [edge(k), k === 258 ? Number.POSITIVE_INFINITY : edge(k + 1)];
  return bin >= ZERO_BIN ? [low, high] : [-high, -low];
}
function nearestEdge(magnitude) {
  const at = Math.log2(Math.min(OVERFLOW, Math.max(UNDERFLOW, magnitude)));
  let best = 2;
  for (let k = 2; k <= 258; k++)
    if (Math.abs(Math.log2(edge(k)) - at) < Math.abs(Math.log2(edge(best)) - at)) best = k;
  return best;
}
const snap = (value) => value === 0 ? 0 : Math.sign(value) * edge(nearestEdge(Math.abs(value)));
const DECADES = Float64Array.from({ length: BINS }, (_2, bin) => {
  const k = Math.abs(bin - ZERO_BIN);
  return k >= 2 && k <= 257 ? Math.log10(edge(k + 1) / edge(k)) : Number.NaN;
});
const SPECIAL_BINS = [0, 1, 2, 518, 519];
const SPECIALS = SPECIAL_BINS.length;
function readHistograms(header) {
  const { series, missing } = header;
  return {
    missing,
    series: series.map((one) => {
      const { run, source, rows, steps, counts, special, absent, quantiles } = one;
      const items = absent.length;
      const width = items > 0 ? counts.length / items : 0;
      const totals = new Float64Array(items);
      for (let i = 0; i < items; i++) {
        for (let b = 0; b < width; b++) totals[i] += counts[i * width + b];
        for (let s = 0; s < SPECIALS; s++) totals[i] += special[i * SPECIALS + s];
      }
      const first = one.first_bin;
      return { run, source, rows, steps, first, width, counts, special, absent, quantiles, totals };
    })
  };
}
function countOf(all, item, bin) {
  const special = SPECIAL_BINS.indexOf(bin);
  if (special >= 0) return all.special[item * SPECIALS + special];
  const at = bin - all.first;
  return at >= 0 && at < all.width ? all.counts[item * all.width + at] : 0;
}
const shareOf = (all, item, bin) => all.totals[item] > 0 ? countOf(all, item, bin) / all.totals[item] : 0;
const densityOf = (all, item, bin) => shareOf(all, item, bin) / DECADES[bin];
function peakOf(all, item) {
  let peak = 0;
  for (let b = 0; b < all.width; b++) {
    const density = densityOf(all, item, all.first + b);
    if (density > peak) peak = density;
  }
  return peak;
}
function usage(all) {
  const sum = new Float64Array(BINS);
  let items = 0;
  for (const one of all) {
    for (let i = 0; i < one.totals.length; i++) {
      const total = one.totals[i];
      if (total === 0) continue;
      items += 1;
      for (let b = 0; b < one.width; b++) sum[one.first + b] += one.counts[i * one.width + b] / total;
      SPECIAL_BINS.forEach((bin, s) => {
        sum[bin] += one.special[i * SPECIALS + s] / total;
      });
    }
  }
  if (items > 0) for (let b = 0; b < BINS; b++) sum[b] /= items;
  return sum;
}
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
function histogramCsv(all) {
  const out = ["run,row,step,bin_from,bin_to,count,share"];
  for (const one of all) {
    for (let item = 0; item < one.totals.length; item++) {
      const row = one.rows[one.rows.length === 1 ? 0 : item];
      const step = one.steps[one.rows.length === 1 ? item : 0];
      for (let bin = 0; bin < BINS; bin++) {
        const count2 = countOf(one, item, bin);
        if (count2 === 0) continue;
        const [low, high] = binEnds(bin).map(exact);
        out.push(
          `${quote(one.run)},${quote(row)},${step},${low},${high},${exact(count2)},${exact(shareOf(one, item, bin))}`
        );
      }
    }
  }
  return `${out.join("\n")}
`;
}
const readListing = (header) => header;
function useKeys() {
  const store = useStore();
  const number = (name) => {
    const text = store.key(name).value;
    return text === null || text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text);
  };
  const one = (name, values) => {
    const value = store.key(name).value;
    return values.includes(value) ? value : values[0];
  };
  return {
    mode: one("hist.view", ["ridges", "map", "layers"]),
    ownHeight: store.key("hist.height").value === "step",
    overlay: one("hist.overlay", ["ref", "first", "none"]),
    from: number("hist.from"),
    to: number("hist.to")
  };
}
function useListing() {
  const store = useStore();
  const shown = store.shown.value;
  const runs = T$8(() => [...shown].sort(), [shown]);
  const wanted = store.key("hist.kind").value ?? store.kind.value;
  const valid = wanted === "stock" || KINDS.includes(wanted) ? wanted : KINDS[0];
  const first = useAnswer("histograms", runs.length ? { runs, kind: valid } : null, readListing);
  const kinds = T$8(() => {
    const found = new Set((first.data ?? first.last)?.runs.flatMap((run) => Object.keys(run.kinds)));
    return [...KINDS, "stock"].filter((kind2) => found.has(kind2));
  }, [first.data, first.last]);
  const kind = kinds.length === 0 || kinds.includes(valid) ? valid : kinds[0];
  const second = useAnswer("histograms", kind !== valid ? { runs, kind } : null, readListing);
  const answer = kind === valid ? first : second;
  const listing = answer.data ?? answer.last;
  const rows = T$8(() => {
    const listed = new Map(listing?.runs.map((run) => [run.run, run]));
    const layouts = shown.flatMap((run) => {
      const one = listed.get(run);
      return one ? [listing?.layouts[one.layout] ?? []] : [];
    });
    return unionRows(layouts).rows;
  }, [listing, shown]);
  const steps = T$8(() => {
    const byRun = new Map(listing?.runs.map((run) => [run.run, run.steps]));
    return shown.flatMap((run) => byRun.get(run)?.length ? [byRun.get(run)] : []);
  }, [listing, shown]);
  const all = T$8(() => allSteps(steps), [steps]);
  const domain = T$8(() => stepDomain(steps), [steps]);
  const last = all[all.length - 1] ?? 0;
  const cursor = Math.min(store.view.step.value ?? last, last);
  const things = T$8(
    () => rows.map(({ name, module }) => ({ name, module: module ?? name.replace(/\.[^.]*$/, "") })),
    [rows]
  );
  const at = choose(store.view.row.value, things);
  return {
    answer,
    runs,
    kinds,
    kind,
    rows,
    selected: rows.length === 0 ? -1 : Math.max(0, at),
    /** All logged steps of the runs shown. */
    steps: all,
    domain,
    step: all.length ? all[Math.max(0, nearest(all, cursor))] : 0,
    known: listing !== null,
    moveStep: (by) => {
      if (all.length === 0) return;
      const next = nearest(all, cursor) + by;
      store.view.step.value = all[Math.min(all.length - 1, Math.max(0, next))];
    },
    moveLayer: (by) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, Math.max(0, at) + by))];
      if (next) store.view.row.value = next.name;
    }
  };
}
function useRow(listing, wanted) {
  const { runs, kind, rows, selected } = listing;
  const row = rows[selected]?.name;
  const ask = wanted && row !== void 0;
  return useAnswer("histograms", ask ? { runs, kind, rows: [row] } : null, readHistograms);
}
function useStep(listing, wanted) {
  const { runs, kind, rows, step } = listing;
  const ask = wanted && rows.length > 0;
  return useAnswer("histograms", ask ? { runs, kind, step } : null, readHistograms);
}
const ORDER = [
  "nan",
  "negative_infinity",
  "below",
  "negative",
  "near_negative",
  "zero",
  "near_positive",
  "positive",
  "above",
  "positive_infinity"
];
const isLog = (part) => part === "negative" || part === "positive";
const isNear = (part) => part === "near_negative" || part === "near_positive";
const NEAR = 2e-3;
const LEAST_DECADES = 1.5;
const MOST_DECADES = 9;
function valueRange(used, from = null, to = null) {
  let low = 0;
  let high = 0;
  let total = 0;
  const magnitudes = new Float64Array(ZERO_BIN);
  for (let k = 1; k < 258; k++) {
    const [left, right] = [used[ZERO_BIN - k], used[ZERO_BIN + k]];
    magnitudes[k] = left + right;
    total += left + right;
    if (left > 0) low = -binEnds(ZERO_BIN + k)[1];
    if (right > 0) high = binEnds(ZERO_BIN + k)[1];
  }
  if (total === 0) {
    const reach = used[1] + used[2] + used[BINS - 2] + used[BINS - 1] > 0 ? OVERFLOW : 1;
    [low, high] = [-reach, reach];
  }
  const [bottom, top] = densest(magnitudes);
  low = Math.max(low, -top);
  high = Math.min(high, top);
  let floor = total > 0 ? bottom : Math.max(-low, high) / 1e3;
  let sum = 0;
  for (let k = 1; k < 258 && total > 0; k++) {
    sum += magnitudes[k];
    if (sum > NEAR * total) {
      floor = Math.max(floor, binEnds(ZERO_BIN + k)[0]);
      break;
    }
  }
  const a = from === null ? low : snap(from);
  const b = to === null ? high : snap(to);
  const [first, last] = a < b ? [a, b] : [low, high];
  const most = Math.max(Math.abs(first), Math.abs(last)) / 10 ** LEAST_DECADES;
  return { from: first, to: last, floor: Math.max(UNDERFLOW, snap(Math.min(floor, most))) };
}
function densest(magnitudes) {
  const ends = (k) => binEnds(ZERO_BIN + k);
  let best = [UNDERFLOW, OVERFLOW];
  let most = -1;
  for (let first = 2; first < 258; first++) {
    let sum = 0;
    let last = first;
    for (let k = first; k < 258 && ends(k)[1] <= ends(first)[0] * 10 ** MOST_DECADES; k++) {
      sum += magnitudes[k];
      if (magnitudes[k] > 0) last = k;
    }
    if (sum >= most * (1 + 1e-12)) {
      most = sum;
      best = [ends(first)[0], ends(last)[1]];
    }
  }
  return best;
}
function partOf(bin, { from, to, floor }) {
  if (bin === 0) return "nan";
  if (bin === 1) return "negative_infinity";
  if (bin === BINS - 1) return "positive_infinity";
  if (bin === ZERO_BIN) return "zero";
  const [low, high] = binEnds(bin);
  if (high <= from) return "below";
  if (low >= to) return "above";
  if (from > 0) return "positive";
  if (to < 0) return "negative";
  if (bin > ZERO_BIN) return low >= floor ? "positive" : "near_positive";
  return high <= -floor ? "negative" : "near_negative";
}
function sideOf(part, { from, to, floor }) {
  if (part === "positive") return to > 0 ? [from > 0 ? from : floor, to] : null;
  if (part === "negative") return from < 0 ? [to < 0 ? -to : floor, -from] : null;
  return null;
}
const SLOT = 16;
const NEAR_SLOT = 7;
const APART = 3;
function valueAxis(range, used, width) {
  const mass = /* @__PURE__ */ new Map();
  for (let bin = 0; bin < BINS; bin++) {
    const part = partOf(bin, range);
    mass.set(part, (mass.get(part) ?? 0) + used[bin]);
  }
  const order = ORDER.filter((part) => part !== "zero");
  const place = range.from > 0 ? "below" : range.to < 0 ? "negative" : "near_negative";
  order.splice(order.indexOf(place) + 1, 0, "zero");
  const shown = order.filter(
    (part) => isLog(part) ? sideOf(part, range) !== null : part === "zero" || (mass.get(part) ?? 0) > 0
  );
  const decades = (part) => {
    const side = sideOf(part, range);
    return side ? Math.log10(side[1] / side[0]) : 0;
  };
  const whole = shown.reduce((sum, part) => sum + decades(part), 0);
  const fixed = shown.reduce((sum, part) => sum + (isLog(part) ? 0 : isNear(part) ? NEAR_SLOT : SLOT), 0);
  const room = Math.max(40, width - fixed - APART * (shown.length - 1));
  let x = 0;
  const pieces = shown.map((part) => {
    const wide = isLog(part) ? room * decades(part) / whole : isNear(part) ? NEAR_SLOT : SLOT;
    const piece = { part, left: x, right: x + wide };
    x += wide + APART;
    return piece;
  });
  return { range, pieces, width };
}
function toX({ range, pieces }, value) {
  const part = valuePart(value, range);
  const piece = pieces.find((one) => one.part === part);
  if (!piece) return Number.NaN;
  const side = sideOf(part, range);
  if (!side) return (piece.left + piece.right) / 2;
  const t = Math.log(Math.abs(value) / side[0]) / Math.log(side[1] / side[0]);
  return part === "positive" ? piece.left + t * (piece.right - piece.left) : piece.right - t * (piece.right - piece.left);
}
function valuePart(value, { from, to, floor }) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "positive_infinity" : "negative_infinity";
  if (value === 0) return "zero";
  if (value < from) return "below";
  if (value > to) return "above";
  if (from > 0 || value >= floor) return "positive";
  if (to < 0 || value <= -floor) return "negative";
  return value > 0 ? "near_positive" : "near_negative";
}
function fromX(axis, x) {
  const { range, pieces } = axis;
  let near = pieces[0];
  for (const piece of pieces) {
    const distance = (one) => Math.max(0, one.left - x, x - one.right);
    if (distance(piece) < distance(near)) near = piece;
  }
  const side = sideOf(near.part, range);
  if (!side) return { part: near.part, value: Number.NaN };
  const t = Math.min(1, Math.max(0, (x - near.left) / (near.right - near.left)));
  return near.part === "positive" ? { part: near.part, value: side[0] * (side[1] / side[0]) ** t } : { part: near.part, value: -side[1] * (side[0] / side[1]) ** t };
}
function valueTicks(axis, apart) {
  const result = [];
  for (const { part, left, right } of axis.pieces) {
    const side = sideOf(part, axis.range);
    if (!side) continue;
    const first = Math.ceil(Math.log10(side[0]) - 1e-9);
    const last = Math.floor(Math.log10(side[1]) + 1e-9);
    const perDecade = (right - left) / Math.log10(side[1] / side[0]);
    const every = [1, 2, 3, 4, 5, 6, 10, 15].find((n) => n * perDecade >= apart) ?? 20;
    for (let e = Math.ceil(first / every) * every; e <= last; e += every) {
      const value = (part === "positive" ? 1 : -1) * Number(`1e${e}`);
      result.push({ value, x: toX(axis, value) });
    }
  }
  return result;
}
function binAt(value) {
  const size = Math.abs(value);
  const octave = Math.floor(Math.log2(size));
  const quarter = Math.min(3, Math.floor((size / 2 ** octave - 1) * 4 + 1e-12));
  const k = size < UNDERFLOW ? 1 : size >= OVERFLOW ? 258 : 2 + 4 * (octave + 40) + quarter;
  return value > 0 ? ZERO_BIN + k : ZERO_BIN - k;
}
const DECADES_SHOWN = 3;
function highest(all) {
  let peak = 0;
  for (const one of all) for (let i = 0; i < one.totals.length; i++) peak = Math.max(peak, peakOf(one, i));
  return peak;
}
function densityScale(peak) {
  const hi = peak > 0 ? niceUp(peak) : 1;
  return { mode: "log", lo: niceDown(hi / 10 ** DECADES_SHOWN), hi, diverging: false };
}
const light = {
  ...palette(false, false),
  table: table((t) => interpolateViridis(1 - t)),
  under: [255, 246, 170]
};
const dark = { ...palette(false, true), under: [52, 16, 66] };
const densityPalette = (isDark) => isDark ? dark : light;
function partShares(all, item, range) {
  const shares = /* @__PURE__ */ new Map();
  const add = (bin) => {
    const share = shareOf(all, item, bin);
    if (share === 0) return;
    const part = partOf(bin, range);
    if (!isLog(part)) shares.set(part, (shares.get(part) ?? 0) + share);
  };
  for (const bin of [0, 1, 2, BINS - 2, BINS - 1]) add(bin);
  for (let b = 0; b < all.width; b++) add(all.first + b);
  return shares;
}
function pixelBins(axis, pixels) {
  const bins = new Int32Array(pixels).fill(-1);
  const ratio = axis.width / pixels;
  for (const { part, left, right } of axis.pieces) {
    if (!isLog(part)) continue;
    for (let p = Math.round(left / ratio); p < Math.round(right / ratio); p++) {
      if (p >= 0 && p < pixels) bins[p] = binAt(fromX(axis, (p + 0.5) * ratio).value);
    }
  }
  return bins;
}
function skyline(all, item, range, part) {
  const result = [];
  const last = all.first + all.width;
  for (let bin = all.first; bin < last; bin++) {
    if (partOf(bin, range) === part) result.push({ bin, density: densityOf(all, item, bin) });
  }
  return result;
}
const css = (rgb) => `rgb(${rgb.join(",")})`;
function shareLook(part, own, dark2) {
  if (part === "nan" || part.endsWith("infinity")) return { colour: css([200, 30, 160]), hatched: true };
  if (part === "zero") return { colour: dark2 ? "#8b8f98" : "#898d96", hatched: false };
  return { colour: own, hatched: false };
}
function drawShareBar(g, axis, part, share, top, height, look, pattern) {
  const piece = axis.pieces.find((one) => one.part === part);
  if (!piece || share <= 0) return;
  const whole = piece.right - piece.left;
  const width = Math.max(1, share * whole);
  const toLeft = part === "below" || part === "near_negative" || part === "negative_infinity";
  const x = part === "zero" || part === "nan" ? piece.left + (whole - width) / 2 : toLeft ? piece.right - width : piece.left;
  g.fillStyle = look.colour;
  g.fillRect(x, top, width, height);
  if (look.hatched && pattern) {
    g.fillStyle = pattern;
    g.fillRect(x, top, width, height);
  }
}
function drawStrips(g, axis, top, height, ink2) {
  g.fillStyle = ink2.grid;
  g.globalAlpha = 0.45;
  for (const { part, left, right } of axis.pieces) {
    if (!isLog(part)) g.fillRect(left, top, right - left, height);
  }
  g.globalAlpha = 1;
}
const hatch = (g, ink2) => {
  const pattern = g.createPattern(hatchTile(ink2.hatch, 1), "repeat");
  return pattern;
};
function drawDensityMap(canvas, model) {
  const { all, axis, spans, dark: dark2, height, ink: ink2 } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  drawStrips(g, axis, 0, height, ink2);
  paintCells(g, model);
  const pattern = hatch(g, ink2);
  for (let i = 0; i < all.totals.length; i++) {
    const [top, bottom] = [spans[2 * i], spans[2 * i + 1]];
    if (bottom <= top) continue;
    for (const [part, share] of partShares(all, i, axis.range)) {
      const look = shareLook(part, model.colour, dark2);
      drawShareBar(g, axis, part, share, top, bottom - top, look, pattern);
    }
  }
  if (model.quantiles === "lines") drawLines(g, model);
  else drawMarks(g, model);
}
function paintCells(g, { all, axis, spans, scale, peaks, dark: dark2 }) {
  const { width, height } = g.canvas;
  const ratio = width / axis.width;
  const bins = pixelBins(axis, width);
  const colours = densityPalette(dark2);
  const best = new Float32Array(width * height);
  for (let i = 0; i < all.totals.length; i++) {
    const top = Math.max(0, Math.round(spans[2 * i] * ratio));
    const bottom = Math.min(height, Math.round(spans[2 * i + 1] * ratio));
    if (bottom <= top) continue;
    const factor = peaks && peaks[i] > 0 ? scale.hi / peaks[i] : 1;
    for (let x = 0; x < width; x++) {
      const at = bins[x] - all.first;
      if (bins[x] < 0 || at < 0 || at >= all.width || all.counts[i * all.width + at] === 0) continue;
      const density = densityOf(all, i, bins[x]) * factor;
      for (let y = top; y < bottom; y++) if (density > best[y * width + x]) best[y * width + x] = density;
    }
  }
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let p = 0; p < best.length; p++) {
    if (best[p] === 0) continue;
    const t = toUnit(scale, best[p]);
    const rgb = isUnder(t) ? colours.under : tableColour(colours, t);
    pixels.set(rgb, 4 * p);
    pixels[4 * p + 3] = 255;
  }
  const layer = document.createElement("canvas");
  layer.width = width;
  layer.height = height;
  layer.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  g.save();
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.drawImage(layer, 0, 0);
  g.restore();
}
const COUNT = 5;
const MEDIAN$1 = 2;
const DASHES = [[1.5, 2.5], [5, 3], [], [5, 3], [1.5, 2.5]];
function drawLines(g, { all, axis, spans, ink: ink2 }) {
  g.lineJoin = "round";
  for (const pass of ["halo", "line"]) {
    for (let q = 0; q < COUNT; q++) {
      g.beginPath();
      let before = null;
      for (let i = 0; i < all.totals.length; i++) {
        const value = all.quantiles[i * COUNT + q];
        const [x, top, bottom] = [toX(axis, value), spans[2 * i], spans[2 * i + 1]];
        const part = valuePart(value, axis.range);
        if (Number.isNaN(value) || bottom <= top) {
          before = null;
          continue;
        }
        if (part === before) g.lineTo(x, (top + bottom) / 2);
        else g.moveTo(x, top);
        g.lineTo(x, bottom);
        before = part;
      }
      g.setLineDash(pass === "halo" ? [] : DASHES[q]);
      g.strokeStyle = pass === "halo" ? ink2.panel : ink2.text;
      g.globalAlpha = pass === "halo" ? 0.6 : 1;
      g.lineWidth = (q === MEDIAN$1 ? 1.8 : 1.1) + (pass === "halo" ? 1.8 : 0);
      g.stroke();
    }
  }
  g.setLineDash([]);
  g.globalAlpha = 1;
}
function drawMarks(g, { all, axis, spans, ink: ink2 }) {
  for (let i = 0; i < all.totals.length; i++) {
    const [top, bottom] = [spans[2 * i], spans[2 * i + 1]];
    if (bottom <= top || Number.isNaN(all.quantiles[i * COUNT])) continue;
    const xs = Array.from({ length: COUNT }, (_2, q) => toX(axis, all.quantiles[i * COUNT + q]));
    drawBox(g, xs, bottom + 2.5, top, bottom, ink2);
  }
}
function drawBox(g, xs, y, top, bottom, ink2) {
  const [first, lower, median, upper, last] = xs;
  const line = (from, to, width) => {
    g.lineWidth = width;
    g.beginPath();
    g.moveTo(from, y);
    g.lineTo(Math.max(to, from + 1), y);
    g.stroke();
  };
  g.strokeStyle = ink2.text;
  line(first, last, 1);
  line(lower, upper, 3);
  g.fillStyle = ink2.panel;
  g.fillRect(median - 2, top, 4, bottom - top + 4);
  g.fillStyle = ink2.text;
  g.fillRect(median - 1, top, 2, bottom - top + 4);
}
const T$7 = TEXT.distributions;
const percent = (share) => share === 0 ? "0 %" : `${short(100 * share)} %`;
function quantileText(value) {
  if (Number.isNaN(value)) return "";
  if (Math.abs(value) === 2 ** 24) return value > 0 ? `≥ ${short(value)}` : `≤ ${short(value)}`;
  return short(value);
}
function noteOf(all, item, axis, x) {
  const { part, value } = fromX(axis, x);
  const help = all.source === "stock" ? T$7.stockHelp : "";
  const total = all.totals[item];
  if (total === 0) return { what: T$7.absent, value: "", lines: [], help };
  if (!isLog(part)) {
    const share = partShares(all, item, axis.range).get(part) ?? 0;
    return {
      what: T$7.part(part, axis.range.from, axis.range.to, axis.range.floor, exact),
      value: T$7.elements(count(share * total, all)),
      lines: [T$7.share(percent(share), count(total, all))],
      help
    };
  }
  const bin = binAt(value);
  const [low, high] = binEnds(bin).map(exact);
  return {
    what: value > 0 ? T$7.bin(low, high) : T$7.negativeBin(low, high),
    value: T$7.elements(count(countOf(all, item, bin), all)),
    lines: [
      T$7.share(percent(shareOf(all, item, bin)), count(total, all)),
      T$7.density(percent(densityOf(all, item, bin)))
    ],
    help
  };
}
const count = (value, all) => all.source === "stock" && !Number.isInteger(value) ? `≈ ${short(value)}` : Math.round(value).toLocaleString("en-US");
const T$6 = TEXT.distributions;
function DensityLegend({ scale, peak, own, lines, marks = false, used, range }) {
  const store = useStore();
  const dark2 = store.dark.value;
  const ref = A(null);
  _(() => {
    const g = ref.current?.getContext("2d");
    if (!g) return;
    const colours = densityPalette(dark2);
    for (let i = 0; i < 256; i++) {
      g.fillStyle = `rgb(${tableColour(colours, i / 255).join(",")})`;
      g.fillRect(i, 0, 1, 1);
    }
  }, [dark2, lines]);
  const found = /* @__PURE__ */ new Set();
  for (let bin = 0; bin < BINS; bin++) {
    const part = partOf(bin, range);
    if (used[bin] > 0 && !isLog(part)) found.add(part);
  }
  const near = found.has("near_negative") || found.has("near_positive");
  return /* @__PURE__ */ u("div", { class: "hist-legend", "data-testid": "density-legend", title: T$6.heightHelp, children: [
    lines ? /* @__PURE__ */ u("span", { class: "ramp-line", children: [
      /* @__PURE__ */ u("span", { children: own ? "" : `${tick(100 * scale.lo)} %` }),
      /* @__PURE__ */ u("canvas", { class: "bar", width: 256, height: 1, ref }),
      /* @__PURE__ */ u("span", { children: own ? T$6.perStep : `${tick(100 * scale.hi)} %` }),
      /* @__PURE__ */ u("span", { class: "dim", children: T$6.perDecade })
    ] }) : /* @__PURE__ */ u("span", { class: "dim", children: own ? T$6.perStepHelp : T$6.heightOf(percent(peak)) }),
    lines && !marks && /* @__PURE__ */ u(S, { children: [
      /* @__PURE__ */ u(Stroke, { dash: "", width: 1.8, label: T$6.legendMedian }),
      /* @__PURE__ */ u(Stroke, { dash: "5 3", width: 1.1, label: T$6.legendQuarters }),
      /* @__PURE__ */ u(Stroke, { dash: "1.5 2.5", width: 1.1, label: T$6.legendTails })
    ] }),
    ["nan", "negative_infinity", "positive_infinity", "zero"].filter((part) => found.has(part)).map((part) => /* @__PURE__ */ u("span", { class: "chip", children: [
      /* @__PURE__ */ u(
        "i",
        {
          class: shareLook(part, "", dark2).hatched ? "hatched" : "",
          style: { backgroundColor: shareLook(part, "", dark2).colour }
        }
      ),
      T$6.partName[part]
    ] }, part)),
    near && /* @__PURE__ */ u("span", { class: "dim", children: T$6.nearNote(tick(range.floor)) })
  ] });
}
function Stroke({ dash, width, label }) {
  return /* @__PURE__ */ u("span", { class: "chip", children: [
    /* @__PURE__ */ u("svg", { width: "24", height: "8", viewBox: "0 0 24 8", "aria-hidden": "true", children: /* @__PURE__ */ u("path", { d: "M0 4h24", stroke: "currentColor", "stroke-width": width, "stroke-dasharray": dash, fill: "none" }) }),
    label
  ] });
}
function traceSkyline(g, axis, line, part, baseline, perDensity) {
  let last = Number.NaN;
  for (const { bin, density } of line) {
    if (density === 0) continue;
    const ends = binEnds(bin).map((value) => toX(axis, inside(value, axis, part)));
    const [left, right] = ends[0] < ends[1] ? ends : [ends[1], ends[0]];
    const y = baseline - density * perDensity;
    if (Math.abs(left - last) > 0.01 || Number.isNaN(last)) {
      if (!Number.isNaN(last)) g.lineTo(last, baseline);
      g.moveTo(left, baseline);
    }
    g.lineTo(left, y);
    g.lineTo(right, y);
    last = right;
  }
  if (!Number.isNaN(last)) g.lineTo(last, baseline);
}
function inside(value, axis, part) {
  const { from, to, floor } = axis.range;
  if (part === "positive") return Math.min(to, Math.max(from > 0 ? from : floor, value));
  return Math.max(from, Math.min(to < 0 ? to : -floor, value));
}
function drawRidges(canvas, model) {
  const { all, axis, items, baselines, cursor, peak, rise, colour, dark: dark2, height, ink: ink2 } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  drawStrips(g, axis, 0, height, ink2);
  g.strokeStyle = ink2.grid;
  g.lineWidth = 1;
  g.beginPath();
  for (const { x } of valueTicks(axis, 34)) {
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, height);
  }
  g.stroke();
  const pattern = hatch(g, ink2);
  const gap = Math.min(...baselines.slice(1).map((y, i) => y - baselines[i]), 12);
  const bar = Math.max(2, Math.min(7, gap - 1));
  const ridge = (i) => {
    const item = items[i];
    const scale2 = rise / ((peak ?? peakOf(all, item)) || 1);
    const now = item === cursor;
    const age = items.length > 1 ? i / (items.length - 1) : 1;
    for (const { part, left, right } of axis.pieces) {
      if (!isLog(part)) continue;
      g.fillStyle = ink2.grid;
      g.fillRect(left, Math.round(baselines[i]), right - left, 1);
      const line = skyline(all, item, axis.range, part);
      if (line.length === 0) continue;
      g.beginPath();
      traceSkyline(g, axis, line, part, baselines[i], scale2);
      g.fillStyle = mix(ink2.panel, colour, now ? 0.75 : 0.18 + 0.42 * age);
      g.fill();
      g.strokeStyle = now ? ink2.accent : mix(ink2.panel, colour, 0.55 + 0.45 * age);
      g.lineWidth = now ? 1.75 : 0.9;
      g.stroke();
    }
    for (const [part, share] of partShares(all, item, axis.range)) {
      const look = shareLook(part, now ? ink2.accent : colour, dark2);
      drawShareBar(g, axis, part, share, baselines[i] - bar, bar, look, pattern);
    }
  };
  items.forEach((_2, i) => {
    ridge(i);
  });
  const at = items.indexOf(cursor);
  if (at < 0 || at === items.length - 1) return;
  g.strokeStyle = ink2.accent;
  g.lineWidth = 1.75;
  const scale = rise / ((peak ?? peakOf(all, cursor)) || 1);
  for (const { part } of axis.pieces) {
    if (!isLog(part)) continue;
    g.beginPath();
    traceSkyline(g, axis, skyline(all, cursor, axis.range, part), part, baselines[at], scale);
    g.stroke();
  }
}
const hex = (colour) => {
  const n = Number.parseInt(colour.slice(1), 16);
  return [n >> 16, n >> 8 & 255, n & 255];
};
function mix(from, to, share) {
  const [a, b] = [hex(from), hex(to)];
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * share)).join(",")})`;
}
const BOX$1 = 10;
function drawSlice(canvas, model) {
  const { all, item, over, axis, colour, height, ink: ink2 } = model;
  const g = prepare(canvas, axis.width, height, model.dpr);
  if (!g) return;
  g.clearRect(0, 0, axis.width, height);
  const base = height - BOX$1;
  const tall = base - 4;
  drawStrips(g, axis, 0, base, ink2);
  g.strokeStyle = ink2.grid;
  g.lineWidth = 1;
  g.beginPath();
  for (const { x } of valueTicks(axis, 34)) {
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, base);
  }
  g.moveTo(0, base + 0.5);
  g.lineTo(axis.width, base + 0.5);
  g.stroke();
  const own = { all, item, colour };
  for (const one of over ? [own, over] : [own]) {
    const perDensity = tall / (model.peak || peakOf(one.all, one.item) || 1);
    for (const { part } of axis.pieces) {
      if (!isLog(part)) continue;
      g.beginPath();
      traceSkyline(g, axis, skyline(one.all, one.item, axis.range, part), part, base, perDensity);
      if (one === own) {
        g.globalAlpha = 0.45;
        g.fillStyle = colour;
        g.fill();
        g.globalAlpha = 1;
      }
      g.strokeStyle = one.colour;
      g.lineWidth = one === own ? 1 : 1.6;
      g.stroke();
    }
    drawShares(g, model, one, one === own, base, tall);
  }
  const quantiles = all.quantiles.subarray(5 * item, 5 * item + 5);
  if (all.totals[item] > 0 && !Number.isNaN(quantiles[0])) {
    const xs = Array.from(quantiles, (value) => toX(axis, value));
    drawBox(g, xs, base + 6, base + 2, base + 6, ink2);
  }
}
function drawShares(g, { axis, dark: dark2, ink: ink2 }, one, filled, base, tall) {
  const pattern = hatch(g, ink2);
  for (const [part, share] of partShares(one.all, one.item, axis.range)) {
    const piece = axis.pieces.find((candidate) => candidate.part === part);
    if (!piece) continue;
    const look = shareLook(part, one.colour, dark2);
    const bar = Math.max(1, share * tall);
    const box = [piece.left, base - bar, piece.right - piece.left, bar];
    if (filled) {
      g.fillStyle = look.colour;
      g.fillRect(...box);
      if (look.hatched && pattern) {
        g.fillStyle = pattern;
        g.fillRect(...box);
      }
    } else {
      g.strokeStyle = one.colour;
      g.lineWidth = 1.6;
      g.strokeRect(box[0] + 0.8, box[1] + 0.8, box[2] - 1.6, Math.max(0, box[3] - 1.6));
    }
  }
}
const NEAREST = 7;
function stepLayout(steps, domain, height) {
  const n = steps.length;
  const spans = cellPixels(steps, domain, height);
  const usual = height / Math.max(1, n) * 3.4;
  const rise = Math.min(0.42 * height, Math.max(30, usual));
  const baselines = new Float64Array(n);
  const room = height - rise - 3;
  for (let i = 0; i < n; i++) {
    const t = domain[1] > domain[0] ? (steps[i] - domain[0]) / (domain[1] - domain[0]) : 1;
    baselines[i] = rise + 1 + t * room;
  }
  const items = [];
  for (let i = n - 1; i >= 0; i--) {
    const last = items[items.length - 1];
    if (last === void 0 || baselines[last] - baselines[i] >= NEAREST) items.push(i);
  }
  items.reverse();
  const itemAt = (y) => nearest(steps, toStep(y, domain, height));
  return { height, spans, baselines, rise, items, itemAt };
}
function ridgeAt(all, axis, { items, baselines, rise }, peak, x, y) {
  const { part, value } = fromX(axis, x);
  if (isLog(part)) {
    const bin = binAt(value);
    for (let k = items.length - 1; k >= 0; k--) {
      const i = items[k];
      const height = densityOf(all, i, bin) * rise / ((peak ?? peakOf(all, i)) || 1);
      if (y <= baselines[i] && y >= baselines[i] - height) return i;
    }
  }
  return items.find((i) => baselines[i] >= y - 1) ?? items[items.length - 1] ?? -1;
}
const T$5 = TEXT.distributions;
const DRAG = 5;
function Plot({ all, kind, axis, layout, mode, peak, scale, peaks, cursor }) {
  const store = useStore();
  const canvas = A(null);
  const dark2 = store.dark.value;
  const colour = store.colour(all.run);
  const drawn = mode === "ridges" ? cursor : -1;
  _(() => {
    if (!canvas.current) return;
    const shared = {
      all,
      axis,
      colour,
      dark: dark2,
      height: layout.height,
      dpr: window.devicePixelRatio,
      ink: ink(dark2)
    };
    if (mode === "ridges") {
      const { items, baselines, rise } = layout;
      const kept = drawn < 0 || items.includes(drawn) ? items : [...items, drawn].sort((a, b) => a - b);
      drawRidges(canvas.current, {
        ...shared,
        items: kept,
        baselines: kept.map((item) => baselines[item]),
        cursor: drawn,
        peak,
        rise
      });
    } else {
      const own = peak === null ? peaks : null;
      drawDensityMap(canvas.current, {
        ...shared,
        spans: layout.spans,
        scale,
        peaks: own,
        quantiles: "lines"
      });
    }
  }, [all, axis, layout, mode, peak, scale, peaks, drawn, colour, dark2]);
  const itemAt = (x, y) => {
    if (mode === "map") return layout.itemAt(y);
    return ridgeAt(all, axis, layout, peak, x, y);
  };
  return /* @__PURE__ */ u(
    Brush,
    {
      axis,
      height: layout.height,
      move: (event, x, y) => {
        const item = itemAt(x, y);
        if (item < 0) return;
        const note = noteOf(all, item, axis, x);
        const step = `${TEXT.step} ${all.steps[item]}`;
        store.note.value = { run: all.run, step, ...note, x: event.clientX, y: event.clientY };
      },
      click: (x, y) => {
        const item = itemAt(x, y);
        if (item >= 0) store.view.step.value = all.steps[item];
      },
      children: [
        /* @__PURE__ */ u(
          "canvas",
          {
            ref: canvas,
            role: "img",
            "aria-label": T$5.plot(all.run, all.rows[0], kindName(kind)),
            "data-testid": `distribution-${all.run}`
          }
        ),
        mode === "map" && cursor >= 0 && /* @__PURE__ */ u(
          "div",
          {
            class: "row-cursor",
            style: {
              top: `${layout.spans[2 * cursor]}px`,
              height: `${Math.max(2, layout.spans[2 * cursor + 1] - layout.spans[2 * cursor])}px`
            }
          }
        )
      ]
    }
  );
}
function Slice({ all, item, over, axis, peak, height }) {
  const store = useStore();
  const canvas = A(null);
  const dark2 = store.dark.value;
  const colour = store.colour(all.run);
  _(() => {
    if (!canvas.current) return;
    const dpr = window.devicePixelRatio;
    drawSlice(canvas.current, { all, item, over, axis, peak, colour, dark: dark2, height, dpr, ink: ink(dark2) });
  }, [all, item, over?.all, over?.item, over?.colour, axis, peak, colour, dark2, height]);
  return /* @__PURE__ */ u(
    Brush,
    {
      axis,
      height,
      move: (event, x) => {
        const note = noteOf(all, item, axis, x);
        const step = `${TEXT.step} ${all.steps[item]}`;
        const lines = [...note.lines];
        if (over) lines.push(outlineLine(over.all, over.item, axis, x));
        store.note.value = { run: all.run, step, ...note, lines, x: event.clientX, y: event.clientY };
      },
      children: /* @__PURE__ */ u(
        "canvas",
        {
          ref: canvas,
          role: "img",
          "aria-label": T$5.slice(all.run, all.rows[0], all.steps[item]),
          "data-testid": `slice-${all.run}`
        }
      )
    }
  );
}
function outlineLine(all, item, axis, x) {
  const { lines } = noteOf(all, item, axis, x);
  return `${T$5.outlineRef(all.run, all.steps[item])}: ${lines[0] ?? T$5.absent}`;
}
function Brush({ axis, height, move, click, children }) {
  const store = useStore();
  const [brush, setBrush] = d(null);
  const start = A(null);
  const ends = T$8(() => ({ from: store.key("hist.from"), to: store.key("hist.to") }), [store]);
  const place = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = Math.min(axis.width, Math.max(0, event.clientX - box.left));
    return [x, event.clientY - box.top];
  };
  return /* @__PURE__ */ u(
    "div",
    {
      class: "plot-area",
      style: { width: `${axis.width}px`, height: `${height}px` },
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        start.current = place(event)[0];
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event) => {
        const [x, y] = place(event);
        const from = start.current;
        if (from !== null && (brush || Math.abs(x - from) >= DRAG)) {
          setBrush({ from, to: x });
          store.note.value = null;
        } else move(event, x, y);
      },
      onPointerUp: (event) => {
        const [x, y] = place(event);
        if (start.current === null) return;
        start.current = null;
        setBrush(null);
        if (!brush) {
          click?.(x, y);
          return;
        }
        const [low, high] = [Math.min(brush.from, x), Math.max(brush.from, x)].map((at) => valueAt(axis, at));
        if (!(low < high)) return;
        ends.from.value = String(low);
        ends.to.value = String(high);
      },
      onPointerCancel: () => {
        start.current = null;
        setBrush(null);
      },
      onPointerLeave: () => {
        store.note.value = null;
      },
      onDblClick: () => {
        ends.from.value = null;
        ends.to.value = null;
      },
      children: [
        children,
        brush && /* @__PURE__ */ u(
          "div",
          {
            class: "brush",
            style: {
              left: `${Math.min(brush.from, brush.to)}px`,
              width: `${Math.abs(brush.to - brush.from)}px`
            }
          }
        )
      ]
    }
  );
}
function valueAt(axis, x) {
  const { part, value } = fromX(axis, x);
  const { from, to } = axis.range;
  if (isLog(part)) return Number(value.toPrecision(3));
  if (part === "zero" || part.startsWith("near")) return Math.max(from, Math.min(to, 0));
  return part === "above" || part === "positive_infinity" ? to : from;
}
function ValueTicks({ axis }) {
  const labels = axis.pieces.filter(({ part }) => T$5.partLabel[part]);
  const reach = (text) => text.length * 3.2;
  const ticks = valueTicks(axis, 31).filter(({ value, x }) => {
    const half = reach(tick(value));
    return x >= half - 6 && x <= axis.width - half + 6 && labels.every(
      ({ part, left, right }) => Math.abs((left + right) / 2 - x) > half + reach(T$5.partLabel[part]) + 3
    );
  });
  return /* @__PURE__ */ u("div", { class: "ticks values", style: { width: `${axis.width}px` }, "data-testid": "value-ticks", children: [
    ticks.map(({ value, x }) => /* @__PURE__ */ u("span", { style: { left: `${x}px` }, children: tick(value) }, value)),
    labels.map(({ part, left, right }) => /* @__PURE__ */ u(
      "b",
      {
        class: part,
        title: T$5.part(part, axis.range.from, axis.range.to, axis.range.floor, tick),
        style: { left: `${(left + right) / 2}px` },
        children: T$5.partLabel[part]
      },
      part
    ))
  ] });
}
const T$4 = TEXT.distributions;
const LINE$1 = 24;
const PAD = 3;
const BOX = 7;
const GAP$1 = 16;
const LEAST_WIDTH$1 = 150;
function Layers({ listing, answer, stale }) {
  const store = useStore();
  const keys = useKeys();
  const { ref, width, height } = useSize();
  const [top, setTop] = d(0);
  const shown = store.shown.value;
  const filter = compile(store.view.rowFilter.value) ?? /(?:)/;
  const names = listing.rows.map(({ name }) => name).filter((name) => filter.test(name));
  const series = T$8(() => {
    const byRun = new Map(answer.series.map((one) => [one.run, one]));
    return shown.map((run) => byRun.get(run) ?? null);
  }, [answer, shown]);
  const present = T$8(() => series.filter((one) => one !== null), [series]);
  const used = T$8(() => usage(present), [present]);
  const range = T$8(() => valueRange(used, keys.from, keys.to), [used, keys.from, keys.to]);
  const peak = T$8(() => highest(present), [present]);
  const scale = T$8(() => densityScale(peak), [peak]);
  const label = Math.min(220, Math.max(110, Math.round(width * 0.2)));
  const room = width - label - 12;
  const column = Math.max(LEAST_WIDTH$1, Math.floor((room - GAP$1 * shown.length) / Math.max(1, shown.length)));
  const axis = T$8(() => valueAxis(range, used, column), [range, used, column]);
  const body = Math.max(LINE$1, height - 30 - 22 - 40);
  const first = Math.max(0, Math.floor(top / LINE$1));
  const visible = names.slice(first, first + Math.ceil(body / LINE$1) + 1);
  const selected = listing.rows[listing.selected]?.name;
  const scroll = A(null);
  _(() => {
    const at = names.indexOf(selected ?? "");
    const box = scroll.current;
    if (box && at >= 0) box.scrollTop = Math.max(0, (at + 0.5) * LINE$1 - (box.clientHeight - 52) / 2);
  }, [selected, width > 0]);
  const open = (name) => {
    store.jump(() => {
      store.view.row.value = name;
      store.key("hist.view").value = null;
    });
  };
  const total = label + (column + GAP$1) * shown.length;
  return /* @__PURE__ */ u("div", { class: stale ? "hist-stage stale" : "hist-stage", ref, "data-testid": "stage", "aria-busy": stale, children: width > 0 && /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u("div", { class: "layers-scroll", ref: scroll, onScroll: (event) => setTop(event.currentTarget.scrollTop), children: /* @__PURE__ */ u("div", { class: "layers-grid", style: { width: `${total}px`, height: `${names.length * LINE$1 + 52}px` }, children: [
      /* @__PURE__ */ u("div", { class: "layers-head", children: [
        /* @__PURE__ */ u("div", { class: "first", style: { width: `${label}px` }, children: /* @__PURE__ */ u(RowFilter, {}) }),
        shown.map((run, i) => /* @__PURE__ */ u("div", { style: { width: `${column}px`, marginLeft: `${GAP$1}px` }, children: [
          /* @__PURE__ */ u(RunHead, { run, width: column, note: noteFor(series[i], listing.step) }),
          /* @__PURE__ */ u(ValueTicks, { axis })
        ] }, run))
      ] }),
      /* @__PURE__ */ u("div", { class: "layers-window", style: { transform: `translateY(${first * LINE$1}px)` }, children: [
        /* @__PURE__ */ u(
          "div",
          {
            class: "layers-names",
            style: { width: `${label}px` },
            role: "listbox",
            "aria-label": TEXT.layers,
            children: visible.map((name) => /* @__PURE__ */ u(
              "button",
              {
                type: "button",
                role: "option",
                "aria-selected": name === selected,
                class: name === selected ? "selected" : "",
                style: { height: `${LINE$1}px` },
                title: `${name}
${T$4.openLayer}`,
                "data-testid": `line-${name}`,
                onClick: () => open(name),
                children: name
              },
              name
            ))
          }
        ),
        series.map((all, i) => /* @__PURE__ */ u("div", { style: { width: `${column}px`, marginLeft: `${GAP$1}px` }, children: all ? /* @__PURE__ */ u(
          Strips,
          {
            all,
            names: visible,
            axis,
            scale,
            step: listing.step,
            open
          }
        ) : /* @__PURE__ */ u("div", { class: "no-data", style: { height: `${Math.min(body - 40, 120)}px` }, children: /* @__PURE__ */ u("span", { children: T$4.absent }) }) }, shown[i]))
      ] })
    ] }) }),
    /* @__PURE__ */ u(
      DensityLegend,
      {
        scale,
        peak,
        own: keys.ownHeight,
        lines: true,
        marks: true,
        used,
        range
      }
    )
  ] }) });
}
const noteFor = (all, step) => all?.source === "stock" ? T$4.fromStock : all && all.steps[0] !== step ? TEXT.nearestStep(all.steps[0]) : void 0;
function Strips({ all, names, axis, scale, step, open }) {
  const store = useStore();
  const { ownHeight } = useKeys();
  const canvas = A(null);
  const dark2 = store.dark.value;
  const colour = store.colour(all.run);
  const line = T$8(() => new Map(all.rows.map((name, i) => [name, i])), [all]);
  const key = names.join("\n");
  _(() => {
    if (!canvas.current) return;
    const spans = new Int32Array(2 * all.rows.length);
    names.forEach((name, k) => {
      const item = line.get(name);
      if (item === void 0) return;
      spans[2 * item] = k * LINE$1 + PAD;
      spans[2 * item + 1] = (k + 1) * LINE$1 - BOX;
    });
    drawDensityMap(canvas.current, {
      all,
      axis,
      spans,
      scale,
      peaks: ownHeight ? Float64Array.from(all.totals, (_2, i) => peakOf(all, i)) : null,
      quantiles: "marks",
      colour,
      dark: dark2,
      height: names.length * LINE$1,
      dpr: window.devicePixelRatio,
      ink: ink(dark2)
    });
  }, [all, axis, scale, key, ownHeight, colour, dark2]);
  const nameAt = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return names[Math.min(names.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / LINE$1)))];
  };
  return /* @__PURE__ */ u(
    "canvas",
    {
      ref: canvas,
      class: "strips",
      role: "img",
      "aria-label": T$4.layersOf(all.run, all.steps[0] ?? step),
      "data-testid": `strips-${all.run}`,
      onPointerMove: (event) => {
        const item = line.get(nameAt(event)) ?? -1;
        if (item < 0) {
          store.note.value = null;
          return;
        }
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        const note = noteOf(all, item, axis, x);
        store.note.value = {
          run: all.run,
          step: `${TEXT.step} ${all.steps[0]}`,
          ...note,
          what: `${all.rows[item]}: ${note.what}`,
          x: event.clientX,
          y: event.clientY
        };
      },
      onPointerLeave: () => {
        store.note.value = null;
      },
      onClick: (event) => open(nameAt(event))
    }
  );
}
const T$3 = TEXT.distributions;
const MEDIAN = 2;
function Readout({ series, step }) {
  const store = useStore();
  return /* @__PURE__ */ u("table", { class: "quantiles", "data-testid": "quantiles", title: T$3.quantileHelp, children: [
    /* @__PURE__ */ u("thead", { children: /* @__PURE__ */ u("tr", { children: [
      /* @__PURE__ */ u("th", { children: T$3.at(step) }),
      T$3.readout.map((name, i) => /* @__PURE__ */ u("th", { title: T$3.readoutHelp[i], children: name }, name))
    ] }) }),
    /* @__PURE__ */ u("tbody", { children: series.map((all) => {
      const item = nearest(all.steps, step);
      const away = all.steps[item] !== step;
      const known = item >= 0 && all.totals[item] > 0;
      const bad = known ? shareOf(all, item, 0) + shareOf(all, item, 1) + shareOf(all, item, 519) : 0;
      return /* @__PURE__ */ u("tr", { "data-testid": `quantiles-${all.run}`, children: [
        /* @__PURE__ */ u("th", { title: all.run, children: /* @__PURE__ */ u("span", { children: [
          /* @__PURE__ */ u(Mark, { colour: store.colour(all.run), shape: shapeOf(store.order.value.get(all.run) ?? 0) }),
          /* @__PURE__ */ u("i", { children: store.shortNames.value.get(all.run) ?? all.run }),
          away && /* @__PURE__ */ u("small", { title: TEXT.nearestTitle, children: TEXT.nearestStep(all.steps[item]) })
        ] }) }),
        known ? /* @__PURE__ */ u(S, { children: [
          Array.from(all.quantiles.subarray(5 * item, 5 * item + 5), (value, q) => /* @__PURE__ */ u("td", { class: q === MEDIAN ? "median" : "", title: exact(value), children: quantileText(value) }, T$3.readout[q])),
          /* @__PURE__ */ u("td", { children: percent(shareOf(all, item, 260)) }),
          /* @__PURE__ */ u("td", { class: bad > 0 ? "bad" : "", children: percent(bad) }),
          /* @__PURE__ */ u("td", { title: exact(all.totals[item]), children: quantity(Math.round(all.totals[item])) })
        ] }) : /* @__PURE__ */ u("td", { colSpan: 8, class: "dim", children: T$3.absent })
      ] }, all.run);
    }) })
  ] });
}
const T$2 = TEXT.distributions;
const GUTTER = 28;
const GAP = 12;
const LEAST_WIDTH = 196;
const LEAST_HEIGHT = 300;
const HEAD = 30;
const BETWEEN = 18;
const TICKS = 20;
const LINE = 22;
const LEGEND = 44;
function Stage({ listing, answer, stale }) {
  const store = useStore();
  const keys = useKeys();
  const { ref, width, height } = useSize();
  const shown = store.shown.value;
  const series = T$8(() => {
    const byRun = new Map(answer.series.map((one) => [one.run, one]));
    return shown.map((run) => byRun.get(run) ?? null);
  }, [answer, shown]);
  const present = T$8(() => series.filter((one) => one !== null), [series]);
  const used = T$8(() => usage(present), [present]);
  const range = T$8(() => valueRange(used, keys.from, keys.to), [used, keys.from, keys.to]);
  const peak = T$8(() => highest(present), [present]);
  const scale = T$8(() => densityScale(peak), [peak]);
  const perLine = Math.max(1, Math.min(shown.length, Math.floor((width - GUTTER) / (LEAST_WIDTH + GAP))));
  const column = Math.floor((width - GUTTER - GAP * perLine) / perLine);
  const lines = Math.ceil(shown.length / perLine);
  const below = LINE * (present.length + 1) + LEGEND + 12;
  const cell = Math.max(LEAST_HEIGHT, Math.floor((height - below) / lines) - 4);
  const slice = Math.round(Math.min(130, Math.max(64, cell * 0.22)));
  const plot = cell - HEAD - BETWEEN - slice - TICKS;
  const axis = T$8(() => valueAxis(range, used, column), [range, used, column]);
  const reference = present.find(({ run }) => run === store.ref.value) ?? null;
  const sliceAll = present.map((all) => ({ all, item: nearest(all.steps, listing.step) }));
  const slicePeak = keys.ownHeight ? 0 : Math.max(0, ...sliceAll.map(({ all, item }) => item < 0 ? 0 : peakOf(all, item)));
  return /* @__PURE__ */ u("div", { class: stale ? "hist-stage stale" : "hist-stage", ref, "data-testid": "stage", "aria-busy": stale, children: width > 0 && /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      "div",
      {
        class: "hist-grid",
        style: {
          gridTemplateColumns: `${GUTTER}px repeat(${perLine}, ${column}px)`,
          columnGap: `${GAP}px`
        },
        children: shown.map((run, i) => {
          const all = series[i];
          return /* @__PURE__ */ u(S, { children: [
            i % perLine === 0 && /* @__PURE__ */ u(
              StepAxis,
              {
                listing,
                height: plot,
                top: HEAD,
                mode: keys.mode
              },
              `axis ${run}`
            ),
            /* @__PURE__ */ u("div", { class: "hist-cell", style: { height: `${cell}px` }, children: [
              /* @__PURE__ */ u(
                RunHead,
                {
                  run,
                  width: column,
                  note: all?.source === "stock" ? T$2.fromStock : void 0
                }
              ),
              all ? /* @__PURE__ */ u(
                Column,
                {
                  all,
                  listing,
                  axis,
                  plot,
                  slice,
                  peak: keys.ownHeight ? null : peak,
                  slicePeak,
                  scale,
                  over: outline(all, reference, keys.overlay, listing.step)
                }
              ) : /* @__PURE__ */ u(Missing, { run, answer, listing, height: plot })
            ] }, run)
          ] });
        })
      }
    ),
    /* @__PURE__ */ u(Readout, { series: present, step: listing.step }),
    /* @__PURE__ */ u(
      DensityLegend,
      {
        scale,
        peak,
        own: keys.ownHeight,
        lines: keys.mode === "map",
        used,
        range
      }
    )
  ] }) });
}
function Column({ all, listing, axis, plot, slice, peak, slicePeak, scale, over }) {
  const store = useStore();
  const { mode } = useKeys();
  const layout = T$8(
    () => stepLayout(all.steps, listing.domain, plot),
    [all.steps, listing.domain, plot]
  );
  const peaks = T$8(() => Float64Array.from(all.totals, (_2, i) => peakOf(all, i)), [all]);
  const cursor = nearest(all.steps, listing.step);
  const colour = over ? over.all.run === all.run ? "var" : store.colour(over.all.run) : "";
  const outlined = over && {
    ...over,
    colour: colour === "var" ? store.dark.value ? "#e8eaed" : "#1f2430" : colour
  };
  const thinned = mode === "ridges" && layout.items.length < all.steps.length;
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      Plot,
      {
        all,
        kind: listing.kind,
        axis,
        layout,
        mode: mode === "map" ? "map" : "ridges",
        peak,
        scale,
        peaks,
        cursor
      }
    ),
    /* @__PURE__ */ u("div", { class: "slice-head", style: { height: `${BETWEEN}px` }, children: [
      /* @__PURE__ */ u("b", { children: T$2.at(all.steps[cursor]) }),
      over && /* @__PURE__ */ u("span", { children: over.all.run === all.run ? T$2.outlineFirst(over.all.steps[over.item]) : T$2.outlineRef(
        store.shortNames.value.get(over.all.run) ?? over.all.run,
        over.all.steps[over.item]
      ) }),
      !over && thinned && /* @__PURE__ */ u("span", { children: T$2.thinned(layout.items.length, all.steps.length) })
    ] }),
    /* @__PURE__ */ u(Slice, { all, item: cursor, over: outlined, axis, peak: slicePeak, height: slice }),
    /* @__PURE__ */ u(ValueTicks, { axis })
  ] });
}
function outline(all, reference, overlay, step) {
  if (overlay === "first") return all.steps.length > 1 ? { all, item: 0 } : null;
  if (overlay === "none" || !reference || reference.run === all.run) return null;
  const item = nearest(reference.steps, step);
  return item < 0 ? null : { all: reference, item };
}
function StepAxis({
  listing,
  height,
  top,
  mode
}) {
  const { domain, step } = listing;
  const { rise } = T$8(
    () => stepLayout(Float64Array.from(listing.steps), domain, height),
    [listing.steps, domain, height]
  );
  const y = (at) => mode === "map" ? toPixel(at, domain, height) : rise + 1 + (at - domain[0]) / (domain[1] - domain[0]) * (height - rise - 3);
  const ticks = stepTicks(domain, Math.max(2, Math.floor(height / 48))).filter(
    (at) => Math.abs(y(at) - y(step)) > 13
  );
  return /* @__PURE__ */ u("div", { class: "step-axis", style: { marginTop: `${top}px`, height: `${height}px` }, "data-testid": "step-axis", children: [
    ticks.map((at) => /* @__PURE__ */ u("span", { style: { top: `${y(at)}px` }, children: at }, at)),
    /* @__PURE__ */ u("span", { class: "now", style: { top: `${y(step)}px` }, children: step })
  ] });
}
function Missing({
  run,
  answer,
  listing,
  height
}) {
  const reasons = answer.missing.filter((one) => one.run === run);
  const row = listing.rows[listing.selected]?.name ?? "";
  const text = reasons.some((one) => one.row !== null) ? T$2.noRow(row) : T$2.noKind(kindName(listing.kind));
  return /* @__PURE__ */ u(
    "div",
    {
      class: "no-data",
      style: { height: `${height}px` },
      title: reasons.map((one) => one.reason).join("\n"),
      children: /* @__PURE__ */ u("span", { children: text })
    }
  );
}
const style = ".tools.second {\n  padding-top: 0;\n}\n.with-layers.wide {\n  grid-template-columns: minmax(0, 1fr);\n}\n.hist-stage {\n  min-width: 0;\n  min-height: 0;\n  height: 100%;\n  overflow: hidden auto;\n  scrollbar-width: thin;\n  transition: opacity 0.12s;\n}\n.hist-stage.stale {\n  opacity: 0.55;\n}\n.hist-grid {\n  display: grid;\n}\n.hist-cell {\n  min-width: 0;\n}\n.hist-cell .run-head {\n  height: 30px;\n}\n.step-axis {\n  position: relative;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.step-axis span {\n  position: absolute;\n  right: 4px;\n  transform: translateY(-50%);\n  line-height: 1;\n}\n.step-axis .now {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.plot-area {\n  position: relative;\n  cursor: crosshair;\n  overflow: hidden;\n  touch-action: none;\n  user-select: none;\n}\n.plot-area canvas,\n.strips {\n  display: block;\n}\n.brush {\n  position: absolute;\n  top: 0;\n  bottom: 0;\n  background: var(--sel);\n  border: solid var(--accent);\n  border-width: 0 1px;\n  pointer-events: none;\n}\n.slice-head {\n  display: flex;\n  align-items: center;\n  justify-content: space-between;\n  gap: 8px;\n  font-size: 11px;\n  color: var(--dim);\n  white-space: nowrap;\n  font-variant-numeric: tabular-nums;\n}\n.slice-head b {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.slice-head span {\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.ticks.values {\n  height: 20px;\n}\n.ticks.values span,\n.ticks.values b {\n  top: 3px;\n}\n.ticks.values b {\n  position: absolute;\n  transform: translateX(-50%);\n  color: var(--text);\n  font-weight: 600;\n}\n.ticks.values b.nan,\n.ticks.values b.positive_infinity,\n.ticks.values b.negative_infinity {\n  color: var(--bad);\n}\n.quantiles {\n  width: 100%;\n  margin-top: 6px;\n  border-collapse: collapse;\n  font-size: 12px;\n  font-variant-numeric: tabular-nums;\n}\n.quantiles th,\n.quantiles td {\n  height: 22px;\n  padding: 0 8px 0 0;\n  text-align: right;\n  font-weight: 400;\n  white-space: nowrap;\n}\n.quantiles thead th {\n  color: var(--dim);\n  font-size: 11px;\n  border-bottom: 1px solid var(--line);\n}\n.quantiles th:first-child {\n  text-align: left;\n  max-width: 180px;\n}\n.quantiles tbody th span {\n  display: flex;\n  align-items: center;\n  gap: 7px;\n}\n.quantiles tbody i {\n  font-style: normal;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.quantiles small {\n  color: var(--dim);\n}\n.quantiles .median {\n  font-weight: 600;\n}\n.quantiles .bad {\n  color: var(--bad);\n  font-weight: 600;\n}\n.quantiles td.dim {\n  text-align: center;\n}\n.hist-legend {\n  display: flex;\n  flex-wrap: wrap;\n  align-items: center;\n  gap: 4px 16px;\n  min-height: 28px;\n  padding: 6px 0;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.ramp-line {\n  display: inline-flex;\n  align-items: center;\n  gap: 6px;\n}\n.ramp-line .bar {\n  width: 130px;\n  height: 10px;\n}\n.layers-scroll {\n  height: calc(100% - 40px);\n  overflow: auto;\n  scrollbar-width: thin;\n}\n.layers-grid {\n  position: relative;\n}\n.layers-head {\n  position: sticky;\n  top: 0;\n  z-index: 3;\n  display: flex;\n  height: 52px;\n  background: var(--bg);\n}\n.layers-head .first {\n  position: sticky;\n  left: 0;\n  z-index: 1;\n  flex: none;\n  background: var(--bg);\n  padding-right: 8px;\n}\n.layers-head > div,\n.layers-window > div {\n  flex: none;\n}\n.layers-window {\n  display: flex;\n}\n.layers-names {\n  position: sticky;\n  left: 0;\n  z-index: 2;\n  background: var(--bg);\n}\n.layers-names button {\n  display: block;\n  width: 100%;\n  padding: 0 6px;\n  border-radius: 4px;\n  font-size: 12px;\n  text-align: left;\n  white-space: nowrap;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.layers-names button:hover {\n  background: var(--hover);\n}\n.layers-names .selected {\n  background: var(--sel);\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.strips {\n  cursor: pointer;\n}\n@media (max-width: 1050px) {\n  .quantiles th,\n  .quantiles td {\n    padding-right: 5px;\n    font-size: 11.5px;\n  }\n}\n";
const T$1 = TEXT.distributions;
function Segments({ label, values, value, name, help, testid, set }) {
  return /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": label, children: values.map((one) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      "aria-pressed": one === value,
      title: help?.(one),
      "data-testid": `${testid}-${one}`,
      onClick: () => set(one),
      children: name(one)
    },
    one
  )) });
}
function KindSegments({ listing }) {
  const store = useStore();
  return /* @__PURE__ */ u(
    Segments,
    {
      label: T$1.kind,
      values: listing.kinds,
      value: listing.kind,
      name: (kind) => kind === "stock" ? T$1.stock : kindName(kind),
      help: (kind) => kind === "stock" ? T$1.stockTitle : void 0,
      testid: "hist-kind",
      set: (kind) => {
        store.key("hist.kind").value = kind;
        store.key("hist.from").value = null;
        store.key("hist.to").value = null;
      }
    }
  );
}
const MODES = ["ridges", "map", "layers"];
function ViewSegments() {
  const store = useStore();
  const { mode } = useKeys();
  return /* @__PURE__ */ u(
    Segments,
    {
      label: T$1.view,
      values: MODES,
      value: mode,
      name: (one) => T$1.views[one],
      help: (one) => T$1.viewHelp[one],
      testid: "hist-view",
      set: (one) => {
        store.key("hist.view").value = one === MODES[0] ? null : one;
      }
    }
  );
}
function HeightSegments() {
  const store = useStore();
  const { ownHeight } = useKeys();
  return /* @__PURE__ */ u(
    Segments,
    {
      label: T$1.height,
      values: ["shared", "step"],
      value: ownHeight ? "step" : "shared",
      name: (one) => one === "step" ? T$1.perStep : T$1.shared,
      help: (one) => one === "step" ? T$1.perStepHelp : T$1.sharedHelp,
      testid: "hist-height",
      set: (one) => {
        store.key("hist.height").value = one === "step" ? one : null;
      }
    }
  );
}
const OVERLAYS = ["ref", "first", "none"];
function OverlaySelect() {
  const store = useStore();
  const { overlay } = useKeys();
  return /* @__PURE__ */ u("label", { class: "of", title: T$1.overlayHelp, children: [
    /* @__PURE__ */ u("span", { children: T$1.overlay }),
    /* @__PURE__ */ u(
      "select",
      {
        class: "button strong",
        "aria-label": T$1.overlayHelp,
        "data-testid": "hist-overlay",
        value: overlay,
        onChange: (event) => {
          const { value } = event.currentTarget;
          store.key("hist.overlay").value = value === OVERLAYS[0] ? null : value;
        },
        children: OVERLAYS.map((one) => /* @__PURE__ */ u("option", { value: one, children: T$1.overlays[one] }, one))
      }
    )
  ] });
}
function ValueControl() {
  const store = useStore();
  const { from, to } = useKeys();
  const set = (name) => (value) => {
    store.key(name).value = value === null ? null : String(value);
  };
  const text = (value) => value === null ? "…" : tick(snap(value));
  const isWhole = from === null && to === null;
  return /* @__PURE__ */ u(
    Popover,
    {
      label: T$1.values,
      value: isWhole ? T$1.whole : `${text(from)} – ${text(to)}`,
      testid: "hist-values",
      help: T$1.valuesHelp,
      children: [
        /* @__PURE__ */ u("div", { class: "fields", children: [
          /* @__PURE__ */ u(
            NumberField,
            {
              label: T$1.from,
              value: from,
              placeholder: TEXT.auto,
              testid: "hist-from",
              set: set("hist.from")
            }
          ),
          /* @__PURE__ */ u(NumberField, { label: T$1.to, value: to, placeholder: TEXT.auto, testid: "hist-to", set: set("hist.to") })
        ] }),
        /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "button",
            disabled: isWhole,
            "data-testid": "hist-reset",
            onClick: () => {
              set("hist.from")(null);
              set("hist.to")(null);
            },
            children: TEXT.reset
          }
        )
      ]
    }
  );
}
const T = TEXT.distributions;
function View() {
  const store = useStore();
  const { mode } = useKeys();
  const listing = useListing();
  const { answer, rows, selected, kinds, kind, step, known } = listing;
  const layers = mode === "layers";
  const ofRow = useRow(listing, !layers);
  const ofStep = useStep(listing, layers);
  const current = layers ? ofStep : ofRow;
  const shown = current.data ?? current.last;
  const { moveStep, moveLayer } = listing;
  useCourse(T$8(() => ({ moveStep, moveLayer }), [listing.steps, listing.step, rows, selected]));
  const items = T$8(() => rows.map((row2) => ({ name: row2.name, note: row2.type })), [rows]);
  const row = rows[selected]?.name ?? "";
  if (store.shown.value.length === 0) return /* @__PURE__ */ u(NoRuns, {});
  const error = answer.error ?? current.error;
  const failure = error !== null && /* @__PURE__ */ u(Failure, { what: T.what, message: error, retry: answer.error === null ? current.retry : answer.retry });
  if (known && kinds.length === 0 && error === null) {
    return /* @__PURE__ */ u(PanelEmpty, { title: T.emptyTitle, help: T.emptyHelp, code: T.emptyCode });
  }
  const set = (to) => {
    store.view.step.value = to;
  };
  return /* @__PURE__ */ u("section", { class: "panel", "aria-label": T.title, children: [
    /* @__PURE__ */ u("div", { class: "tools", children: [
      /* @__PURE__ */ u(KindSegments, { listing }),
      /* @__PURE__ */ u("span", { class: "gap" }),
      /* @__PURE__ */ u(ViewSegments, {}),
      /* @__PURE__ */ u(
        Exports,
        {
          name: `nnviz_${kind}_histograms_${layers ? `step_${step}` : row.replace(/[^\w.-]+/g, "_")}`,
          png: () => document.querySelector('[data-testid="stage"]'),
          csv: () => histogramCsv(shown?.series ?? []),
          disabled: !shown
        }
      )
    ] }),
    /* @__PURE__ */ u("div", { class: "tools second", children: [
      /* @__PURE__ */ u(HeightSegments, {}),
      !layers && /* @__PURE__ */ u(OverlaySelect, {}),
      /* @__PURE__ */ u(ValueControl, {}),
      /* @__PURE__ */ u(StepSlider, { steps: listing.steps, step, set, ready: current.data !== null })
    ] }),
    failure,
    /* @__PURE__ */ u("div", { class: layers ? "with-layers wide" : "with-layers", children: [
      !layers && /* @__PURE__ */ u(
        LayerList,
        {
          items,
          selected,
          select: (item) => {
            store.view.row.value = item.name;
          }
        }
      ),
      shown ? layers ? /* @__PURE__ */ u(Layers, { listing, answer: shown, stale: current.data === null }) : /* @__PURE__ */ u(Stage, { listing, answer: shown, stale: current.data === null }) : error === null ? /* @__PURE__ */ u("div", { class: "pending", "aria-busy": "true" }) : null
    ] })
  ] });
}
export {
  View,
  style
};
