import type { MapEvent, MapsAnswer } from "../../lib/answers/maps";
import { WEIGHT_PREFIX } from "../../lib/tags";
import type { Missing, SeriesResponse } from "../../lib/types";
import type { LayerItem } from "../../ui/layer_list";
import { type Track, tracks } from "./model_tracks";
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

/** Return the parameters of all runs without duplicates, in the order of the first run that has them. */
export function readWeights({ listed, missing }: MapsAnswer): { weights: Weight[]; missing: Missing[] } {
  const found = new Map<string, Weight>();
  for (const { tag, step, header: map, row } of listed) {
    const name = tag.slice(WEIGHT_PREFIX.length);
    const shape = row?.shape ?? map.tensor ?? map.shape;
    const known = found.get(name);
    const bytes = map.shape.reduce((all, n) => all * n, 1);
    found.set(name, {
      name,
      note: shape.map((n) => n ?? "?").join(" × "),
      module: row?.module ?? name.slice(0, Math.max(0, name.lastIndexOf("."))),
      bytes: Math.max(bytes, known?.bytes ?? 0),
      sheet: known?.sheet ?? sheetOf(map),
      last: Math.max(step, known?.last ?? 0),
    });
  }
  return { weights: [...found.values()], missing };
}

export interface Maps {
  /** Name of the parameter. */
  name: string;
  /** Steps per run, ascending. */
  steps: Map<string, Float64Array>;
  maps: Map<string, MapEvent[]>;
  missing: Missing[];
}

export const readMaps =
  (name: string) =>
  ({ steps, maps, missing }: MapsAnswer): Maps => {
    const byRun = new Map<string, MapEvent[]>();
    for (const map of maps) {
      const own = byRun.get(map.run);
      if (own) own.push(map);
      else byRun.set(map.run, [map]);
    }
    return { name, steps: new Map(steps.map((one) => [one.run, one.steps])), maps: byRun, missing };
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

/** Return the names of single weights per parameter. */
export function readTracked({ series, missing }: SeriesResponse) {
  const found = new Map<string, string[]>();
  for (const rows of new Set(series.map((one) => one.rows))) {
    for (const { name, parameter } of rows) {
      if (parameter === undefined) continue;
      const names = found.get(parameter) ?? [];
      if (!names.includes(name)) names.push(name);
      found.set(parameter, names);
    }
  }
  return { names: found, missing };
}

export const readTracks =
  (names: readonly string[]) =>
  ({ series }: SeriesResponse): Track[] =>
    tracks(series, names);
