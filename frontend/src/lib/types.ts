import type { RunChoice } from "./links/run_choice";

/** Shared types. Terms as in docs/glossary.md: run, kind, statistic, row, layout, step. */

export type Kind =
  | "parameter"
  | "gradient"
  | "update"
  | "activation"
  | "activation_gradient"
  | "optimizer"
  | "input"
  | "output";
export type Role = "weight" | "bias" | "norm" | "embedding" | "other" | "all";
export type ScaleMode = "log" | "linear";
export type Rgb = readonly [number, number, number];

/** One entry of a layout: a parameter or one call of a layer. */
export interface Row {
  name: string;
  module: string;
  call: number;
  type: string;
  shape: (number | null)[];
  numel: number | null;
  role: string;
  /** Axis of the units, counting the batch axis. Only for activations. */
  unit_axis?: number | null;
  dtype?: string;
  trainable?: boolean;
  /** The parameter that a tracked weight belongs to. */
  parameter?: string;
}

export interface RunInfo {
  run: string;
  /** Statistics by kind. */
  kinds: ReadonlyMap<string, readonly string[]>;
  first_wall_time: number;
  steps: number;
  notices: readonly Notice[];
}

/** One reason why a run lacks data. `kinds` are kinds of rows, or map, weight, graph or log. */
export interface Notice {
  reason: string;
  kinds: readonly string[];
  step: number;
}

/** One run's statistics of one kind. Value arrays are [steps, rows], row-major. */
export interface RunSeries {
  run: string;
  rows: Row[];
  steps: Float64Array;
  wallTimes: Float64Array;
  absent: Uint8Array;
  /** Values by statistic. Empty if the series is reduced. */
  values: ReadonlyMap<string, Float32Array>;
  /** Set if the run has more steps than the requested width: `steps` are then columns of steps. */
  reduced?: Reduced;
  /** Per row over all steps, if requested. See docs/http_api.md. */
  percentiles?: ReadonlyMap<string, Percentiles>;
}

/** Percentiles per row. `values` is [percentiles, rows], and the counts are [rows]. */
export interface Percentiles {
  values: Float32Array;
  finite: Int32Array;
  nonfinite: Int32Array;
}

/** Steps, or columns of steps, of a series or a grid. */
export interface Stepped {
  steps: Float64Array;
  reduced?: { steps: Float64Array; starts: Float64Array };
}

/** Details of columns of consecutive logged steps. */
interface Reduced {
  /** All logged steps. */
  steps: Float64Array;
  /** Index of each column's first step. */
  starts: Float64Array;
  columns: ReadonlyMap<string, ColumnValues>;
}

/** Values per column and row, [columns, rows]. See docs/http_api.md. */
export interface ColumnValues {
  min: Float32Array;
  mean: Float32Array;
  max: Float32Array;
  states: Uint8Array;
  at: Uint8Array | Float32Array;
}

/** An item of a request that the answer lacks. */
export interface Missing {
  /** Null if it is not about a single run. */
  run: string | null;
  statistic?: string | null;
  tag?: string | null;
  row?: string | null;
  step?: number | null;
  reason: string;
  /** True if the page could not read it, or could not load it. */
  unread?: boolean;
}

export interface SeriesRequest {
  runs: string[];
  kind: string;
  statistics: string[];
  /** Only these rows, by name, and blocks, by the names of their rows. */
  rows?: (string | string[])[];
  /** Maximum number of columns. */
  width?: number;
  from?: number;
  to?: number;
  /** Fractions between 0 and 1. */
  percentiles?: number[];
}

/** Answer of the route `series`. */
export interface SeriesResponse {
  series: RunSeries[];
  missing: Missing[];
}

export interface ScalarsRequest {
  runs: string[];
  tags: string[] | null;
  prefix: string;
  last: boolean;
}

export interface ScalarSeries {
  run: string;
  tag: string;
  steps: Float64Array;
  /** Seconds since 1970. */
  wall_times: Float64Array;
  values: Float32Array;
}

/** Source of the page's data. `data/` implements it over HTTP, tests fake it. */
export interface Source {
  runs(signal: AbortSignal): Promise<{ runs: RunInfo[]; missing: Missing[] }>;
  series(request: SeriesRequest, signal: AbortSignal): Promise<SeriesResponse>;
  scalars(request: ScalarsRequest, signal: AbortSignal): Promise<ScalarSeries[]>;
  /**
   * Request a route of docs/http_api.md. Return its checked answer, its size in bytes, and whether a part of it could
   * not be loaded.
   */
  post(
    route: string,
    body: object,
    signal: AbortSignal,
  ): Promise<{ header: unknown; bytes: number; partial?: boolean }>;
}

/** The state that a link restores. Null means a default that depends on the data. */
export interface ViewState {
  panel: string | null;
  runs: RunChoice | null;
  ref: string | null;
  kind: string | null;
  statistic: string | null;
  role: Role | null;
  scale: ScaleMode | null;
  row: string | null;
  step: number | null;
  runFilter: string;
  rowFilter: string;
  /** Collapsed blocks (see gradient_flow/model_folds.ts). Null collapses as many as needed to fit the page. */
  collapsed: string[] | null;
  vanishing: number;
  exploding: number;
  lo: number | null;
  hi: number | null;
}

/**
 * State of a heat-map cell, apart from its position on the scale. The states with `ref` occur in a comparison with the
 * reference run, if the reference is exactly 0, not finite, or absent.
 */
export const CELL = {
  value: 0,
  zero: 1,
  nonfinite: 2,
  absent: 3,
  header: 4,
  undefined: 5,
  refZero: 6,
  refNonfinite: 7,
  refAbsent: 8,
} as const;
export type CellState = (typeof CELL)[keyof typeof CELL];
export type CellLabel = keyof typeof CELL | "under" | "over";

/** One line of the layer tree, shared by the heat maps and the profile. */
export interface Line {
  /** Unique among lines: a row's name, or a block's path followed by `.*`. */
  key: string;
  label: string;
  depth: number;
  /** `row`: one row. `block`: a collapsed block, which aggregates its rows. `header`: an expanded block. */
  type: "row" | "block" | "header";
  /** Indices into the union of rows. */
  rows: number[];
}

/** The step of the reference run that each step is compared with. */
export interface Match {
  /** Index of the nearest step of the reference, or -1 if it has none. */
  at: Int32Array;
  /** 1 if that step is further away than half the reference's logging interval. */
  far: Uint8Array;
}

/** One run's values on the shared lines, [lines, steps], row-major. */
export interface Grid {
  run: string;
  steps: Float64Array;
  lines: number;
  values: Float32Array | Float64Array;
  states: Uint8Array;
  /** Set if the values compare with another run. */
  match?: Match;
  /** Set if the steps are columns of steps. */
  reduced?: GridColumns;
}

interface GridColumns {
  /** All logged steps. */
  steps: Float64Array;
  /** Index of each column's first step. */
  starts: Float64Array;
  /** The series and row that a line was copied from. Null if the page aggregated the line from several rows. */
  sources: ({ series: RunSeries; row: number } | null)[];
}

/** The shared scale from values to colours and to the profile's x axis. */
export interface Scale {
  mode: ScaleMode | "symlog";
  lo: number;
  hi: number;
  diverging: boolean;
  /** Magnitude below which a symlog scale is approximately linear. */
  threshold?: number;
  /** True if values are decimal logarithms of factors: 0 means equal, 1 means ten times as large. */
  factor?: boolean;
}

/** Gradient norms below and above which the page calls them vanishing and exploding. */
export interface Thresholds {
  vanishing: number;
  exploding: number;
}
