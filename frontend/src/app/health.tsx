import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { type Overhead, overheadOf } from "../data/overhead";
import { useQuery } from "../data/use_query";
import { byRank, type FindingGroup, layerOf } from "../lib/findings";
import { exact, short } from "../lib/format";
import { NNVIZ_PREFIX, OVERHEAD_TAG } from "../lib/tags";
import type { ScalarSeries } from "../lib/types";
import { shapeOf } from "../plot/markers";
import { useStore } from "../ui/context";
import { showFinding, useFindings, useOtherFindings } from "../ui/findings";
import { RunMarker } from "../ui/icon";
import { Name } from "../ui/name";
import { UI_TEXT } from "../ui/text";
import { TEXT } from "./text";

/** Longest time in milliseconds that the page waits for findings before it is shown. */
const PATIENCE_MS = 1000;

/** Maximum number of runs that a title lists. */
const MAX_NAMED = 12;

/**
 * Findings of the shown runs, the worst first, and the number of other runs that have findings. These are fetched
 * when the user requests them. Nothing is shown if nothing was found. `stable` is called once the height is final.
 */
export function Health({ stable }: { stable: () => void }) {
  const store = useStore();
  const { groups: own, header, known, error, retry } = useFindings();
  const all = store.key("health.all");
  const wanted = all.value !== null;
  const others = useOtherFindings(header, wanted);
  const groups = wanted ? byRank([...own, ...others.groups]) : own;
  const missing = [...(header?.missing ?? []), ...(wanted ? (others.header?.missing ?? []) : [])];
  const loading = !known && error === null;
  // If findings load after the page is shown, their space stays reserved even if there are none, so that nothing
  // jumps.
  const [late, setLate] = useState(false);
  useLayoutEffect(() => {
    // The panel needs one frame to measure its remaining space.
    let frame = 0;
    const next = (then: () => void) => {
      frame = requestAnimationFrame(then);
    };
    const settle = () => next(() => next(stable));
    const wait = () => {
      setLate(true);
      settle();
    };
    const timer = loading ? setTimeout(wait, PATIENCE_MS) : 0;
    if (!loading) settle();
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [loading]);
  useOverheads();
  const [open, setOpen] = useState(true);
  if (error !== null && !known) {
    return (
      <div class="health failed" role="alert" data-testid="health-error">
        <span>{UI_TEXT.failed(TEXT.health.what)}</span> <span class="dim">{error}</span>
        <button type="button" class="button" onClick={retry}>
          {UI_TEXT.retry}
        </button>
      </div>
    );
  }
  if (loading && late)
    return (
      <section class="health" aria-label={TEXT.health.title} aria-busy="true">
        <b>{TEXT.health.title}</b> <span class="dim">{UI_TEXT.loading}</span>
      </section>
    );
  if (!late && groups.length === 0 && missing.length === 0 && others.runs.length === 0) return null;
  const name = open ? TEXT.health.hide : TEXT.health.show;
  const low = !open || (groups.length === 0 && !late);
  return (
    <section class={low ? "health folded" : "health"} aria-label={TEXT.health.title} data-testid="health">
      {groups.length === 0 ? (
        <span class="fold">
          <b>{TEXT.health.title}</b> <span class="dim">{TEXT.health.noneShown}</span>
        </span>
      ) : (
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          title={name}
          data-testid="health-fold"
          onClick={() => setOpen(!open)}
        >
          <span aria-hidden="true">{open ? "▾" : "▸"}</span> <b>{TEXT.health.title}</b>{" "}
          <span class="dim">{groups.length}</span>
        </button>
      )}
      {open ? (
        <ul class="cards">
          {groups.map((group) => (
            <Card key={`${group.run} ${group.rule} ${group.since}`} group={group} />
          ))}
        </ul>
      ) : (
        <Name class="summary" text={summary(groups)} title={summary(groups)} />
      )}
      {others.runs.length > 0 && (
        <button
          type="button"
          class="others"
          aria-pressed={wanted}
          aria-busy={wanted && !others.known && others.error === null}
          title={others.error ?? TEXT.health.othersTitle(others.runs.slice(0, MAX_NAMED), others.runs.length)}
          data-testid="health-others"
          onClick={() => {
            if (others.error !== null) others.retry();
            else all.value = wanted ? null : "1";
          }}
        >
          {others.error !== null
            ? `${UI_TEXT.failed(TEXT.health.what)}. ${UI_TEXT.retry}`
            : wanted
              ? TEXT.health.onlyShown
              : TEXT.health.others(others.runs.length)}
        </button>
      )}
      {missing.length > 0 && (
        <span class="dim unread" title={missing.map((one) => `${one.run}: ${one.reason}`).join("\n")}>
          {TEXT.health.unread(missing.length)}
        </span>
      )}
      <Cost />
    </section>
  );
}

const summary = (groups: readonly FindingGroup[]) =>
  groups.map(({ title, run }) => TEXT.health.inRun(title, run)).join(" · ");

function Card({ group }: { group: FindingGroup }) {
  const store = useStore();
  const { run, origin, findings, severity, title } = group;
  const layer = layerOf(origin);
  const where =
    findings.length === 1
      ? UI_TEXT.health.one(layer, origin.since)
      : UI_TEXT.health.many(findings.length, layer, origin.since);
  const how =
    origin.value === null ? TEXT.health.nonfinite : TEXT.health.norm(short(origin.value), origin.step);
  const worst = [...findings].slice(0, 8).map((one) => `${layerOf(one)}: ${one.evidence}`);
  const more = findings.length > worst.length ? [TEXT.health.more(findings.length - worst.length)] : [];
  const advice = findings.find((one) => one.title === title)?.advice ?? origin.advice;
  return (
    <li class={`card ${severity}`} data-testid="finding" data-run={run} data-rule={group.rule}>
      <button
        type="button"
        title={[run, ...worst, ...more, "", ...advice].join("\n")}
        aria-label={[
          UI_TEXT.health.severity[severity],
          title,
          run,
          where,
          how,
          ...advice,
          TEXT.health.showIt,
        ].join(". ")}
        onClick={() => showFinding(store, group)}
      >
        <span class="first">
          <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
          <Name as="b" text={title} />
          <span class="severity">{UI_TEXT.health.severity[severity]}</span>
          <span class="go">{TEXT.health.showIt}</span>
        </span>
        <span class="second">
          <Name text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
          <Name text={` · ${where} · ${how}`} />
        </span>
      </button>
    </li>
  );
}

/** Cost of nnviz in the shown runs, as a fraction of each run. */
function Cost() {
  const store = useStore();
  const shown = store.shown.value.flatMap((run) => {
    const overhead = store.overheads.value.get(run);
    return overhead ? [{ run, overhead }] : [];
  });
  if (shown.length === 0) return null;
  const shares = shown.map(({ overhead }) => overhead.share);
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map(percent);
  const lines = shown.map(({ run, overhead }) => `${run}: ${costOf(overhead)}`);
  return (
    <span class="cost dim" title={[...lines, "", TEXT.health.costHelp].join("\n")} data-testid="cost">
      {TEXT.health.cost} <b>{low === high ? low : TEXT.health.range(low, high)}</b>
    </span>
  );
}

const percent = (share: number) =>
  share > 0 && share < 0.0005
    ? "< 0.1 %"
    : `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;

/** Format a cost as `4.2 % of the run (3.1 ms at each of 100 logged steps)`. */
export const costOf = ({ share, seconds, steps, sampled }: Overhead) =>
  TEXT.health.costOf(percent(share), short(1000 * seconds), exact(steps), sampled);

const readCost = ({ series }: { series: readonly ScalarSeries[] }) => {
  const result = new Map<string, Overhead>();
  for (const { run, steps, wall_times, values } of series) {
    const one = overheadOf(steps, wall_times, values);
    if (one) result.set(run, one);
  }
  return result;
};

function useOverheads(): void {
  const store = useStore();
  const runs = store.shown.value;
  const body = runs.length > 0 ? { runs, tags: [OVERHEAD_TAG], prefix: NNVIZ_PREFIX, last: false } : null;
  const { data } = useQuery("scalars", body, readCost);
  useEffect(() => {
    if (data) store.overheads.value = data;
  }, [data]);
}
