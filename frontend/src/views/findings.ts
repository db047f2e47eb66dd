import { useMemo } from "preact/hooks";
import { type FindingGroup, type FindingsHeader, groupFindings } from "../derive/findings";
import type { Store } from "../store/store";
import { useAnswer } from "./answer";
import { useStore } from "./context";

/** With more runs than these only those that are shown are asked for what was found in them. */
const MOST_RUNS = 50;

const read = (header: unknown) => header as FindingsHeader;

/** What rules have found in these runs, the worst first, and the state of the question. */
export function useFindings() {
  const store = useStore();
  const names = store.names.value;
  const shown = store.shown.value;
  const runs = names.length <= MOST_RUNS ? names : shown;
  const { data, last, error, retry } = useAnswer("findings", { runs }, read);
  const known = data ?? last;
  const listed = store.runs.value;
  const groups = useMemo(() => {
    const steps = new Map((listed ?? []).map(({ run, steps }) => [run, steps]));
    const order = (run: string) => shown.indexOf(run) + (shown.includes(run) ? 0 : names.length);
    const there = (known?.findings ?? []).filter(({ run }) => names.includes(run));
    return groupFindings(there, (run) => steps.get(run) ?? 0, order);
  }, [known, listed, shown.join()]);
  return { groups, missing: known?.missing ?? [], known: known !== null, error, retry };
}

/** The parameters to be shown so that this one is among them; null: the weights, as by default. */
export function roleShowing(store: Store, name: string): "all" | null {
  const known = store.union.value.rows.find((row) => row.name === name)?.role;
  return known === "weight" || (known === undefined && name.endsWith(".weight")) ? null : "all";
}

/** Opens the panel, run, layer and step that show it. */
export function showFinding(store: Store, { run, chief }: FindingGroup): void {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(chief.kind, chief.statistic);
    store.view.role.value = roleShowing(store, chief.row);
    store.view.rowFilter.value = "";
    store.view.row.value = chief.row;
    store.zoomTo(null);
    store.view.step.value = chief.since;
  });
}
