import { useMemo } from "preact/hooks";
import type { Store } from "../data/store";
import { asIs, useQuery } from "../data/use_query";
import { type FindingGroup, type FindingsHeader, groupFindings } from "../lib/findings";
import { useStore } from "./context";

/** URL keys of Gradient flow's zoom, which is reset because it could exclude the step. */
export const ZOOM_KEYS = ["flow.from", "flow.to"];
/** Return the findings of exactly these runs, the worst first, and the state of the request. Null requests nothing. */
function useFindingsOf(runs: readonly string[] | null) {
  const store = useStore();
  const names = store.names.value;
  const shown = store.shown.value;
  const { data, previous, error, retry } = useQuery("findings", runs && { runs }, asIs);
  const known = runs === null ? null : (data ?? previous);
  const listed = store.runs.value;
  const requestKey = runs?.join("\n");
  const groups = useMemo(() => {
    const steps = new Map((listed ?? []).map(({ run, steps }) => [run, steps]));
    const places = new Map([...new Set([...shown, ...names])].map((run, i) => [run, i]));
    const wanted = new Set(runs);
    const there = (known?.findings ?? []).filter(({ run }) => wanted.has(run) && steps.has(run));
    return groupFindings(
      there,
      (run) => steps.get(run) ?? 0,
      (run) => places.get(run) ?? 0,
    );
  }, [known, listed, requestKey, shown.join("\n")]);
  return { groups, header: known, known: known !== null, error, retry };
}

/** Return the findings of the shown runs. */
export function useFindings() {
  const store = useStore();
  return useFindingsOf(store.runs.value === null ? null : store.shown.value);
}

/**
 * Return the runs that are not shown but have findings, and if `requested`, these findings. The names of the runs are
 * part of the response for the shown runs.
 */
export function useOtherFindings(header: FindingsHeader | null, requested: boolean) {
  const store = useStore();
  const shown = store.shown.value;
  const holding = new Set(header?.others ?? []);
  const hidden = new Set(shown);
  const runs = store.names.value.filter((run) => holding.has(run) && !hidden.has(run));
  return { runs, ...useFindingsOf(requested && runs.length > 0 ? runs : null) };
}

/** Return the parameter filter that includes this parameter. Null is the default, weights only. */
export function roleShowing(store: Store, name: string): "all" | null {
  const known = store.rows.value.find((row) => row.name === name)?.role;
  return known === "weight" || (known === undefined && name.endsWith(".weight")) ? null : "all";
}

/** Open the panel, run, layer and step that show a finding. */
export function showFinding(store: Store, { run, origin }: FindingGroup): void {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(origin.kind, origin.statistic);
    store.view.role.value = roleShowing(store, origin.row);
    store.view.rowFilter.value = "";
    store.view.row.value = origin.row;
    for (const key of ZOOM_KEYS) store.key(key).value = null;
    store.view.step.value = origin.since;
  });
}
