/** Shared shapes. Words as in the project's glossary: run, kind, statistic, row, layout, step. */

export type Kind = "parameter" | "gradient" | "update" | "activation" | "activation_gradient" | "optimizer";
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
  /** Which axis counts units, batch included; of activations. */
  unit_axis?: number | null;
  dtype?: string;
  trainable?: boolean;
}

export interface RunInfo {
  run: string;
  kinds: Partial<Record<string, string[]>>;
  first_wall_time: number;
  steps: number;
}

/** One run's statistics of a kind; arrays of values are [steps, rows], row-major. */
export interface RunSeries {
  run: string;
  rows: Row[];
  steps: Float64Array;
  wallTimes: Float64Array;
  absent: Uint8Array;
  values: Record<string, Float32Array>;
  /** Where the run has more steps than were asked for: `steps` are then columns of them. */
  reduced?: Reduced;
  /** Of each row over all steps, where they were asked for; see http_api.md. */
  percentiles?: Record<string, Percentiles>;
}

/** [shares, rows] and [rows]. */
export interface Percentiles {
  values: Float32Array;
  finite: Int32Array;
  nonfinite: Int32Array;
}

/** Steps, or columns of them: of a series and of a grid. */
export interface Stepped {
  steps: Float64Array;
  reduced?: { steps: Float64Array; starts: Float64Array };
}

/** What columns of consecutive logged steps are made of. */
interface Reduced {
  /** All logged steps. */
  steps: Float64Array;
  /** Index of each column's first step. */
  starts: Float64Array;
  columns: Record<string, ColumnValues>;
}

/** Of each row in each column, [columns, rows]; see http_api.md. */
export interface ColumnValues {
  min: Float32Array;
  mean: Float32Array;
  max: Float32Array;
  states: Uint8Array;
  at: Uint8Array | Float32Array;
}

export interface Missing {
  run: string;
  statistic: string | null;
  reason: string;
}

export interface SeriesRequest {
  runs: string[];
  kind: string;
  statistics: string[];
  /** Only these: rows by name, blocks by the names of theirs. */
  rows?: (string | string[])[];
  /** At most so many columns. */
  width?: number;
  from?: number;
  to?: number;
  /** Shares of 1. */
  percentiles?: number[];
}

/** The header that the route `series` sends. */
export interface SeriesHeader {
  /** Only layouts that the request did not list as known. */
  layouts: Record<string, Row[]>;
  series: {
    run: string;
    layout: string | number | null;
    steps: Float64Array;
    wall_times: Float64Array;
    /** Values at each step, or columns of steps if there are more steps than the requested width. */
    absent?: Uint8Array;
    values?: Record<string, Float32Array>;
    starts?: Float64Array;
    columns?: Record<string, ColumnValues>;
    percentiles?: Record<string, Percentiles>;
  }[];
  missing?: Missing[];
}

export interface SeriesAnswer {
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
  values: Float32Array;
}

/** Where the store gets its data from; `api/` implements it, tests fake it. */
export interface Source {
  runs(signal: AbortSignal): Promise<RunInfo[]>;
  series(request: SeriesRequest, signal: AbortSignal): Promise<SeriesAnswer>;
  scalars(request: ScalarsRequest, signal: AbortSignal): Promise<ScalarSeries[]>;
  /** Any other route of http_api.md: its header, arrays in place, and how many bytes they hold. */
  post(route: string, body: object, signal: AbortSignal): Promise<{ header: unknown; bytes: number }>;
}

/** Everything a link reopens. `null` means "the default for what is there". */
export interface ViewState {
  panel: string | null;
  runs: string[] | null;
  ref: string | null;
  kind: string | null;
  statistic: string | null;
  role: Role | null;
  scale: ScaleMode | null;
  row: string | null;
  step: number | null;
  runFilter: string;
  rowFilter: string;
  /** Blocks that are folded (see derive/folds.ts); null: as many as it takes to fit. */
  collapsed: string[] | null;
  vanishing: number;
  exploding: number;
  lo: number | null;
  hi: number | null;
}

/**
 * What a heat-map cell is, apart from its place on the scale. Those with `ref` are of a comparison with the
 * reference run, to which there is nothing to compare: it is exactly 0 there, not finite, or has no value.
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

/** One line of the layer tree, which is one line of the heat maps and of the profile. */
export interface Line {
  /** Unique among lines: a row's name, or a block's path followed by `.*`. */
  key: string;
  label: string;
  depth: number;
  /** `row`: one row; `block`: a collapsed block, an aggregate of its rows; `header`: an expanded block. */
  type: "row" | "block" | "header";
  /** Indices into the union of rows. */
  rows: number[];
}

/** Which step of the reference run each step is compared with. */
export interface Match {
  /** Index of the nearest step of the reference, or -1 where it has none. */
  at: Int32Array;
  /** 1 where that is further away than half the reference's logging interval. */
  far: Uint8Array;
}

/** One run on the shared lines: [lines, steps], row-major, so that one line is contiguous. */
export interface Grid {
  run: string;
  steps: Float64Array;
  lines: number;
  values: Float32Array | Float64Array;
  states: Uint8Array;
  /** Where the values compare with another run. */
  match?: Match;
  /** Where its steps are columns of steps. */
  reduced?: GridColumns;
}

interface GridColumns {
  /** All logged steps. */
  steps: Float64Array;
  /** Index of each column's first step. */
  starts: Float64Array;
  /** Where a line's figures are; null where the page put the line together from several figures itself. */
  sources: ({ series: RunSeries; row: number } | null)[];
}

/** The shared scale of value to colour and of value to the profile's x. */
export interface Scale {
  mode: ScaleMode | "symlog";
  lo: number;
  hi: number;
  diverging: boolean;
  /** symlog: below this magnitude it is about linear. */
  threshold?: number;
  /** Values are decimal logarithms of factors: 0 says "as much", 1 "ten times as much". */
  factor?: boolean;
}

/** Gradient norms beyond these are called by these names. */
export interface Thresholds {
  vanishing: number;
  exploding: number;
}
