import { CELL, type Grid } from "./types";

/** Maximum number of sampled values per grid. */
const MAX_SAMPLES = 1 << 16;

/** Summary of a grid, from which scales and legends are computed. */
interface GridFacts {
  /** 1 for each state that occurs, indexed by the state. */
  seen: Uint8Array;
  /** Range and number of the finite nonzero values. `min > max` if there are none. */
  min: number;
  max: number;
  count: number;
  /** Every `stride`th finite nonzero value in the order of the cells. `stride` is a power of two. */
  stride: number;
  sample: Float32Array;
}

const cache = new WeakMap<Grid, GridFacts>();

/** Return the summary of a grid, cached per grid so that a new run does not require a new pass over the others. */
export function gridFacts(grid: Grid): GridFacts {
  let facts = cache.get(grid);
  if (!facts) {
    facts = find(grid);
    cache.set(grid, facts);
  }
  return facts;
}

function find({ states, values }: Grid): GridFacts {
  const seen = new Uint8Array(16);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let i = 0; i < states.length; i++) {
    seen[states[i]] = 1;
    if (states[i] !== CELL.value) continue;
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    count++;
  }
  const stride = strideFor(count);
  const sample = new Float32Array(Math.ceil(count / stride));
  for (let i = 0, k = 0; i < states.length; i++) {
    if (states[i] !== CELL.value) continue;
    if (k % stride === 0) sample[k / stride] = values[i];
    k++;
  }
  return { seen, min, max, count, stride, sample };
}

export const strideFor = (count: number) =>
  2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, count / MAX_SAMPLES))));
