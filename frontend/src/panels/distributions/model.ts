import { BINS, DECADES } from "./model_bins";

/** Bins in `special`, in this order. */
const SPECIAL_BINS = [0, 1, 2, 518, 519] as const;
const SPECIALS = SPECIAL_BINS.length;

/** Histograms of one run, either of one row at all steps or of all rows at one step. */
export interface Histograms {
  run: string;
  /** `nnviz`, or `stock` for TensorBoard's histograms, whose buckets were distributed over nnviz's bins. */
  source: "nnviz" | "stock";
  rows: string[];
  steps: Float64Array;
  /** First bin of `counts`, which is [items, width]. */
  first: number;
  width: number;
  counts: ArrayLike<number>;
  /** [items, 5]: NaN, -Inf, at most -2^24, at least 2^24, +Inf. 0 where the number is unknown. */
  special: ArrayLike<number>;
  /** [items, 5]: 1 if the bin has elements, but TensorBoard's histogram lacks their number. */
  unknown: Uint8Array;
  absent: Uint8Array;
  /** [items, 5], of all elements except NaN. */
  quantiles: Float32Array;
  /** Number of elements per histogram, without those of unknown number. */
  totals: Float64Array;
}

export interface HistogramListing {
  runs: { run: string; kinds: Record<string, "nnviz" | "stock">; layout: number; steps: Float64Array }[];
  layouts: Record<string, { name: string; module?: string; type?: string; shape?: (number | null)[] }[]>;
  missing: { run: string; row: string | null; reason: string }[];
}

export interface HistogramResponse {
  series: Histograms[];
  missing: { run: string; row: string | null; reason: string }[];
}

interface WireSeries {
  run: string;
  source: "nnviz" | "stock";
  rows: string[];
  steps: Float64Array;
  first_bin: number;
  counts: ArrayLike<number>;
  special: ArrayLike<number>;
  absent: Uint8Array;
  quantiles: Float32Array;
}

/** Read the response of the route `histograms` to a request with rows or a step. */
export function readHistograms(header: unknown): HistogramResponse {
  const { series, missing } = header as { series: WireSeries[]; missing: HistogramResponse["missing"] };
  return {
    missing,
    series: series.map((one) => {
      const { run, source, rows, steps, counts, absent, quantiles } = one;
      const unknown = Uint8Array.from(one.special, (count) => (Number.isNaN(count) ? 1 : 0));
      const special = Float64Array.from(one.special, (count) => (Number.isNaN(count) ? 0 : count));
      const items = absent.length;
      const width = items > 0 ? counts.length / items : 0;
      const totals = new Float64Array(items);
      for (let i = 0; i < items; i++) {
        for (let b = 0; b < width; b++) totals[i] += counts[i * width + b];
        for (let s = 0; s < SPECIALS; s++) totals[i] += special[i * SPECIALS + s];
      }
      const first = one.first_bin;
      return { run, source, rows, steps, first, width, counts, special, unknown, absent, quantiles, totals };
    }),
  };
}

/** Return the number of elements in a bin. */
export function countOf(all: Histograms, item: number, bin: number): number {
  const special = SPECIAL_BINS.indexOf(bin as (typeof SPECIAL_BINS)[number]);
  if (special >= 0) return all.special[item * SPECIALS + special];
  const at = bin - all.first;
  return at >= 0 && at < all.width ? all.counts[item * all.width + at] : 0;
}

/** Return true if a histogram has elements in a bin, but not their number. */
export function isUnknown(all: Histograms, item: number, bin: number): boolean {
  const special = SPECIAL_BINS.indexOf(bin as (typeof SPECIAL_BINS)[number]);
  return special >= 0 && all.unknown[item * SPECIALS + special] === 1;
}

/** Return true if a histogram has NaN or infinities, but not their number. */
export const hasUnknown = (all: Histograms, item: number) =>
  SPECIAL_BINS.some((bin) => isUnknown(all, item, bin));

/** Return the share of elements in a bin, or 0 for an empty histogram. */
export const shareOf = (all: Histograms, item: number, bin: number) =>
  all.totals[item] > 0 ? countOf(all, item, bin) / all.totals[item] : 0;

/** Return the density of a bin: its share of elements per decade, which does not depend on the bin's width. */
export const densityOf = (all: Histograms, item: number, bin: number) =>
  shareOf(all, item, bin) / DECADES[bin];

/** Return the highest density of a histogram. */
export function peakOf(all: Histograms, item: number): number {
  let peak = 0;
  for (let b = 0; b < all.width; b++) {
    const density = densityOf(all, item, all.first + b);
    if (density > peak) peak = density;
  }
  return peak;
}

/** Return the mean share per bin over all histograms, each weighted equally: [520]. */
export function usage(all: readonly Histograms[]): Float64Array {
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
