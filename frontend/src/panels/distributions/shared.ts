import { useMemo } from "preact/hooks";
import { useStore } from "../../ui/context";
import { useKeys } from "./data";
import { valueAxis, valueRange } from "./layout_value_axis";
import { type HistogramResponse, type Histograms, usage } from "./model";
import { densityScale, highest } from "./model_density";

/** Return the value range and density scale that all runs share, for all views. */
export function useShared(response: HistogramResponse) {
  const store = useStore();
  const { from, to } = useKeys();
  const shown = store.shown.value;
  /** Histograms per shown run. Null if the run has none. */
  const series = useMemo(() => {
    const byRun = new Map(response.series.map((one) => [one.run, one]));
    return shown.map((run): Histograms | null => byRun.get(run) ?? null);
  }, [response, shown]);
  const present = useMemo(() => series.filter((one) => one !== null), [series]);
  const used = useMemo(() => usage(present), [present]);
  const range = useMemo(() => valueRange(used, from, to), [used, from, to]);
  const peak = useMemo(() => highest(present), [present]);
  const scale = useMemo(() => densityScale(peak), [peak]);
  return { series, present, used, range, peak, scale };
}

export const useAxis = (
  { range, used }: Pick<ReturnType<typeof useShared>, "range" | "used">,
  width: number,
) => useMemo(() => valueAxis(range, used, width), [range, used, width]);
