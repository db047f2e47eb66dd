import { useMemo, useState } from "preact/hooks";
import { parseFilter } from "../../lib/format";
import { isGain } from "../../lib/gain";
import { unescaped } from "../../lib/links/list";
import { choose } from "../../lib/selection";
import { nearest } from "../../lib/steps";
import { distinction, elide } from "../../plot/layout_names";
import { shapeOf } from "../../plot/markers";
import { Busy } from "../../ui/busy";
import { useSize, useStore } from "../../ui/context";
import { ScaleSwitch, StatisticSelect } from "../../ui/controls";
import { Failure, Unread } from "../../ui/failure";
import { RunMarker } from "../../ui/icon";
import { useKeyboardNav } from "../../ui/keyboard_nav";
import { NoRuns, PanelEmpty } from "../../ui/panel_empty";
import { StepSlider } from "../../ui/step_slider";
import { UI_TEXT } from "../../ui/text";
import { useModels, useValues } from "./data";
import { linesOf, openLevels } from "./model";
import { ArchitecturesLine } from "./parts/architectures";
import { StructureExports } from "./parts/exports";
import { Drawing } from "./parts/graph";
import { StructureLegend } from "./parts/legend";
import { Table } from "./parts/table";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

/** Maximum number of lines shown by default. */
const FIRST_LINES = 48;
/** Width below which the table and the graph do not fit side by side. */
const WIDE = 900;

/** Length of a run's name in the list, in characters: that of the longest name which the closed list shows whole. */
const OPTION = 34;

const optionText = (name: string, among: readonly string[]) =>
  elide(name, (text) => text.length <= OPTION, distinction(name, among));

type Show = "table" | "both" | "graph";

export function View() {
  const store = useStore();
  const { models, query } = useModels();
  const values = useValues(models);
  const { ref, width } = useSize<HTMLElement>();
  const chosen = store.key("str.show").value;
  const wide = width === 0 || width >= WIDE;
  const show: Show = chosen === "table" || chosen === "graph" ? chosen : wide ? "both" : "table";
  const opened = store.key("str.open");
  const wantedRun = store.key("str.run");
  const place = Math.max(0, models?.runs.findIndex(({ run }) => run === wantedRun.value) ?? 0);
  const structure = models?.runs[place] ?? null;

  const open = useMemo(() => {
    if (!models) return new Set<string>();
    if (opened.value === null) return openLevels(models.tree, FIRST_LINES);
    return new Set(opened.value === "" ? [] : opened.value.split(",").map(unescaped));
  }, [models, opened.value]);
  const setOpen = (next: ReadonlySet<string>) => {
    opened.value = [...next].map(encodeURIComponent).join(",");
  };
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  const [filter, setFilter] = useState(() => parseFilter(store.view.rowFilter.value));
  const typed = parseFilter(store.view.rowFilter.value);
  if (typed && String(typed) !== String(filter)) setFilter(typed);
  const lines = useMemo(
    () => linesOf(models?.tree ?? [], open, store.view.rowFilter.value === "" ? null : filter),
    [models, open, filter, store.view.rowFilter.value],
  );
  const selected = useMemo(() => {
    const modules = models?.modules ?? [];
    const named = modules.map(({ name }) => ({ name, module: name }));
    return modules[choose(store.view.row.value, named)]?.name ?? null;
  }, [models, store.view.row.value]);
  // If the selected module is in a collapsed block, the block is selected.
  const line = lines.reduce(
    (found, { module }, i) =>
      selected !== null && (selected === module.name || selected.startsWith(`${module.name}.`)) ? i : found,
    -1,
  );
  const nav = useMemo(
    () => ({
      moveStep(by: number) {
        const { steps, step } = values;
        if (steps.length === 0) return;
        const next = nearest(steps, step) + by;
        store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, next))];
      },
      moveLayer(by: number) {
        const next = lines[Math.min(lines.length - 1, Math.max(0, line + by))];
        if (next) store.view.row.value = next.module.name;
      },
    }),
    [values.steps, values.step, lines, line],
  );
  useKeyboardNav(nav);

  const one = (value: Show, label: string) => (
    <button
      type="button"
      aria-pressed={show === value}
      data-testid={`show-${value}`}
      onClick={() => {
        store.key("str.show").value = value;
      }}
    >
      {label}
    </button>
  );
  const nothing = store.shown.value.length === 0;
  const body = () => {
    if (nothing) return <NoRuns />;
    if (query.error !== null && !models)
      return <Failure what={TEXT.what} message={query.error} retry={query.retry} />;
    if (!models) return <div class="notice" aria-busy="true" />;
    if (models.modules.length === 0)
      return <PanelEmpty title={TEXT.emptyTitle} help={TEXT.emptyHelp} code={TEXT.emptyCode} />;
    return (
      <>
        {values.error !== null && (
          <Failure what={UI_TEXT.whatSeries} message={values.error} retry={values.retry} />
        )}
        <div class="structure-picture" data-testid="structure-picture">
          {models.runs.length > 1 && <ArchitecturesLine models={models} />}
          <div class={`structure ${show}`} data-testid="structure">
            {show !== "graph" && (
              <Table
                models={models}
                values={values}
                lines={lines}
                line={line}
                place={place}
                compact={show === "both"}
                toggle={toggle}
              />
            )}
            {show !== "table" && structure && (
              <Drawing
                models={models}
                values={values}
                place={place}
                open={open}
                selected={selected}
                toggle={toggle}
              />
            )}
          </div>
          <StructureLegend models={models} values={values} run={structure?.run ?? ""} />
        </div>
      </>
    );
  };
  return (
    <section class="panel structure-panel" aria-label={TEXT.title} ref={ref}>
      <div class="tools">
        <StatisticSelect />
        <ScaleSwitch scale={{ ...values.scale, factor: isGain(store.kind.value, store.statistic.value) }} />
        <fieldset class="segments" aria-label={TEXT.show}>
          {one("table", TEXT.table)}
          {wide && one("both", TEXT.both)}
          {one("graph", TEXT.graph)}
        </fieldset>
        {models && models.runs.length > 1 && (
          <label class="of">
            {structure && (
              <RunMarker
                colour={store.colour(structure.run)}
                shape={shapeOf(store.order.value.get(structure.run) ?? 0)}
              />
            )}
            <select
              class="button strong"
              aria-label={TEXT.runOf}
              title={structure ? `${TEXT.runOf}\n${structure.run}` : TEXT.runOf}
              data-testid="structure-run"
              value={structure?.run}
              onChange={(event) => {
                wantedRun.value = event.currentTarget.value;
              }}
            >
              {models.runs.map(({ run }) => (
                <option key={run} value={run} title={run}>
                  {optionText(store.shortNames.value.get(run) ?? run, store.shortList.value)}
                </option>
              ))}
            </select>
          </label>
        )}
        <button
          type="button"
          class="button"
          title={UI_TEXT.expandAll}
          data-testid="unfold-all"
          disabled={!models}
          onClick={() =>
            setOpen(new Set(models?.modules.filter((m) => m.children.length > 0).map((m) => m.name)))
          }
        >
          {TEXT.expand}
        </button>
        <button
          type="button"
          class="button"
          title={UI_TEXT.collapseAll}
          data-testid="fold-all"
          disabled={!models}
          onClick={() => setOpen(new Set())}
        >
          {TEXT.collapse}
        </button>
        <div class="ends">
          <StepSlider
            steps={values.steps}
            step={values.step}
            ready={!values.loading}
            set={(step) => {
              store.view.step.value = step;
            }}
          />
          <StructureExports
            models={models}
            values={values}
            place={place}
            lines={lines.length}
            hasGraph={show !== "table" && (structure?.graph?.nodes.length ?? 0) > 0}
          />
        </div>
      </div>
      {(query.pending || values.loading) && <Busy />}
      <Unread missing={query.data?.missing} />
      {body()}
    </section>
  );
}
