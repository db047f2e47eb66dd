import { useEffect, useRef, useState } from "preact/hooks";
import { metric } from "../lib/format";
import { shapeOf } from "../plot/markers";
import { useStore } from "../ui/context";
import { Icon, RunMarker } from "../ui/icon";
import { Name } from "../ui/name";
import { UI_TEXT } from "../ui/text";
import { costOf } from "./cost";
import { TEXT } from "./text";

/** The list of runs with their switches, reference pins and headline values. */
export function RunPicker({ fold }: { fold: () => void }) {
  const store = useStore();
  const names = store.names.value;
  const listed = store.listed.items.value;
  const bad = !store.listed.valid.value;
  const metricNames = [...new Set([...store.headlines.value.values()].map(({ name }) => name))];
  return (
    <>
      <div class="head">
        <h2>{TEXT.runs}</h2>
        <span class="count">{TEXT.ofCount(store.selected.value.length, names.length)}</span>
        <button type="button" class="icon" title={TEXT.hideSide} aria-label={TEXT.hideSide} onClick={fold}>
          <Icon name="close" />
        </button>
      </div>
      <input
        class={bad ? "field bad" : "field"}
        type="search"
        spellcheck={false}
        placeholder={TEXT.runFilter}
        aria-label={TEXT.runFilterName}
        aria-invalid={bad}
        title={bad ? UI_TEXT.badFilter : TEXT.runFilterName}
        data-testid="run-filter"
        value={store.view.runFilter.value}
        onInput={(event) => {
          store.view.runFilter.value = event.currentTarget.value;
        }}
      />
      {bad && <p class="complaint">{UI_TEXT.badFilter}</p>}
      <div class="bulk">
        <button type="button" title={TEXT.allTitle} onClick={() => store.selectListed(true)}>
          {TEXT.all}
        </button>
        <button type="button" title={TEXT.noneTitle} onClick={() => store.selectListed(false)}>
          {TEXT.none}
        </button>
        <Name class="metric-name" text={metricNames.slice(0, 2).join(", ")} title={metricNames.join(", ")} />
      </div>
      <RunList runs={listed} />
    </>
  );
}

/** Height of a line, as in runs.css, and number of lines drawn beyond each edge. */
const LINE = 28;
const OVERSCAN = 12;
/** Milliseconds without scrolling before headline values are requested. */
const REST_MS = 150;

/** List of runs that renders only its visible lines, so that hundreds of runs are as fast as ten. */
function RunList({ runs }: { runs: readonly string[] }) {
  const store = useStore();
  const list = useRef<HTMLUListElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const height = list.current?.clientHeight || window.innerHeight;
  const first = Math.max(0, Math.min(Math.floor(scrolled / LINE), runs.length - 1) - OVERSCAN);
  const end = Math.min(runs.length, Math.ceil((scrolled + height) / LINE) + OVERSCAN);
  const visible = runs.slice(first, end);
  useEffect(() => {
    const timer = setTimeout(() => {
      store.listedInView.value = visible;
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [runs, first, end]);
  return (
    <ul
      class="runs"
      ref={list}
      onScroll={(event) => {
        const { scrollTop } = event.currentTarget;
        if (Math.abs(scrollTop - scrolled) >= LINE) setScrolled(scrollTop);
      }}
    >
      {first > 0 && <li aria-hidden="true" style={{ height: `${first * LINE}px` }} />}
      {visible.map((run) => (
        <RunLine key={run} run={run} />
      ))}
      {end < runs.length && <li aria-hidden="true" style={{ height: `${(runs.length - end) * LINE}px` }} />}
      {runs.length === 0 && <li class="none">{TEXT.noRunMatches}</li>}
    </ul>
  );
}

function RunLine({ run }: { run: string }) {
  const store = useStore();
  const shown = store.selected.value.includes(run);
  const isRef = store.ref.value === run;
  const headline = store.headlines.value.get(run);
  const order = store.order.value.get(run) ?? 0;
  const overhead = store.overheads.value.get(run);
  const reasons = store.withoutData.value.get(run);
  return (
    <li class={shown ? "run" : "run off"} data-testid={`run-${run}`}>
      <button
        type="button"
        class="toggle"
        role="checkbox"
        aria-checked={shown}
        title={
          overhead ? TEXT.withCost(TEXT.toggleRun(run, shown), costOf(overhead)) : TEXT.toggleRun(run, shown)
        }
        onClick={() => store.toggleRun(run)}
      >
        <RunMarker colour={store.colour(run)} shape={shapeOf(order)} hollow={!shown} />
        <Name
          class="name"
          text={store.allShortNames.value.get(run) ?? run}
          among={store.allShortList.value}
        />
      </button>
      <button
        type="button"
        class={isRef ? "pin on" : "pin"}
        aria-pressed={isRef}
        title={isRef ? TEXT.refTitle(run) : TEXT.makeRef(run)}
        aria-label={isRef ? TEXT.refTitle(run) : TEXT.makeRef(run)}
        onClick={() => store.setRef(run)}
      >
        {TEXT.ref}
      </button>
      <span
        class="metric"
        title={headline ? UI_TEXT.metricTitle(headline.name, headline.step) : reasons?.join("\n")}
      >
        {headline ? metric(headline.name, headline.value) : reasons && TEXT.noData}
      </span>
    </li>
  );
}
