import { useMemo } from "preact/hooks";
import { asIs, type QueryState, useQuery } from "../../data/use_query";
import type { HistogramsAnswer } from "../../lib/answers/histograms";
import { unionRows } from "../../lib/row_union";
import { choose } from "../../lib/selection";
import { KINDS } from "../../lib/statistics";
import { allSteps, nearest, stepDomain } from "../../lib/steps";
import { useStore } from "../../ui/context";
import { type HistogramResponse, withTotals } from "./model";

export type Mode = "ridges" | "map" | "layers";
export type Overlay = "ref" | "first" | "none";

/** Return the settings of this panel, which are stored in URL keys. */
export function useKeys() {
  const store = useStore();
  const number = (name: string) => {
    const text = store.key(name).value;
    return text === null || text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text);
  };
  const one = <T extends string>(name: string, values: readonly T[]) => {
    const value = store.key(name).value as T;
    return values.includes(value) ? value : values[0];
  };
  return {
    mode: one<Mode>("hist.view", ["ridges", "map", "layers"]),
    ownHeight: store.key("hist.height").value === "step",
    overlay: one<Overlay>("hist.overlay", ["ref", "first", "none"]),
    from: number("hist.from"),
    to: number("hist.to"),
  };
}

/** Return the available histograms, and the selected kind, row and step. */
export function useListing() {
  const store = useStore();
  const shown = store.shown.value;
  // Sorted, so that a change of the reference run causes no new request.
  const runs = useMemo(() => [...shown].sort(), [shown]);
  const wanted = store.key("hist.kind").value ?? store.kind.value;
  const valid = wanted === "stock" || KINDS.includes(wanted as never) ? wanted : KINDS[0];
  const first = useQuery("histograms", runs.length ? { runs, kind: valid } : null, asIs);
  const kinds = useMemo(() => {
    const found = new Set((first.data ?? first.previous)?.runs.flatMap((run) => run.kinds));
    return [...KINDS, "stock"].filter((kind) => found.has(kind));
  }, [first.data, first.previous]);
  const kind = kinds.length === 0 || kinds.includes(valid) ? valid : kinds[0];
  const second = useQuery("histograms", kind !== valid ? { runs, kind } : null, asIs);
  const query = kind === valid ? first : second;
  const listing = query.data ?? query.previous;

  const rows = useMemo(() => {
    const listed = new Map(listing?.runs.map((run) => [run.run, run]));
    const layouts = shown.flatMap((run) => {
      const one = listed.get(run);
      return one ? [one.rows] : [];
    });
    return unionRows(layouts).rows;
  }, [listing, shown]);
  const steps = useMemo(() => {
    const byRun = new Map(listing?.runs.map((run) => [run.run, run.steps]));
    return shown.flatMap((run) => (byRun.get(run)?.length ? [byRun.get(run)!] : []));
  }, [listing, shown]);
  const all = useMemo(() => allSteps(steps), [steps]);
  const domain = useMemo(() => stepDomain(steps), [steps]);
  const last = all[all.length - 1] ?? 0;
  const cursor = Math.min(store.view.step.value ?? last, last);
  const things = useMemo(
    () => rows.map(({ name, module }) => ({ name, module: module || name.replace(/\.[^.]*$/, "") })),
    [rows],
  );
  const at = choose(store.view.row.value, things);
  return {
    query: query as QueryState<HistogramsAnswer>,
    runs,
    kinds,
    kind,
    rows,
    selected: rows.length === 0 ? -1 : Math.max(0, at),
    /** All logged steps of the shown runs. */
    steps: all,
    domain,
    step: all.length ? all[Math.max(0, nearest(all, cursor))] : 0,
    known: listing !== null,
    moveStep: (by: number) => {
      if (all.length === 0) return;
      const next = nearest(all, cursor) + by;
      store.view.step.value = all[Math.min(all.length - 1, Math.max(0, next))];
    },
    moveLayer: (by: number) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, Math.max(0, at) + by))];
      if (next) store.view.row.value = next.name;
    },
  };
}

export type Listing = ReturnType<typeof useListing>;

/** Return the histograms of the selected row at all steps. */
export function useRow(listing: Listing, wanted: boolean): QueryState<HistogramResponse> {
  const { runs, kind, rows, selected } = listing;
  const row = rows[selected]?.name;
  const isEnabled = wanted && row !== undefined;
  return useQuery("histograms", isEnabled ? { runs, kind, rows: [row] } : null, withTotals);
}

/** Return the histograms of all rows at the cursor's step. */
export function useStep(listing: Listing, wanted: boolean): QueryState<HistogramResponse> {
  const { runs, kind, rows, step } = listing;
  const isEnabled = wanted && rows.length > 0;
  return useQuery("histograms", isEnabled ? { runs, kind, step } : null, withTotals);
}
