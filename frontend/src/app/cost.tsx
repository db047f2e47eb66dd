import { useEffect } from "preact/hooks";
import { type Overhead, overheadOf } from "../data/overhead";
import { useQuery } from "../data/use_query";
import { exact, short } from "../lib/format";
import { NNVIZ_PREFIX, OVERHEAD_TAG } from "../lib/tags";
import type { ScalarSeries } from "../lib/types";
import { useStore } from "../ui/context";
import { TEXT } from "./text";

/** Cost of nnviz in the shown runs, as a fraction of each run. */
export function Cost() {
  const store = useStore();
  const shown = store.shown.value.flatMap((run) => {
    const overhead = store.overheads.value.get(run);
    return overhead ? [{ run, overhead }] : [];
  });
  if (shown.length === 0) return null;
  const shares = shown.map(({ overhead }) => overhead.share);
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map(percent);
  const lines = shown.map(({ run, overhead }) => `${run}: ${costOf(overhead)}`);
  return (
    <span class="cost dim" title={[...lines, "", TEXT.health.costHelp].join("\n")} data-testid="cost">
      {TEXT.health.cost} <b>{low === high ? low : TEXT.health.range(low, high)}</b>
    </span>
  );
}

const percent = (share: number) =>
  share > 0 && share < 0.0005
    ? "< 0.1 %"
    : `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;

/** Format a cost as `4.2 % of the run (3.1 ms at each of 100 logged steps)`. */
export const costOf = ({ share, seconds, steps, sampled }: Overhead) =>
  TEXT.health.costOf(percent(share), short(1000 * seconds), exact(steps), sampled);

const readCost = ({ series }: { series: readonly ScalarSeries[] }) => {
  const result = new Map<string, Overhead>();
  for (const { run, steps, wall_times, values } of series) {
    const one = overheadOf(steps, wall_times, values);
    if (one) result.set(run, one);
  }
  return result;
};

/** Loader of the costs of the shown runs. It draws nothing. */
export function Overheads() {
  const store = useStore();
  const runs = store.shown.value;
  const body = runs.length > 0 ? { runs, tags: [OVERHEAD_TAG], prefix: NNVIZ_PREFIX, last: false } : null;
  const { data } = useQuery("scalars", body, readCost);
  useEffect(() => {
    if (data) store.overheads.value = data;
  }, [data]);
  return null;
}
