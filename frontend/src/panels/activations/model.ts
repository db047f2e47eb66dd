import type { Row } from "../../lib/types";

export interface MapHeader {
  shape: number[];
  axes: string[];
  scale: number;
  offset: number;
  downsampled?: Record<string, [number, number, string]> | null;
  /** Original index of each unit that was kept; null: all of them, in order. */
  unit_order?: number[] | null;
  nonfinite?: number;
  mode?: string;
  /** One a sample, or a list of one a token a sample. */
  labels?: (string | string[])[] | null;
  /** Token ids that no byte holds, as they are. */
  values?: number[][];
}

/** Exact figures of each unit, over all samples and places; NaN where something is not finite. */
interface UnitFigures {
  min?: Float64Array;
  max?: Float64Array;
  mean?: Float64Array;
}

export interface MapEvent {
  run: string;
  step: number;
  header: MapHeader;
  values: Uint8Array;
  units: UnitFigures;
}

interface MissingMap {
  run: string;
  tag: string | null;
  step: number | null;
  reason: string;
}

/** What `POST maps` answers without a tag. */
export interface Listing {
  maps: { run: string; tag: string; step: number; header: MapHeader; row: Row | null }[];
  missing: MissingMap[];
}

/** What it answers with one. */
export interface MapsAnswer {
  tag: string;
  steps: { run: string; steps: Float64Array }[];
  maps: MapEvent[];
  missing: MissingMap[];
}

export const readListing = (header: unknown) => header as Listing;
export const readMaps = (header: unknown) => header as MapsAnswer;

export const UNIT_AXES = ["channel", "feature", "head", "unit"];
export const NONFINITE_CODE = 255;

/**
 * One map of one run, as it is drawn: `tiles`, a picture a unit, [unit, row, column]; or a `sheet`, one picture whose
 * columns are the units, [row, unit].
 */
export interface Board {
  run: string;
  step: number;
  form: "tiles" | "sheet";
  unitAxis: string;
  rowAxis: string;
  columnAxis: string;
  rows: number;
  /** Of one unit: 1 in a sheet. */
  columns: number;
  /** Original index of each unit. */
  ids: number[];
  /** NaN where a value is not finite. */
  values: Float32Array;
  /** Half a step of the quantization: no value is off by more. */
  precision: number;
  units: UnitFigures;
  header: MapHeader;
}

/** Values of codes: offset + scale * code, NaN where a value was not finite. */
export function dequantize(codes: Uint8Array, header: MapHeader): Float32Array {
  const { scale, offset } = header;
  const bad = (header.nonfinite ?? 0) > 0;
  const table = Float32Array.from({ length: 256 }, (_, code) => offset + scale * code);
  if (bad) table[NONFINITE_CODE] = Number.NaN;
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]];
  return values;
}

/** What a map's axes, its sample cut out, make of it; null where it has none that could be drawn. */
export function boardOf(event: MapEvent): Board | null {
  const { header } = event;
  let { axes, shape } = header;
  if (axes.length === 1) {
    axes = ["", ...axes];
    shape = [1, ...shape];
  }
  if (axes.length !== 2 && axes.length !== 3) return null;
  const last = axes.length - 1;
  const sheet = axes.length === 2 && !UNIT_AXES.includes(axes[0]);
  const unit = sheet ? last : 0;
  const units = shape[unit];
  return {
    run: event.run,
    step: event.step,
    form: sheet ? "sheet" : "tiles",
    unitAxis: axes[unit],
    rowAxis: sheet ? axes[0] : last === 2 ? axes[1] : "",
    columnAxis: sheet ? "" : axes[last],
    rows: sheet ? shape[0] : last === 2 ? shape[1] : 1,
    columns: sheet ? 1 : shape[last],
    ids: header.unit_order?.length === units ? header.unit_order : Array.from({ length: units }, (_, i) => i),
    values: dequantize(event.values, header),
    precision: header.scale / 2,
    units: event.units,
    header,
  };
}

/** Index into a board's values. */
export const placeOf = (board: Board, unit: number, row: number, column: number) =>
  board.form === "sheet" ? row * board.ids.length + unit : (unit * board.rows + row) * board.columns + column;

/** Tags of all runs in the order in which their layers run: the first run's, an extra one where its run has it. */
export function layersOf(listing: Listing, runs: readonly string[], prefix: string) {
  const order: string[] = [];
  for (const run of runs) {
    let after = -1;
    for (const { run: of, tag } of listing.maps) {
      if (of !== run) continue;
      const at = order.indexOf(tag);
      if (at >= 0) after = at;
      else order.splice(++after, 0, tag);
    }
  }
  return order.map((tag) => {
    const name = tag.slice(prefix.length);
    const owned = listing.maps.filter((one) => one.tag === tag);
    const first = runs.map((run) => owned.find((one) => one.run === run)).find((one) => one !== undefined)!;
    return { tag, name, module: first.row?.module ?? name.split("@")[0], first };
  });
}

/** Sizes of a map without its samples: `16 × 8 × 8`. */
export const sizesOf = ({ axes, shape }: MapHeader) =>
  shape.filter((_, i) => axes[i] !== "sample").join(" × ");

/** How many samples a map holds; 1 where it has no such axis. */
export function samplesOf({ axes, shape }: MapHeader): number {
  const at = axes.indexOf("sample");
  return at < 0 ? 1 : shape[at];
}

/** The sample that is asked for of each map: none of those that show all samples at once. */
export const cutsSample = ({ axes }: MapHeader) => axes.includes("sample") && axes.length > 2;
