import { WEIGHT_PREFIX } from "../../lib/tags";
import type { LayerItem } from "../../ui/layer_list";
import type { WeightHeader, WeightMap } from "./model";
import { type TrackedSeries, tracks } from "./model_tracks";
import { sheetOf, type TileSheet } from "./paint";

/** A parameter for which any run has a map. */
export interface Weight extends LayerItem {
  module: string;
  /** Size of its largest latest map in bytes. */
  bytes: number;
  sheet: TileSheet;
  /** The latest step of any run. */
  last: number;
}

interface Listed {
  run: string;
  tag: string;
  step: number;
  header: WeightHeader & { tensor?: { shape: number[] } };
  row: { module: string; shape: number[] } | null;
}

/** Return the parameters of all runs without duplicates, in the order of the first run that has them. */
export function readWeights(header: unknown): Weight[] {
  const found = new Map<string, Weight>();
  for (const { tag, step, header: map, row } of (header as { maps: Listed[] }).maps) {
    const name = tag.slice(WEIGHT_PREFIX.length);
    const shape = row?.shape ?? map.tensor?.shape ?? map.shape;
    const known = found.get(name);
    const bytes = map.shape.reduce((all, n) => all * n, 1);
    found.set(name, {
      name,
      note: shape.join(" × "),
      module: row?.module ?? name.slice(0, Math.max(0, name.lastIndexOf("."))),
      bytes: Math.max(bytes, known?.bytes ?? 0),
      sheet: known?.sheet ?? sheetOf(map),
      last: Math.max(step, known?.last ?? 0),
    });
  }
  return [...found.values()];
}

export interface Maps {
  /** Name of the parameter. */
  name: string;
  /** Steps per run, ascending. */
  steps: Map<string, Float64Array>;
  maps: Map<string, WeightMap[]>;
}

export const readMaps =
  (name: string) =>
  (header: unknown): Maps => {
    const { steps, maps } = header as { steps: { run: string; steps: Float64Array }[]; maps: WeightMap[] };
    const byRun = new Map<string, WeightMap[]>();
    for (const map of maps) byRun.set(map.run, [...(byRun.get(map.run) ?? []), map]);
    return { name, steps: new Map(steps.map((one) => [one.run, one.steps])), maps: byRun };
  };

/** Maximum size of one response in bytes. Larger parameters are requested only at the shown and at the first step. */
const MAX_BYTES = 16 << 20;
/** Number of maps per parameter that TensorBoard keeps. */
const KEPT = 50;

/**
 * Return the request for a parameter's maps. It includes all steps if they are small enough, so that playing is smooth.
 */
export function mapsRequest(runs: readonly string[], weight: Weight, step: number | null) {
  const all = weight.bytes * runs.length * KEPT <= MAX_BYTES;
  const steps = all ? null : [...new Set([0, step ?? weight.last])];
  return { runs, prefix: WEIGHT_PREFIX, tag: WEIGHT_PREFIX + weight.name, steps };
}

interface TrackedRow {
  name: string;
  parameter: string;
}

/** Return the names of single weights per parameter. */
export function readTracked(header: unknown): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const rows of Object.values((header as { layouts: Record<string, TrackedRow[]> }).layouts)) {
    for (const { name, parameter } of rows) {
      const names = found.get(parameter) ?? [];
      if (!names.includes(name)) names.push(name);
      found.set(parameter, names);
    }
  }
  return found;
}

export const readTracks = (names: readonly string[]) => (header: unknown) =>
  tracks((header as { series: TrackedSeries[] }).series, names);
