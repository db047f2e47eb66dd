import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { asIs, useQuery } from "../data/use_query";
import { byRank, type Chain, layerOf } from "../lib/rules/findings";
import { shapeOf } from "../plot/markers";
import { useStore } from "../ui/context";
import { showFinding, useFindings, useFindingsOf, useRuleSettings } from "../ui/health/findings";
import { RunMarker } from "../ui/icon";
import { Name } from "../ui/name";
import { UI_TEXT } from "../ui/text";
import { Cost } from "./cost";
import { TEXT } from "./text";

/** Longest time in milliseconds that the page waits for findings before it is shown. */
const PATIENCE_MS = 1000;
/** Maximum number of runs that a title lists. */
const MAX_NAMED = 12;
const NONE: readonly string[] = [];

/**
 * Strip with the findings of the shown runs, the worst first, above every panel but Health. The server computes them
 * once the panel has its data. What training has logged decides beforehand whether the strip is high, so that nothing
 * jumps. `stable` is called once the height is final.
 */
export function FindingsStrip({ stable }: { stable: () => void }) {
  const store = useStore();
  const shown = store.shown.value;
  const { chains: own, diagnoses } = useFindings();
  const logged = useQuery("findings", { runs: shown }, asIs);
  const header = logged.data ?? logged.previous;
  const all = store.key("health.all");
  const wanted = all.value !== null;
  const hidden = new Set(header?.others ?? []);
  const otherRuns = store.names.value.filter((run) => hidden.has(run) && !shown.includes(run));
  const others = useFindingsOf(wanted ? otherRuns : NONE, "idle", wanted);
  const { dismissed } = useRuleSettings();
  // Cards come all at once: one that comes later would move those before which it ranks.
  const known = diagnoses.pending > 0 ? [] : own;
  const chains = wanted ? byRank([...known, ...others.chains]) : known;
  const reserved = useRef(false);
  const late = useStable(logged.pending, stable);
  if (late) reserved.current = true;
  else if (logged.data) reserved.current = logged.data.findings.length > 0;
  const [chosen, choose] = useState<boolean | null>(null);
  const open = chosen ?? (reserved.current || wanted);
  const waiting = diagnoses.pending + (wanted ? others.diagnoses.pending : 0);
  const failed = [...diagnoses.runs].filter(([, { error }]) => error !== null);
  if (failed.length === shown.length && shown.length > 0) {
    return (
      <div class="health failed" role="alert" data-testid="health-error">
        <span>{UI_TEXT.failed(TEXT.health.what)}</span> <Name class="dim" text={diagnoses.error ?? ""} />
        <button type="button" class="button" onClick={diagnoses.retry}>
          {UI_TEXT.retry}
        </button>
      </div>
    );
  }
  const state =
    waiting > 0
      ? TEXT.health.checking(shown.length - diagnoses.pending, shown.length)
      : chains.length === 0
        ? TEXT.health.noneShown
        : "";
  return (
    <section
      class={
        open && chains.length + waiting > 0 ? "health" : reserved.current && open ? "health" : "health folded"
      }
      aria-label={TEXT.health.title}
      data-testid="health"
      aria-busy={waiting > 0}
    >
      <div class="lead">
        {chains.length === 0 ? (
          <span class="fold">
            <b>{TEXT.health.title}</b>
          </span>
        ) : (
          <button
            type="button"
            class="fold"
            aria-expanded={open}
            title={open ? TEXT.health.hide : TEXT.health.show}
            data-testid="health-fold"
            onClick={() => choose(!open)}
          >
            <span aria-hidden="true">{open ? "▾" : "▸"}</span> <b>{TEXT.health.title}</b>{" "}
            <span class="dim">{chains.length}</span>
          </button>
        )}
        {state !== "" && <span class="dim state">{state}</span>}
      </div>
      {chains.length > 0 &&
        (open ? (
          <ul class="cards">
            {chains.map((chain) => (
              <Card
                key={`${chain.run} ${chain.cause.rule} ${chain.cause.row} ${chain.cause.since}`}
                chain={chain}
              />
            ))}
          </ul>
        ) : (
          <Name class="summary" text={summary(chains)} title={summary(chains)} />
        ))}
      {otherRuns.length > 0 && (
        <button
          type="button"
          class="others"
          aria-pressed={wanted}
          aria-busy={wanted && others.diagnoses.pending > 0}
          title={TEXT.health.othersTitle(otherRuns.slice(0, MAX_NAMED), otherRuns.length)}
          data-testid="health-others"
          onClick={() => {
            all.value = wanted ? null : "1";
          }}
        >
          {wanted ? TEXT.health.onlyShown : TEXT.health.others(otherRuns.length)}
        </button>
      )}
      {failed.length > 0 && (
        <span class="dim unread" title={failed.map(([run, { error }]) => `${run}: ${error}`).join("\n")}>
          {TEXT.health.unread(failed.length)}
        </span>
      )}
      {dismissed.size > 0 && (
        <span class="dim unread" title={[...dismissed].join("\n")}>
          {TEXT.health.dismissed(dismissed.size)}
        </span>
      )}
      <Cost />
    </section>
  );
}

/**
 * Call `stable` once what is above the panel has its final height, or after a limited time. Return true if that time
 * ran out: the panel was shown before it was known whether there are findings, so the strip must keep its height until
 * other runs are chosen.
 */
function useStable(loading: boolean, stable: () => void): boolean {
  const [state, setState] = useState<"first" | "late" | "known">("first");
  useLayoutEffect(() => {
    // The panel needs one frame to measure its remaining space.
    let frame = 0;
    const next = (then: () => void) => {
      frame = requestAnimationFrame(then);
    };
    const settle = () => next(() => next(stable));
    const giveUp = () => {
      setState((old) => (old === "first" ? "late" : old));
      settle();
    };
    if (loading) setState((old) => (old === "late" ? "known" : old));
    const timer = loading ? setTimeout(giveUp, PATIENCE_MS) : 0;
    if (!loading) {
      setState((old) => (old === "first" ? "known" : old));
      settle();
    }
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [loading]);
  return state === "late";
}

const summary = (chains: readonly Chain[]) =>
  chains.map(({ cause, run }) => TEXT.health.inRun(cause.title, run)).join(" · ");

function Card({ chain: { run, cause, effects, severity } }: { chain: Chain }) {
  const store = useStore();
  const where = UI_TEXT.health.since(layerOf(cause), cause.since);
  const follow = effects.map((one) => TEXT.health.follows(one.title, one.since));
  return (
    <li class={`card ${severity}`} data-testid="finding" data-run={run} data-rule={cause.rule}>
      <button
        type="button"
        title={[`${run}: ${cause.title}`, where, cause.evidence, ...follow, "", ...cause.advice].join("\n")}
        aria-label={[
          UI_TEXT.health.severity[severity],
          cause.title,
          run,
          where,
          cause.evidence,
          ...follow,
          ...cause.advice,
          TEXT.health.showIt,
        ].join(". ")}
        onClick={() => showFinding(store, cause)}
      >
        <span class="first">
          <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
          <Name as="b" text={cause.title} />
          <span class="severity">{UI_TEXT.health.severity[severity]}</span>
        </span>
        <span class="second">
          <Name text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
          <span aria-hidden="true">·</span>
          <Name text={where} />
          {effects.length > 0 && <span class="effects">{TEXT.health.effects(effects.length)}</span>}
          <span class="go">{TEXT.health.showIt}</span>
        </span>
        <span class="evidence">{cause.evidence}</span>
      </button>
    </li>
  );
}
