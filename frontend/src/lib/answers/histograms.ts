import type { Missing, Row } from "../types";

/** Histograms of one run, either of one row at all steps or of all rows at one step. */
export interface HistogramSeries {
  run: string;
  /** `nnviz`, or `stock` for TensorBoard's histograms, whose buckets were distributed over nnviz's bins. */
  source: "nnviz" | "stock";
  rows: readonly string[];
  steps: Float64Array;
  /** First bin of `counts`, which is [items, width]. */
  first: number;
  width: number;
  counts: Int32Array | Float32Array;
  /** [items, 5]: NaN, -Inf, at most -2^24, at least 2^24, +Inf. */
  special: Int32Array | Float32Array;
  absent: Uint8Array;
  /** [items, 5], of all elements except NaN. */
  quantiles: Float32Array;
}

/** A run's histograms of the requested kind. */
export interface ListedHistograms {
  run: string;
  kinds: readonly string[];
  rows: readonly Row[];
  steps: Float64Array;
}

/** Answer of `POST histograms`. Without rows and step, `series` is empty. With them, `runs` is. */
export interface HistogramsAnswer {
  runs: ListedHistograms[];
  series: HistogramSeries[];
  missing: Missing[];
}
