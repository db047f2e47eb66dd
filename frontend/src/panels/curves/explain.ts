import type { QueryClient } from "../../data/query_client";
import type { Store } from "../../data/store";
import { spacing } from "../../lib/steps";
import type { Row } from "../../lib/types";
import { roleShowing } from "../../ui/findings";
import { BEFORE, type Culprit, culprit, type RowSeries } from "./model_spike_source";

interface Header {
  layouts: Record<string, Row[]>;
  series: {
    layout: number;
    steps: Float64Array;
    absent: Uint8Array;
    values: Record<string, Float32Array>;
  }[];
}

/** What a spike may come from: what the layers' gradients were, and how far they went. */
const SUSPECTS = [
  ["gradient", "norm"],
  ["update", "ratio"],
] as const;

/** The layer that a spike of a run came from, from all layers' values at the steps up to it; null: not known. */
export async function explain(
  client: QueryClient,
  store: Store,
  run: string,
  step: number,
  logged: ArrayLike<number>,
  abort: AbortSignal,
): Promise<Culprit | null> {
  const kinds = store.runs.value?.find((one) => one.run === run)?.kinds ?? {};
  const far = spacing(logged) * (BEFORE.most + 2);
  const asked = SUSPECTS.filter(([kind, statistic]) => kinds[kind]?.includes(statistic));
  const found = await Promise.all(
    asked.map(async ([kind, statistic]): Promise<RowSeries[]> => {
      const range = { from: Math.max(0, step - far), to: step + spacing(logged) };
      const body = { runs: [run], kind, statistics: [statistic], ...range };
      const header = await client.ask<Header>("series", body, { signal: abort });
      return header.series.map(({ layout, steps, absent, values }) => ({
        kind,
        statistic,
        rows: header.layouts[layout],
        steps,
        absent,
        values: values[statistic],
      }));
    }),
  );
  return culprit(found.flat(), step);
}

/** Opens Gradient flow where it shows. */
export function show(store: Store, run: string, one: Culprit): void {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(one.kind, one.statistic);
    store.view.role.value = roleShowing(store, one.row);
    store.view.rowFilter.value = "";
    store.view.row.value = one.row;
    store.view.step.value = one.step;
  });
}
