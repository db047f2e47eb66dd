import { useMemo } from "preact/hooks";
import type { MapEvent } from "../../lib/answers/maps";
import { parseNumber } from "../../lib/format";
import { allSteps, nearest } from "../../lib/steps";
import type { Scale } from "../../lib/types";
import { useStore } from "../../ui/context";
import type { Maps } from "./data";
import { type Cells, decodeCells, difference, layerReach, REDUCTIONS, type Reduction, reach } from "./model";
import { centred } from "./paint";

export const MINUS = ["none", "ref", "first"] as const;
type Minus = (typeof MINUS)[number];

/** A run's weights at the step, and the values shown for them. */
interface RunWeights {
  map: MapEvent;
  cells: Cells;
  /** Shown values, or null if there is nothing to subtract. */
  shown: Cells | null;
}

export interface WeightsModel {
  steps: Float64Array;
  step: number;
  runs: Map<string, RunWeights>;
  minus: Minus;
  reduction: Reduction;
  /** True if tiles are logged and differences are shown: then only means can be compared. */
  meanOnly: boolean;
  scale: Scale;
  fixed: number | null;
}

const decoded = new WeakMap<MapEvent, Cells>();

function cellsOf(map: MapEvent): Cells {
  let cells = decoded.get(map);
  if (!cells) {
    cells = decodeCells(map);
    decoded.set(map, cells);
  }
  return cells;
}

const stepsOf = (maps: readonly MapEvent[]) => maps.map(({ step }) => step);
const nearestMap = (maps: readonly MapEvent[] | undefined, step: number): MapEvent | null =>
  maps && maps.length > 0 ? maps[nearest(stepsOf(maps), step)] : null;

const oneOf = <T extends string>(all: readonly T[], value: string | null): T =>
  all.find((one) => one === value) ?? all[0];

/** Return the content of the panel: the settings in the URL, applied to the maps at the cursor's step. */
export function useWeights(runs: readonly string[], data: Maps | null): WeightsModel {
  const store = useStore();
  const minus = oneOf(MINUS, store.key("weights.minus").value);
  const wanted = oneOf(REDUCTIONS, store.key("weights.show").value);
  const fixed = parseNumber(store.key("weights.range").value ?? "");
  const ref = store.ref.value;
  const maps = data?.maps ?? EMPTY;
  const shownRuns = runs.join("\n");
  const steps = useMemo(() => allSteps(runs.map((run) => data?.steps.get(run) ?? [])), [data, shownRuns]);
  const last = steps.at(-1) ?? 0;
  const cursor = store.view.step.value ?? last;
  const step = steps.length > 0 ? steps[nearest(steps, cursor)] : 0;
  const tiled = [...maps.values()].some((all) => all.some(({ header }) => header.axes[0] === "reduction"));
  const meanOnly = tiled && minus !== "none";
  const reduction = meanOnly ? "mean" : wanted;

  const shownOf = (run: string, map: MapEvent): Cells | null => {
    const cells = cellsOf(map);
    if (minus === "none") return cells;
    const other =
      minus === "first" ? maps.get(run)?.[0] : nearestMap(ref ? maps.get(ref) : undefined, map.step);
    return other ? difference(cells, cellsOf(other)) : null;
  };
  const automatic = useMemo(() => {
    const reaches = runs.map((run) =>
      (maps.get(run) ?? []).map((map) => {
        const shown = shownOf(run, map);
        return shown ? reach(shown[reduction]) : 0;
      }),
    );
    const widest = layerReach(reaches);
    return widest > 0 ? twoDigits(widest) : 1;
  }, [maps, shownRuns, minus, ref, reduction]);
  const at = useMemo(() => {
    const found = new Map<string, RunWeights>();
    for (const run of runs) {
      const map = nearestMap(maps.get(run), step);
      if (map) found.set(run, { map, cells: cellsOf(map), shown: shownOf(run, map) });
    }
    return found;
  }, [maps, shownRuns, minus, ref, step]);
  const scale = useMemo(() => centred(fixed !== null && fixed > 0 ? fixed : automatic), [fixed, automatic]);
  return { steps, step, runs: at, minus, reduction, meanOnly, scale, fixed };
}

const twoDigits = (value: number) => Number(value.toPrecision(2));

const EMPTY: Map<string, MapEvent[]> = new Map();
