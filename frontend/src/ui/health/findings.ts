import { useMemo } from "preact/hooks";
import type { Priority } from "../../data/request";
import type { Store } from "../../data/store";
import { joinList, splitList } from "../../lib/links/list";
import {
  byRank,
  type Chain,
  chainsOf,
  type Finding,
  foundLayers,
  type LayerFinding,
  scalarOf,
} from "../../lib/rules/findings";
import { bodyOf, type RuleSettings, readSettings, writeSettings } from "../../lib/rules/settings";
import { partOf } from "../../lib/scalar_parts";
import { GLOBAL_PREFIX, LOG_PREFIX } from "../../lib/tags";
import { useStore } from "../context";
import { type Diagnoses, useDiagnoses } from "./use_diagnoses";

/** URL keys of Gradient flow's zoom, which is reset because it could exclude the step. */
export const ZOOM_KEYS = ["flow.from", "flow.to"];

/** Return the settings of rules and the dismissed rules, both of which are in the URL, and functions that change them. */
export function useRuleSettings() {
  const store = useStore();
  const [rules, gone] = [store.key("health.rules"), store.key("health.dismissed")];
  const settings = useMemo(() => readSettings(rules.value), [rules.value]);
  const dismissed = useMemo(() => new Set(splitList(gone.value ?? "")), [gone.value]);
  return {
    settings,
    body: settings.size > 0 ? bodyOf(settings) : null,
    set: (next: RuleSettings) => {
      rules.value = writeSettings(next);
    },
    dismissed,
    dismiss: (rule: string) => {
      gone.value = joinList([...dismissed, rule]);
    },
    restore: () => {
      gone.value = null;
    },
  };
}

export interface Findings {
  diagnoses: Diagnoses;
  /** Chains of all runs without dismissed rules, the worst first. */
  chains: readonly Chain[];
  /** Findings of all runs without dismissed rules. */
  findings: readonly Finding[];
}

/** Return the findings of runs by the rules as they are set in the page. */
export function useFindingsOf(runs: readonly string[], priority: Priority, enabled = true): Findings {
  const { body, dismissed } = useRuleSettings();
  const diagnoses = useDiagnoses(runs, body, priority, enabled);
  return useMemo(() => {
    const findings = [...diagnoses.runs.values()].flatMap(({ health }) =>
      (health?.findings ?? []).filter(({ rule }) => !dismissed.has(rule)),
    );
    const chains = runs.flatMap((run) => chainsOf(findings.filter((one) => one.run === run)));
    return { diagnoses, findings, chains: byRank(chains) };
  }, [diagnoses, dismissed]);
}

/** Return the findings of the shown runs. They wait until the open panel has its data. */
export function useFindings(): Findings {
  const store = useStore();
  return useFindingsOf(store.shown.value, "idle", store.runs.value !== null);
}

/** Return the layers of a run that findings name. */
export function useFoundLayers(run: string): ReadonlyMap<string, LayerFinding> {
  const { findings } = useFindings();
  return useMemo(() => foundLayers(findings, run), [findings, run]);
}

/** Return the parameter filter that includes this parameter. Null is the default, weights only. */
export function roleShowing(store: Store, name: string): "all" | null {
  const known = store.rows.value.find((row) => row.name === name)?.role;
  return known === "weight" || (known === undefined && name.endsWith(".weight")) ? null : "all";
}

/** Return true if a statistic per layer shows the finding, false if a scalar does. */
export const isOfRows = (store: Store, { kind, statistic }: Finding) =>
  store.statistics.value.some((one) => one.kind === kind && one.names.includes(statistic));

/** Return the ID of the chart in Curves that shows a finding. */
function chartOf(finding: Finding): string | null {
  const scalar = scalarOf(finding);
  return scalar === null
    ? null
    : scalar.startsWith(LOG_PREFIX)
      ? partOf(scalar.slice(LOG_PREFIX.length)).base
      : scalar.slice(GLOBAL_PREFIX.length);
}

/** Open the panel, run, layer and step that show a finding. */
export function showFinding(store: Store, finding: Finding): void {
  const { run, kind, statistic, row, layer, since } = finding;
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    if (isOfRows(store, finding)) {
      store.view.panel.value = "gradient_flow";
      store.choose(kind, statistic);
      store.view.role.value = roleShowing(store, row);
      store.view.rowFilter.value = "";
      if (row !== "" || layer) store.view.row.value = row || (layer ?? null);
      for (const key of ZOOM_KEYS) store.key(key).value = null;
    } else {
      store.view.panel.value = "curves";
      for (const key of ["cur.zoom", "cur.filter"]) store.key(key).value = null;
      store.key("cur.large").value = chartOf(finding);
    }
    store.view.step.value = since;
  });
}
