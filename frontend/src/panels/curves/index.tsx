import { useMemo, useRef, useState } from "preact/hooks";
import { asIs, useQuery, useQueryClient } from "../../data/use_query";
import { exact, parseFilter } from "../../lib/format";
import type { Part } from "../../lib/scalar_parts";
import { nearest } from "../../lib/steps";
import { NNVIZ_PREFIX } from "../../lib/tags";
import type { ScalarSeries } from "../../lib/types";
import { Busy } from "../../ui/busy";
import { useSize, useStore } from "../../ui/context";
import { Exports, fileName } from "../../ui/exports";
import { Failure, Unread } from "../../ui/failure";
import { showFinding, useFindings } from "../../ui/health/findings";
import { useKeyboardNav } from "../../ui/keyboard_nav";
import { NoRuns, PanelEmpty } from "../../ui/panel_empty";
import { UI_TEXT } from "../../ui/text";
import { curvesCsv } from "./csv";
import { explain, show } from "./explain";
import { scalarCharts } from "./model";
import { clocksOf, curveLines, xDomain, xOfStep } from "./model_lines";
import { type CurveMark, curveMarks } from "./model_marks";
import { axisText, ChartView } from "./parts/chart";
import { Toolbar } from "./parts/toolbar";
import { settings as settingsOf } from "./settings";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

const HEIGHT = 172;
const LARGE = 380;

const words = {
  title: (id: string) => TEXT.charts.get(id) ?? (id.startsWith("own:") ? TEXT.own(id.slice(4)) : id),
  label: (id: string, part: Part, tag: string) =>
    typeof part !== "number"
      ? TEXT.parts[part]
      : (TEXT.labels.get(id)?.[part] ??
        (id === "learning_rate" ? TEXT.group(tag.split("/").slice(3).join("/")) : tag)),
};

export function View() {
  const store = useStore();
  const client = useQueryClient();
  const settings = settingsOf(store);
  const grid = useRef<HTMLDivElement>(null);
  const { ref: scroller } = useSize<HTMLDivElement>();
  const [active, setActive] = useState<{ chart: string; run: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState<string | null>(null);
  const runs = store.shown.value;
  const body = runs.length > 0 ? { runs, tags: null, prefix: "", last: false } : null;
  const query = useQuery("scalars", body, asIs);
  const { findings } = useFindings();
  const wanted = new Set(runs);
  const series = useMemo(
    () => ((query.data ?? query.previous)?.series ?? []).filter(({ run }) => wanted.has(run)),
    [query.data, query.previous, runs.join()],
  );
  const clocks = useMemo(() => clocksOf(series), [series]);
  const charts = useMemo(() => {
    const all = scalarCharts(
      series.map(({ tag }) => tag),
      words,
    );
    return all.map((chart) => ({
      chart,
      lines: curveLines(chart, series, runs, clocks, settings.x, settings.smoothing),
    }));
  }, [series, clocks, settings.x, settings.smoothing]);
  const titles = useMemo(() => charts.map(({ chart }) => chart.title), [charts]);
  const marks = useMemo(() => curveMarks(series, findings, runs), [series, findings]);
  const whole = useMemo(() => xDomain(charts.flatMap(({ lines }) => lines)), [charts]);
  const zoom = settings.zoom;
  const domain = useMemo(() => zoom ?? whole, [zoom?.join(), whole]);
  const pattern = parseFilter(settings.filter);
  const kept = useRef(/(?:)/i);
  if (pattern) kept.current = pattern;
  const pinnedFirst = (id: string) => (settings.large === id ? 0 : settings.pins.includes(id) ? 1 : 2);
  const visible = charts
    .filter(
      ({ chart }) => kept.current.test(chart.title) || chart.tags.some(({ tag }) => kept.current.test(tag)),
    )
    .sort((a, b) => pinnedFirst(a.chart.id) - pinnedFirst(b.chart.id));

  const ref = store.ref.value;
  const last = lastStep(series);
  const step = store.view.step.value ?? last;
  const cursor = step === null ? null : xOfStep(step, settings.x, clocks.get(ref ?? ""));
  const steps = clocks.get(ref ?? "")?.steps;
  useKeyboardNav(
    useMemo(
      () => ({
        moveStep: (by: number) => {
          if (!steps || steps.length === 0) return;
          const at = nearest(steps, step ?? steps[steps.length - 1]) + by;
          store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at))];
        },
      }),
      [store, steps, step],
    ),
  );
  const explainAt = async (run: string, at: number) => {
    const logged = clocks.get(run)?.steps ?? Float64Array.of();
    setBusy(true);
    setMessage(null);
    try {
      const found = await explain(client, store, run, at, logged, new AbortController().signal);
      if (found) show(store, run, found);
      else setMessage(TEXT.unexplained);
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const open = (mark: CurveMark) => {
    if (mark.kind === "finding") showFinding(store, mark.finding);
    else void explainAt(mark.run, mark.step);
  };
  const activeIn = (id: string, i: number) =>
    active && visible.some(({ chart }) => chart.id === active.chart)
      ? active.chart === id
        ? active.run
        : null
      : i === 0
        ? ref
        : null;
  const empty = !query.pending && query.error === null && charts.length === 0;
  return (
    <section class="panel" aria-label={TEXT.title} aria-busy={query.pending && series.length === 0}>
      <div class="tools">
        <Toolbar settings={settings} valid={pattern !== null} />
        <div class="ends">
          {message !== null && (
            <span class="message" role="status" data-testid="cur-message">
              {message}
            </span>
          )}
          <Exports
            names={{
              png: fileName("curves", settings.large),
              csv: fileName("curves", "all_logged_steps"),
            }}
            picture={() => ({
              title: TEXT.title,
              facts: [
                TEXT.xTitles[settings.x],
                settings.zoom &&
                  TEXT.zoomFact(
                    axisText(settings.zoom[0], settings.x),
                    axisText(settings.zoom[1], settings.x),
                  ),
                step !== null && UI_TEXT.cursorFact(step),
                TEXT.yFact(TEXT.yModes[settings.y], settings.outliers),
                settings.smoothing > 0 && TEXT.smoothingFact(settings.smoothing),
                settings.filter !== "" && TEXT.filterFact(settings.filter),
              ],
            })}
            png={() => grid.current}
            csv={() =>
              curvesCsv(
                visible.flatMap(({ lines }) => lines),
                exact,
              )
            }
            disabled={visible.length === 0}
          />
        </div>
      </div>
      {query.pending && <Busy />}
      <Unread missing={query.data?.missing} />
      {query.error !== null && <Failure what={TEXT.what} message={query.error} retry={query.retry} />}
      {runs.length === 0 ? (
        <NoRuns />
      ) : empty ? (
        <PanelEmpty title={TEXT.emptyTitle} help={TEXT.emptyHelp} code={TEXT.emptyCode} />
      ) : (
        <div class="curves" ref={scroller}>
          <div class="charts" ref={grid} data-testid="charts">
            {visible.map(({ chart, lines }, i) => (
              <ChartView
                key={chart.id}
                chart={chart}
                titles={titles}
                lines={lines}
                domain={domain}
                mode={settings.x}
                y={settings.y}
                outliers={settings.outliers}
                smoothed={settings.smoothing > 0}
                clocks={clocks}
                marks={marks}
                cursor={cursor}
                hover={store.pointer}
                active={activeIn(chart.id, i)}
                first={i === 0}
                pinned={settings.pins.includes(chart.id)}
                large={settings.large === chart.id}
                height={settings.large === chart.id ? LARGE : HEIGHT}
                busy={busy}
                setCursor={(at, run) => {
                  setActive({ chart: chart.id, run });
                  store.view.step.value = at;
                }}
                explain={(run) => step !== null && void explainAt(run, step)}
                open={open}
                zoom={settings.setZoom}
                togglePin={() => settings.togglePin(chart.id)}
                toggleLarge={() => settings.setLarge(settings.large === chart.id ? null : chart.id)}
              />
            ))}
          </div>
          {visible.length === 0 && charts.length > 0 && (
            <div class="notice">
              <b>{TEXT.noChart}</b>
              <p>{TEXT.noChartHelp}</p>
            </div>
          )}
        </div>
      )}
    </section>
  );
}

/** Return the last optimizer step of any run. */
function lastStep(series: readonly ScalarSeries[]): number | null {
  let last: number | null = null;
  for (const { tag, steps } of series)
    if (tag.startsWith(NNVIZ_PREFIX) && steps.length > 0) last = Math.max(last ?? 0, steps[steps.length - 1]);
  return last;
}
