import type { MapEvent, MapHeader, MapListing, UnitStatistics } from "../../lib/answers/maps";

export const UNIT_AXES = ["channel", "feature", "head", "unit"];
export const NONFINITE_CODE = 255;

/**
 * One run's map, arranged for drawing. `tiles` is one picture per unit, [unit, row, column]. `sheet` is one picture
 * whose columns are the units, [row, unit].
 */
export interface MapGrid {
  run: string;
  step: number;
  form: "tiles" | "sheet";
  unitAxis: string;
  rowAxis: string;
  columnAxis: string;
  rows: number;
  /** Columns per unit: 1 in a sheet. */
  columns: number;
  /** Original index of each unit. */
  ids: readonly number[];
  /** NaN if a value is not finite. */
  values: Float32Array;
  /** Maximum error of a value: half a quantization step. */
  precision: number;
  units: UnitStatistics;
  header: MapHeader;
}

/** Convert codes to values, as offset + scale * code, or to NaN if a value was not finite. */
export function dequantize(codes: Uint8Array, header: MapHeader): Float32Array {
  const { scale, offset } = header;
  const bad = header.nonfinite > 0;
  const table = Float32Array.from({ length: 256 }, (_, code) => offset + scale * code);
  if (bad) table[NONFINITE_CODE] = Number.NaN;
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]];
  return values;
}

/** Arrange a map of one sample by its axes, or return null if it cannot be drawn. */
export function mapGridOf(event: MapEvent): MapGrid | null {
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

/** Return the index of a value in `values`. */
export const valueIndex = (grid: MapGrid, unit: number, row: number, column: number) =>
  grid.form === "sheet" ? row * grid.ids.length + unit : (unit * grid.rows + row) * grid.columns + column;

/**
 * Return the layers of all runs in the execution order of the first run. A layer that the first run lacks follows its
 * predecessor in its own run.
 */
export function layersOf(listing: MapListing, runs: readonly string[], prefix: string) {
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

/** Return the sizes of a map without its samples: `16 × 8 × 8`. */
export const sizesOf = ({ axes, shape }: MapHeader) =>
  shape.filter((_, i) => axes[i] !== "sample").join(" × ");

/** Return the number of samples of a map, 1 if it has no such axis. */
export function samplesOf({ axes, shape }: MapHeader): number {
  const at = axes.indexOf("sample");
  return at < 0 ? 1 : shape[at];
}

/** Return true if a single sample must be requested, because the map cannot show all samples at once. */
export const cutsSample = ({ axes }: MapHeader) => axes.includes("sample") && axes.length > 2;
