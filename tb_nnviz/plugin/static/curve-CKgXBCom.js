import { a5 as allSteps, C as CELL, aa as niceDown, a3 as niceUp, ab as nice } from "./main-B9rrWoHG.js";
function curves(grids, line) {
  const steps = allSteps(grids.map((grid) => grid.steps));
  const place = /* @__PURE__ */ new Map();
  steps.forEach((step, i) => {
    place.set(step, i);
  });
  const runs = grids.map((grid) => {
    const result = {
      run: grid.run,
      values: new Array(steps.length).fill(void 0),
      far: grid.match?.far.includes(1) ? new Array(steps.length).fill(void 0) : null,
      zeros: [],
      nonfinites: []
    };
    const start = line * grid.steps.length;
    for (let s = 0; s < grid.steps.length; s++) {
      const state = grid.states[start + s];
      const step = grid.steps[s];
      const value = state === CELL.value ? grid.values[start + s] : null;
      const isFar = grid.match?.far[s] === 1;
      result.values[place.get(step)] = isFar ? null : value;
      if (result.far) result.far[place.get(step)] = isFar ? value : null;
      if (state === CELL.zero) result.zeros.push(step);
      if (state === CELL.nonfinite || state === CELL.refNonfinite) result.nonfinites.push(step);
    }
    return result;
  });
  return { steps, runs };
}
const MOST_DECADES = 14;
function curveScale({ runs }, mode, shared) {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { values, far } of runs) {
    for (const value of far ? [...values, ...far] : values) {
      if (typeof value !== "number") continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const diverging = min < 0;
  if (shared.factor) return factorCurve(min, max, shared);
  if (shared.mode === "symlog" || mode === "log" && diverging) return symlogCurve(min, max, shared);
  if (mode === "log" && !diverging) {
    if (min > max) return { mode, lo: 1e-3, hi: 1, diverging: false };
    let lo2 = niceDown(min);
    let hi2 = niceUp(max);
    if (hi2 / lo2 < 10) {
      lo2 = niceDown(lo2 / 2);
      hi2 = niceUp(hi2 * 2);
    }
    if (shared.mode === "log" && Math.log10(hi2 / lo2) > MOST_DECADES) {
      lo2 = Math.max(lo2, shared.lo);
      hi2 = Math.min(hi2, shared.hi);
      if (lo2 >= hi2) return shared;
    }
    return { mode, lo: lo2, hi: hi2, diverging: false };
  }
  if (min > max) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  const [lo, hi] = nice(Math.min(0, min), Math.max(0, max), 5);
  return { mode: "linear", lo, hi: hi > lo ? hi : lo + 1, diverging };
}
function factorCurve(min, max, shared) {
  const least = Math.log10(2);
  const out = (decades) => decades > 3 ? Math.ceil(decades - 1e-9) : Math.log10(niceUp(10 ** decades));
  let lo = -Math.max(least, out(Math.max(0, min > max ? 0 : -min)));
  let hi = Math.max(least, out(Math.max(0, min > max ? 0 : max)));
  if (hi - lo > MOST_DECADES) {
    lo = Math.max(lo, shared.lo);
    hi = Math.min(hi, shared.hi);
  }
  return { mode: "linear", lo, hi, diverging: true, factor: true };
}
function symlogCurve(min, max, shared) {
  const { threshold = 1e-3 } = shared;
  const least = 10 * threshold;
  const far = (value) => niceUp(Math.max(least, value));
  if (min > max) return { mode: "symlog", lo: -least, hi: least, diverging: true, threshold };
  let lo = min < 0 ? -far(-min) : 0;
  let hi = max > 0 ? far(max) : 0;
  if (Math.log10(Math.max(hi, -lo) / threshold) > MOST_DECADES) {
    lo = Math.max(lo, shared.lo);
    hi = Math.min(hi, shared.hi);
  }
  return { mode: "symlog", lo, hi, diverging: true, threshold };
}
export {
  curveScale as a,
  curves as c
};
