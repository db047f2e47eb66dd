import { computed, type ReadonlySignal } from "@preact/signals";
import { loggedSteps } from "../../../lib/columns";
import { allSteps } from "../../../lib/steps";
import type { RunSeries } from "../../../lib/types";
import { sliceSteps, type Zoom } from "../model_zoom";
import type { Exact } from "./exact";
import type { FlowKeys } from "./keys";

/** Create the signals of the shown steps. */
export function zoomSignals(keys: FlowKeys, exact: Exact, series: ReadonlySignal<readonly RunSeries[]>) {
  const wholeSteps = computed(() => allSteps(series.value.map(loggedSteps)));
  /** The shown range of steps; null for all steps. */
  const zoom = computed<Zoom | null>(() => {
    const [from, to] = [keys.from, keys.to].map(({ value }) => (value === null ? Number.NaN : Number(value)));
    // A link may name steps that these runs do not have.
    const inside = wholeSteps.value.some((step) => step >= from && step <= to);
    return from < to && inside ? [from, to] : null;
  });
  /** Series within the zoom. Runs in columns keep their columns until finer ones have loaded. */
  const windowed = computed(() =>
    series.value.map((one) => exact.zoomedOf(one, zoom.value) ?? sliceSteps(one, zoom.value)),
  );
  return { wholeSteps, zoom, windowed };
}
