import { WEIGHT_PREFIX } from "../../lib/tags";
import type { LayerItem } from "../../ui/layer_list";
import type { WeightHeader, WeightMap } from "./model";
import { type TrackedSeries, tracks } from "./model_tracks";
import { type Sheet, sheetOf } from "./paint";

/** A parameter that has a map in some of the runs. */
export interface Weight extends LayerItem {
  module: string;
  /** Bytes of the largest of its newest maps. */
  bytes: number;
  sheet: Sheet;
  /** The newest step of any run. */
  last: number;
}

interface Listed {
  run: string;
  tag: string;
  step: number;
  header: WeightHeader & { tensor?: { shape: number[] } };
  row: { module: string; shape: number[] } | null;
}

/** All runs' weights, each once, in the order of the first run that has them. */
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
  /** By run, ascending. */
  steps: Map<string, Float64Array>;
  maps: Map<string, WeightMap[]>;
}

export function readMaps(header: unknown): Maps {
  const { steps, maps } = header as { steps: { run: string; steps: Float64Array }[]; maps: WeightMap[] };
  const byRun = new Map<string, WeightMap[]>();
  for (const map of maps) byRun.set(map.run, [...(byRun.get(map.run) ?? []), map]);
  return { steps: new Map(steps.map((one) => [one.run, one.steps])), maps: byRun };
}

/** More than this is not asked for at once: then only the step that is shown, and the first. */
const MAX_BYTES = 16 << 20;
/** As many as TensorBoard keeps of a map. */
const KEPT = 50;

/** The question for a weight's maps: all its steps where they are small enough, so that playing needs no waiting. */
export function mapsQuestion(runs: readonly string[], weight: Weight, step: number | null) {
  const all = weight.bytes * runs.length * KEPT <= MAX_BYTES;
  const steps = all ? null : [...new Set([0, step ?? weight.last])];
  return { runs, prefix: WEIGHT_PREFIX, tag: WEIGHT_PREFIX + weight.name, steps };
}

interface TrackedRow {
  name: string;
  parameter: string;
}

/** Which single weights there are, by parameter. */
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
