import type { QueryClient } from "../../data/query_client";
import type { Store } from "../../data/store";
import { spacing } from "../../lib/steps";
import type { SeriesResponse } from "../../lib/types";
import { roleShowing, ZOOM_KEYS } from "../../ui/health/findings";
import { PRECEDING, type RowSeries, type SpikeSource, spikeSource } from "./model_spike_source";

/** Statistics that may explain a spike: gradients and relative updates of layers. */
const CANDIDATES = [
  ["gradient", "norm"],
  ["update", "ratio"],
] as const;

/**
 * Return the layer that caused a run's spike, determined from all layers' values at preceding steps. Return null if
 * it is unknown.
 */
export async function explain(
  client: QueryClient,
  store: Store,
  run: string,
  step: number,
  logged: ArrayLike<number>,
  abort: AbortSignal,
): Promise<SpikeSource | null> {
  const kinds = store.runs.value?.find((one) => one.run === run)?.kinds;
  const far = spacing(logged) * (PRECEDING.max + 2);
  const available = CANDIDATES.filter(([kind, statistic]) => kinds?.get(kind)?.includes(statistic));
  const found = await Promise.all(
    available.map(async ([kind, statistic]): Promise<RowSeries[]> => {
      const range = { from: Math.max(0, step - far), to: step + spacing(logged) };
      const body = { runs: [run], kind, statistics: [statistic], ...range };
      const { series } = await client.fetch<SeriesResponse>("series", body, { signal: abort });
      return series.flatMap(({ rows, steps, absent, values: all }) => {
        const values = all.get(statistic);
        return values ? [{ kind, statistic, rows, steps, absent, values }] : [];
      });
    }),
  );
  return spikeSource(found.flat(), step);
}

/** Open Gradient flow at a layer and step. */
export function show(store: Store, run: string, one: SpikeSource): void {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(one.kind, one.statistic);
    store.view.role.value = roleShowing(store, one.row);
    store.view.rowFilter.value = "";
    store.view.row.value = one.row;
    for (const key of ZOOM_KEYS) store.key(key).value = null;
    store.view.step.value = one.step;
  });
}
