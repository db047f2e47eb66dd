import { useMemo } from "preact/hooks";
import type { Store } from "../data/store";
import { useQuery } from "../data/use_query";
import { type FindingGroup, type FindingsHeader, groupFindings } from "../lib/findings";
import { useStore } from "./context";

/** Keys of Gradient flow's zoom, which could hide the step. */
const ZOOM_KEYS = ["flow.from", "flow.to"];
/** Most that the route takes in one request. */
const MOST_RUNS = 500;

const read = (header: unknown) => header as FindingsHeader;

/** What rules have found in these runs and in no others, the worst first, and the state of the question; null asks nothing. */
function useFindingsOf(runs: readonly string[] | null) {
  const store = useStore();
  const names = store.names.value;
  const shown = store.shown.value;
  const { data, previous, error, retry } = useQuery(
    "findings",
    runs && { runs: runs.slice(0, MOST_RUNS) },
    read,
  );
  const known = runs === null ? null : (data ?? previous);
  const listed = store.runs.value;
  const asked = runs?.join("\n");
  const groups = useMemo(() => {
    const steps = new Map((listed ?? []).map(({ run, steps }) => [run, steps]));
    const order = (run: string) =>
      shown.includes(run) ? shown.indexOf(run) : shown.length + names.indexOf(run);
    const there = (known?.findings ?? []).filter(({ run }) => runs?.includes(run) && steps.has(run));
    return groupFindings(there, (run) => steps.get(run) ?? 0, order);
  }, [known, listed, asked, shown.join("\n")]);
  return { groups, header: known, known: known !== null, error, retry };
}

/** What rules have found in the shown runs. */
export function useFindings() {
  const store = useStore();
  return useFindingsOf(store.runs.value === null ? null : store.shown.value);
}

/**
 * The same of the runs that are not shown: which hold findings comes with the findings of those that are, what they
 * are is fetched when somebody asks.
 */
export function useOtherFindings(header: FindingsHeader | null, asked: boolean) {
  const store = useStore();
  const shown = store.shown.value;
  const holding = new Set(header?.others ?? []);
  const runs = store.names.value.filter((run) => holding.has(run) && !shown.includes(run));
  return { runs, ...useFindingsOf(asked && runs.length > 0 ? runs : null) };
}

/** The parameters to be shown so that this one is among them; null: the weights, as by default. */
export function roleShowing(store: Store, name: string): "all" | null {
  const known = store.rows.value.find((row) => row.name === name)?.role;
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
    for (const key of ZOOM_KEYS) store.key(key).value = null;
    store.view.step.value = chief.since;
  });
}
