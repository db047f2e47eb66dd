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
  layerOf,
  scalarOf,
} from "../../lib/rules/findings";
import { bodyOf, type RuleSettings, readSettings, writeSettings } from "../../lib/rules/settings";
import { chartOf } from "../../lib/scalar_charts";
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
  const diagnoses = useDiagnoses(runs, body, { priority, enabled });
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

/** Return the panel that shows a finding, null if none but Health does. */
export function panelOf(store: Store, finding: Finding): "gradient_flow" | "curves" | "structure" | null {
  if (isOfRows(store, finding)) return "gradient_flow";
  if (scalarOf(finding) !== null || finding.rule === "nonfinite/loss") return "curves";
  return layerOf(finding) === "" ? null : "structure";
}

/** Open the panel, run, layer and step that show a finding. */
export function showFinding(store: Store, finding: Finding): void {
  const { run, kind, statistic, row, layer, since } = finding;
  const panel = panelOf(store, finding);
  const scalar = scalarOf(finding);
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = panel ?? "health";
    if (panel === "gradient_flow") {
      store.choose(kind, statistic);
      store.view.role.value = roleShowing(store, row);
      store.view.rowFilter.value = "";
      if (row !== "" || layer) store.view.row.value = row || (layer ?? null);
      for (const key of ZOOM_KEYS) store.key(key).value = null;
    } else if (panel === "curves") {
      for (const key of ["cur.zoom", "cur.filter"]) store.key(key).value = null;
      store.key("cur.large").value = scalar === null ? null : chartOf(scalar);
    } else if (panel === "structure") store.view.row.value = layerOf(finding);
    store.view.step.value = since;
  });
}
