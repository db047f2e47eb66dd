import { useRef } from "preact/hooks";
import type { Verdict } from "../../lib/rules/health";
import { useSize, useStore } from "../../ui/context";
import { Exports, fileName } from "../../ui/exports";
import { Failure } from "../../ui/failure";
import { useFindingsOf, useRuleSettings } from "../../ui/health/findings";
import { MoreRuns } from "../../ui/more_runs";
import { NoRuns } from "../../ui/panel_empty";
import { UI_TEXT } from "../../ui/text";
import { useArrival } from "./arrival";
import { findingsCsv } from "./csv";
import { countFound, countVerdicts, verdictOf } from "./model";
import { RulesTable } from "./parts/rules";
import { RunCard } from "./parts/run";
import { classOf, VerdictIcon } from "./parts/verdict";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

/** Maximum number of runs whose first advice is folded out. */
const MAX_OPEN = 8;

export function View() {
  const store = useStore();
  const runs = store.shown.value;
  const list = useRef<HTMLDivElement>(null);
  const { ref: scroller } = useSize<HTMLDivElement>();
  const { diagnoses, chains } = useFindingsOf(runs, "later");
  const { settings, set, dismissed, dismiss, restore } = useRuleSettings();
  const table = store.key("health.limits");
  const healths = [...diagnoses.runs.values()].flatMap(({ health }) => (health ? [health] : []));
  const verdicts = new Map<string, Verdict>(
    healths.map((health) => [health.run, verdictOf(health, dismissed)]),
  );
  const pending = runs.filter((run) => diagnoses.runs.get(run)?.pending);
  const order = useArrival(runs, diagnoses);
  const all = [...diagnoses.runs.values()];
  const failed = runs.length > 0 && all.length === runs.length && all.every(({ error }) => error !== null);
  // An error about the settings is shown beside them.
  const isOfRules = failed && settings.size > 0;
  const open = table.value !== null || isOfRules;
  const scrollTo = (run: string) => {
    for (const card of list.current?.querySelectorAll<HTMLElement>("[data-run]") ?? [])
      if (card.dataset.run === run) {
        card.scrollIntoView({ block: "start" });
        return;
      }
  };
  return (
    <section class="panel" aria-label={TEXT.title} aria-busy={diagnoses.pending > 0}>
      <div class="tools">
        <div class="h-counts" role="status" data-testid="h-counts">
          {countVerdicts(verdicts).map(({ verdict, runs: own }) => (
            <button
              type="button"
              key={verdict}
              class={`h-count ${classOf(verdict)}`}
              title={`${TEXT.countTitle}\n${own.slice(0, 12).join("\n")}`}
              onClick={() => scrollTo(own[0])}
            >
              <VerdictIcon verdict={verdict} />
              {TEXT.count(own.length, verdict)}
            </button>
          ))}
          {diagnoses.pending > 0 && (
            <span class="dim" title={pending.join("\n")}>
              {TEXT.checkingRuns(runs.length - diagnoses.pending, runs.length)}
            </span>
          )}
        </div>
        <div class="ends">
          {dismissed.size > 0 && (
            <button
              type="button"
              class="button"
              title={TEXT.dismissedTitle([...dismissed])}
              data-testid="h-dismissed"
              onClick={restore}
            >
              {TEXT.dismissed(dismissed.size)}
            </button>
          )}
          <button
            type="button"
            class="button toggle-on"
            aria-expanded={open}
            aria-pressed={open}
            title={TEXT.rulesTitle}
            data-testid="h-rules-button"
            onClick={() => {
              table.value = table.value === null ? "1" : null;
            }}
          >
            {TEXT.rules}
            {settings.size > 0 && <b>{TEXT.rulesChanged(settings.size)}</b>}
          </button>
          {settings.size > 0 && (
            <button type="button" class="button" data-testid="h-rules-reset" onClick={() => set(new Map())}>
              {TEXT.resetAll}
            </button>
          )}
          <Exports
            names={{ png: fileName("health"), csv: fileName("findings") }}
            picture={() => ({
              title: TEXT.title,
              facts: [
                settings.size > 0 && TEXT.settingsFact(settings.size),
                dismissed.size > 0 && TEXT.dismissedFact(dismissed.size),
              ],
            })}
            png={() => list.current}
            csv={() => findingsCsv(chains)}
            csvTitle={TEXT.csvTitle}
            disabled={healths.length === 0}
          />
        </div>
      </div>
      {runs.length === 0 ? (
        <NoRuns />
      ) : (
        <div class="h-body">
          <div class="h-scroll" tabIndex={-1} ref={scroller}>
            {open && (
              <RulesTable settings={settings} set={set} found={countFound(healths)} error={diagnoses.error} />
            )}
            {failed && !isOfRules && (
              <Failure
                what={TEXT.what}
                message={diagnoses.error ?? UI_TEXT.loading}
                retry={diagnoses.retry}
              />
            )}
            <div class="h-list" ref={list} data-testid="h-list">
              {order.map((run) => {
                const diagnosis = diagnoses.runs.get(run);
                // An error that all runs share is shown once, above them.
                if (!diagnosis || (failed && diagnosis.health === null)) return null;
                return (
                  <RunCard
                    key={run}
                    run={run}
                    diagnosis={failed ? { ...diagnosis, error: null } : diagnosis}
                    dismissed={dismissed}
                    dismiss={dismiss}
                    open={runs.length <= MAX_OPEN}
                  />
                );
              })}
            </div>
          </div>
          <MoreRuns box={scroller} runs={order} heads=".h-run-head" />
        </div>
      )}
    </section>
  );
}
