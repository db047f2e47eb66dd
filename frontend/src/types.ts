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
  collapsed: string[];
  vanishing: number;
  exploding: number;
  lo: number | null;
  hi: number | null;
}

/** What a heat-map cell is, apart from its place on the scale. */
export const CELL = { value: 0, zero: 1, nonfinite: 2, absent: 3, header: 4, undefined: 5 } as const;
export type CellState = (typeof CELL)[keyof typeof CELL];
export type CellLabel = "value" | "under" | "over" | "zero" | "nonfinite" | "absent" | "header" | "undefined";

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

/** One run on the shared lines: [lines, steps], row-major, so that one line is contiguous. */
export interface Grid {
  run: string;
  steps: Float64Array;
  lines: number;
  values: Float32Array;
  states: Uint8Array;
}

/** The shared scale of value to colour and of value to the profile's x. */
export interface Scale {
  mode: ScaleMode;
  lo: number;
  hi: number;
  diverging: boolean;
}

/** Gradient norms beyond these are called by these names. */
export interface Thresholds {
  vanishing: number;
  exploding: number;
}
