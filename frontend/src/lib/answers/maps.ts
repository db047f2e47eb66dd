import type { Missing, Row } from "../types";

/** Header of a map, as documented in docs/schema.md. Names of axes are from the log. */
export interface MapHeader {
  shape: number[];
  axes: string[];
  scale: number;
  offset: number;
  /** Number of values that are not finite. */
  nonfinite: number;
  /** Per shortened axis: its size, the number of kept entries, and the method. */
  downsampled: ReadonlyMap<string, readonly [number, number, string]> | null;
  /** Of an activation map, the original index of each kept unit. Null means all units in order. */
  unit_order: readonly number[] | null;
  /** Of a weight map, the original indices of each shortened axis. */
  unit_orders: ReadonlyMap<string, readonly number[]> | null;
  /** One label per sample, or a list of one label per token for each sample. */
  labels?: readonly (string | readonly string[])[] | null;
  /** Token ids that do not fit into a byte. */
  values?: readonly (readonly number[])[] | null;
  /** Of a weight map, the code of exactly 0. */
  zero?: number | null;
  /** Of a weight map, norms along its first two axes. Null in place of a norm that is not finite. */
  norms?: ReadonlyMap<string, AxisNorms>;
  /** Shape of the parameter. */
  tensor?: readonly number[];
}

export interface AxisNorms {
  min?: readonly (number | null)[];
  max: readonly (number | null)[];
}

/** Exact statistics per unit over all samples and positions. NaN if a value is not finite. */
export interface UnitStatistics {
  min?: Float64Array;
  max?: Float64Array;
  mean?: Float64Array;
}

export interface MapEvent {
  run: string;
  step: number;
  header: MapHeader;
  values: Uint8Array;
  units: UnitStatistics;
}

/** The newest map of a tag. */
export interface ListedMap {
  run: string;
  tag: string;
  step: number;
  header: MapHeader;
  row: Row | null;
}

/** Answer of `POST maps` without a tag. */
export interface MapListing {
  maps: ListedMap[];
  missing: Missing[];
}

/** Answer of `POST maps` with a tag. */
export interface MapsResponse {
  steps: { run: string; steps: Float64Array }[];
  maps: MapEvent[];
  missing: Missing[];
}

/** Answer of `POST maps`. Without a tag, `steps` and `maps` are empty. With a tag, `listed` is. */
export interface MapsAnswer extends MapsResponse {
  listed: ListedMap[];
}
