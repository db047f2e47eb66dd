import type { Stepped } from "./types";

/** Return the index of the step nearest to `step` (the earlier one on a tie), or -1 if there is none. */
export function nearest(steps: ArrayLike<number>, step: number): number {
  let lo = 0;
  let hi = steps.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (steps[mid] < step) lo = mid + 1;
    else hi = mid;
  }
  if (lo === steps.length) return lo - 1;
  if (lo > 0 && step - steps[lo - 1] <= steps[lo] - step) return lo - 1;
  return lo;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/** Return the median distance between logged steps. */
export function spacing(steps: ArrayLike<number>): number {
  const gaps: number[] = [];
  for (let i = 1; i < steps.length; i++) gaps.push(steps[i] - steps[i - 1]);
  return gaps.length ? median(gaps) : 1;
}

/**
 * Return the left and right edge of each step's cell, in steps. A cell extends halfway to its neighbours, but at most
 * one median spacing, so that a gap in logging stays visible as background.
 */
export function cellEdges(steps: ArrayLike<number>): Float64Array {
  const known = edgesOf.get(steps);
  if (known) return known;
  const n = steps.length;
  const distance = spacing(steps);
  const edges = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const before = i > 0 ? Math.min(distance, (steps[i] - steps[i - 1]) / 2) : distance / 2;
    const after = i < n - 1 ? Math.min(distance, (steps[i + 1] - steps[i]) / 2) : distance / 2;
    edges[2 * i] = steps[i] - before;
    edges[2 * i + 1] = steps[i] + after;
  }
  edgesOf.set(steps, edges);
  return edges;
}

/** Cached because each move of the cursor needs the edges, and a run's steps never change. */
const edgesOf = new WeakMap<ArrayLike<number>, Float64Array>();

/** Return the edges of columns, which begin at these indices of `steps`. */
function columnEdges(steps: ArrayLike<number>, starts: ArrayLike<number>): Float64Array {
  const known = edgesOf.get(starts);
  if (known) return known;
  const edges = cellEdges(steps);
  const result = new Float64Array(2 * starts.length);
  for (let i = 0; i < starts.length; i++) {
    const last = (i + 1 < starts.length ? starts[i + 1] : steps.length) - 1;
    result[2 * i] = edges[2 * starts[i]];
    result[2 * i + 1] = edges[2 * last + 1];
  }
  edgesOf.set(starts, result);
  return result;
}

const edgesOfGrid = ({ steps, reduced }: Stepped) =>
  reduced ? columnEdges(reduced.steps, reduced.starts) : cellEdges(steps);

export type Domain = readonly [number, number];

/** Return the shared x domain: all cells of all runs. */
export function stepDomain(runs: readonly ArrayLike<number>[]): Domain {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const steps of runs) {
    if (steps.length === 0) continue;
    const edges = cellEdges(steps);
    lo = Math.min(lo, edges[0]);
    hi = Math.max(hi, edges[edges.length - 1]);
  }
  return lo < hi ? [lo, hi] : [-0.5, 0.5];
}

export const toPixel = (step: number, domain: Domain, width: number) =>
  ((step - domain[0]) / (domain[1] - domain[0])) * width;
export const toStep = (x: number, domain: Domain, width: number) =>
  domain[0] + (x / width) * (domain[1] - domain[0]);

/** Return the first and last pixel (exclusive) of each cell. A cell has at least one pixel. */
export function cellPixels(steps: ArrayLike<number>, domain: Domain, width: number): Int32Array {
  return edgePixels(cellEdges(steps), domain, width);
}

/** Return the pixels of a grid's cells, which may be columns of steps. */
export const gridPixels = (grid: Stepped, domain: Domain, width: number) =>
  edgePixels(edgesOfGrid(grid), domain, width);

function edgePixels(edges: Float64Array, domain: Domain, width: number): Int32Array {
  const pixels = new Int32Array(edges.length);
  for (let i = 0; 2 * i < edges.length; i++) {
    const from = toPixel(edges[2 * i], domain, width);
    const to = toPixel(edges[2 * i + 1], domain, width);
    const whole = Math.round(to) > Math.round(from);
    const left = Math.min(width - 1, Math.max(0, whole ? Math.round(from) : Math.floor((from + to) / 2)));
    pixels[2 * i] = left;
    pixels[2 * i + 1] = Math.min(width, whole ? Math.max(left + 1, Math.round(to)) : left + 1);
  }
  return pixels;
}

/** Return the first and last index of the steps drawn at each pixel, or -1, -1 if there are none. */
export const pixelSteps = (steps: ArrayLike<number>, domain: Domain, width: number) =>
  spansOf(cellPixels(steps, domain, width), width);

/** Return the first and last index of a grid's cells drawn at each pixel, or -1, -1 if there are none. */
export const gridSpans = (grid: Stepped, domain: Domain, width: number) =>
  spansOf(gridPixels(grid, domain, width), width);

function spansOf(pixels: Int32Array, width: number): Int32Array {
  const spans = new Int32Array(2 * width).fill(-1);
  for (let i = 0; 2 * i < pixels.length; i++) {
    for (let p = pixels[2 * i]; p < pixels[2 * i + 1]; p++) {
      if (spans[2 * p] < 0) spans[2 * p] = i;
      spans[2 * p + 1] = i;
    }
  }
  return spans;
}

/** Return the logged steps of all runs, ascending and without duplicates. */
export function allSteps(runs: readonly ArrayLike<number>[]): Float64Array {
  const set = new Set<number>();
  // Most runs are logged at the same steps.
  const others = runs.filter((steps, i) => i === 0 || !sameItems(steps, runs[0]));
  if (others.length === 1 && isRising(others[0])) return Float64Array.from(others[0]);
  for (const steps of others) for (let i = 0; i < steps.length; i++) set.add(steps[i]);
  return Float64Array.from(set).sort();
}

function isRising(steps: ArrayLike<number>): boolean {
  for (let i = 1; i < steps.length; i++) if (!(steps[i] > steps[i - 1])) return false;
  return true;
}

export function sameItems<T>(a: ArrayLike<T>, b: ArrayLike<T>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
