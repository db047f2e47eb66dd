import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { quantity } from "../../../lib/format";
import { palette } from "../../../lib/palette";
import { mayBeUndefined } from "../../../lib/statistics";
import { shapeOf } from "../../../plot/markers";
import { markPath } from "../../../plot/marks";
import { useSize, useStore } from "../../../ui/context";
import { useFoundLayers } from "../../../ui/health/findings";
import { RunMarker } from "../../../ui/icon";
import { MoreRuns } from "../../../ui/more_runs";
import { Name } from "../../../ui/name";
import { statisticName, UI_TEXT } from "../../../ui/text";
import type { Values } from "../data";
import type { Models } from "../model";
import { difference, flat, type Module, type Sums, sums, type TreeLine } from "../model";
import { TEXT } from "../text";
import { Bar, cellTooltip, differenceText, labelOfModule, Sparkline, shapeText } from "./cells";
import { foundIn } from "./draw";

const LINE = 26;
const SPARK = { width: 96, height: 22 };
/** Width of a run's column. It shrinks to fit. If this would make it too narrow, the runs scroll. */
const RUN = { min: 56, max: 104, scrolled: 92 };
/** Width below which the number is above the bar instead of beside it. */
const STACKED = 90;
const GAP = 8;
/** Maximum number of lines in a picture. */
export const MAX_PRINTED = 1500;
/** Widths of the name and of the other columns beside the runs. */
const NAME = 156;
const OTHERS = 94 + 84 + 72 + 68 + 36 + 66 + SPARK.width + 2;

interface Props {
  models: Models;
  values: Values;
  lines: readonly TreeLine[];
  /** Index of the selected line, or -1. */
  line: number;
  /** Index of the run whose properties are shown. */
  place: number;
  compact: boolean;
  toggle: (name: string) => void;
}

const count = (n: number) => n.toLocaleString("en");

function bytesText(bytes: number | null): string {
  if (bytes === null) return "";
  for (const [size, unit] of [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3)} ${unit}`;
  }
  return `${bytes} B`;
}

/** Return the differences of a module between other runs and the reference. */
export function differencesOf(models: Models, module: Module) {
  return models.runs.slice(1).flatMap(({ run }, i) => {
    const found = difference(module.facts[0], module.facts[i + 1]);
    return found ? [{ run, difference: found }] : [];
  });
}

/** Return the number of modules within one that differ between other runs and the reference. */
export const differingWithin = (models: Models, module: Module) =>
  flat(module.children).filter((one) => differencesOf(models, one).length > 0).length;

/** Table of layers, as printed by torchsummary, with a statistic of each layer. */
export function Table({ models, values, lines, line, place, compact, toggle }: Props) {
  const store = useStore();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const colours = palette(values.scale.diverging, store.dark.value);
  const runs = compact ? [models.runs[place]] : models.runs;
  const free = width - 12 - NAME - OTHERS - GAP * (7 + runs.length);
  const each = Math.floor(free / Math.max(1, runs.length));
  const wide = each >= RUN.min ? Math.min(RUN.max, each) : RUN.scrolled;
  // Rows are as wide as their columns, so that the names stay in view while the runs scroll.
  const rowSize = compact ? undefined : { minWidth: `${width - free + wide * runs.length}px` };
  const columns = compact
    ? `minmax(160px, 1fr) 86px 84px 66px 112px ${SPARK.width + 2}px`
    : `minmax(${NAME}px, 1fr) 94px 84px 72px 68px 36px 66px repeat(${runs.length}, ${wide}px) ${SPARK.width + 2}px`;
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || line < 0 || height === 0) return;
    const head = LINE;
    if (line * LINE < box.scrollTop) box.scrollTop = line * LINE;
    else if ((line + 1) * LINE + head * 2 > box.scrollTop + height)
      box.scrollTop = (line + 1) * LINE + head * 2 - height;
  }, [line, height]);
  const layers = useFoundLayers(models.runs[place].run);
  const labels = useMemo(() => models.modules.map(labelOfModule), [models]);
  const printing = store.printing.value;
  const first = printing ? 0 : Math.max(0, Math.floor(top / LINE) - 4);
  const visible = lines.slice(first, printing ? MAX_PRINTED : first + Math.ceil(height / LINE) + 8);
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const total = sums(models.tree, place);
  const all = models.runs.map((_, i) => sums(models.tree, i));

  return (
    <div class="structure-table" data-testid="structure-table">
      <div
        class="scroller"
        ref={ref}
        role="treegrid"
        aria-label={TEXT.tableName}
        aria-rowcount={lines.length}
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div class="line head" role="row" tabIndex={-1} style={{ gridTemplateColumns: columns, ...rowSize }}>
          <span role="columnheader" tabIndex={-1}>
            {TEXT.layer}
          </span>
          <span role="columnheader" tabIndex={-1}>
            {TEXT.type}
          </span>
          <span role="columnheader" tabIndex={-1} title={TEXT.outputHelp}>
            {TEXT.output}
          </span>
          <span role="columnheader" tabIndex={-1} class="right" title={TEXT.parametersHelp}>
            {TEXT.parameters}
          </span>
          {!compact && (
            <>
              <span role="columnheader" tabIndex={-1} class="right">
                {TEXT.trainable}
              </span>
              <span role="columnheader" tabIndex={-1} class="right" title={TEXT.callsHelp}>
                {TEXT.calls}
              </span>
              <span role="columnheader" tabIndex={-1} class="right" title={TEXT.memoryHelp}>
                {TEXT.memory}
              </span>
            </>
          )}
          {runs.map(({ run }) => (
            <span role="columnheader" tabIndex={-1} class="run" key={run} title={`${statistic}, ${run}`}>
              <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
              <Name as="b" text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
            </span>
          ))}
          <span role="columnheader" tabIndex={-1} title={UI_TEXT.overSteps(statistic)}>
            {TEXT.overSteps}
          </span>
        </div>
        <div
          class="lines"
          style={{ height: `${(printing ? visible.length : lines.length) * LINE}px`, ...rowSize }}
        >
          {visible.map(({ module, state }, k) => {
            const index = first + k;
            const facts = module.facts[place] ?? module.facts.find((one) => one !== null) ?? null;
            const here = module.facts[place] !== null;
            const own: Sums =
              state === "leaf" || state === "folded" || here
                ? sums([module], place)
                : sums(
                    [module],
                    module.facts.findIndex((one) => one !== null),
                  );
            const found = differencesOf(models, module);
            const words = differenceText(found, (run) => store.shortNames.value.get(run) ?? run);
            const within = state === "folded" ? differingWithin(models, module) : 0;
            const chosen = index === line;
            return (
              <div
                key={module.name}
                class={`line ${state}${chosen ? " selected" : ""}${here ? "" : " lacking"}`}
                role="row"
                tabIndex={-1}
                aria-level={module.depth + 1}
                aria-expanded={state === "leaf" ? undefined : state === "open"}
                aria-selected={chosen}
                data-testid={`module-${module.name}`}
                style={{ gridTemplateColumns: columns, top: `${index * LINE}px` }}
                onClick={() => {
                  store.view.row.value = module.name;
                }}
                onDblClick={() => state !== "leaf" && toggle(module.name)}
              >
                <span
                  role="gridcell"
                  tabIndex={-1}
                  class="name"
                  style={{ paddingLeft: `${module.depth * 14}px` }}
                >
                  {state === "leaf" ? (
                    <i class="twist" />
                  ) : (
                    <button
                      type="button"
                      class="twist"
                      aria-label={
                        state === "open" ? TEXT.collapseOne(module.name) : TEXT.expandOne(module.name)
                      }
                      data-testid={`toggle-${module.name}`}
                      onClick={(event) => {
                        event.stopPropagation();
                        toggle(module.name);
                      }}
                    >
                      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
                        <path
                          d={state === "open" ? "M1.5 3L5 7L8.5 3" : "M3 1.5L7 5L3 8.5"}
                          fill="none"
                          stroke="currentColor"
                          stroke-width="1.4"
                        />
                      </svg>
                    </button>
                  )}
                  <Name class="label" text={labelOfModule(module)} title={module.name} among={labels} />
                  <Flag found={foundIn(layers, module.name, state === "folded")} />
                  {words !== "" && (
                    <span
                      class="differs"
                      title={differenceText(found)}
                      data-testid={`differs-${module.name}`}
                    >
                      <Name text={`≠ ${words}`} />
                    </span>
                  )}
                  {words === "" && within > 0 && (
                    <span
                      class="differs within"
                      title={TEXT.differWithin(within)}
                      data-testid={`differs-${module.name}`}
                    >
                      ≠ {TEXT.differWithin(within)}
                    </span>
                  )}
                </span>
                <span role="gridcell" tabIndex={-1} class="type" title={facts?.type}>
                  <Name text={facts?.type ?? ""} />
                </span>
                <span
                  role="gridcell"
                  tabIndex={-1}
                  class="shape"
                  title={facts ? TEXT.shapes(shapeText(facts.input), shapeText(facts.output)) : ""}
                >
                  {facts ? shapeText(facts.output) : ""}
                </span>
                <span role="gridcell" tabIndex={-1} class="right" title={TEXT.parametersOf(own)}>
                  {own.parameters > 0 ? count(own.parameters) : own.shared > 0 ? TEXT.shared : ""}
                </span>
                {!compact && (
                  <>
                    <span role="gridcell" tabIndex={-1} class="right">
                      {own.trainable > 0 ? count(own.trainable) : own.parameters > 0 ? "0" : ""}
                    </span>
                    <span role="gridcell" tabIndex={-1} class="right">
                      {facts?.calls ?? ""}
                    </span>
                    <span
                      role="gridcell"
                      tabIndex={-1}
                      class="right"
                      title={own.bytes === null ? "" : TEXT.exactBytes(count(own.bytes))}
                    >
                      {bytesText(own.bytes)}
                    </span>
                  </>
                )}
                {runs.map(({ run }) => {
                  const cell = values.cell(run, module.name);
                  const { value, state } = cellTooltip(cell, values.scale);
                  return (
                    <span
                      role="gridcell"
                      tabIndex={-1}
                      key={run}
                      aria-busy={cell.pending}
                      data-testid={`value-${run}-${module.name}`}
                      title={[`${statistic} ${value}`, state, UI_TEXT.nearestStep(values.step)]
                        .filter(Boolean)
                        .join("\n")}
                    >
                      {values.lineOf(module.name) >= 0 && (
                        <Bar
                          cell={cell}
                          scale={values.scale}
                          colours={colours}
                          stacked={!compact && wide < STACKED}
                        />
                      )}
                    </span>
                  );
                })}
                <span role="gridcell" tabIndex={-1}>
                  {values.lineOf(module.name) >= 0 && (
                    <Sparkline
                      series={
                        compact ? values.series.filter(({ run }) => run === runs[0].run) : values.series
                      }
                      line={values.lineOf(module.name)}
                      scale={values.scale}
                      mayBeUndefined={mayBeUndefined(store.statistic.value)}
                      {...SPARK}
                      colour={(run) => store.colour(run)}
                      step={values.step}
                    />
                  )}
                </span>
              </div>
            );
          })}
        </div>
        {lines.length === 0 && <p class="none">{UI_TEXT.noLines}</p>}
      </div>
      <MoreRuns box={ref} runs={runs.map(({ run }) => run)} heads=".head .run" left={NAME} />
      <div class="totals" data-testid="structure-totals">
        <b>{TEXT.total}</b>
        <Total
          label={TEXT.parameters}
          value={count(total.parameters)}
          all={all.map((one) => one.parameters)}
        />
        <Total label={TEXT.trainable} value={count(total.trainable)} all={all.map((one) => one.trainable)} />
        <Total
          label={TEXT.frozen}
          value={count(total.parameters - total.trainable)}
          all={all.map((one) => one.parameters - one.trainable)}
        />
        {total.shared > 0 && <Total label={TEXT.sharedTotal} value={count(total.shared)} all={[]} />}
        <Total label={TEXT.buffers} value={count(total.buffers)} all={all.map((one) => one.buffers)} />
        {total.heldBytes !== null && <Total label={TEXT.held} value={bytesText(total.heldBytes)} all={[]} />}
        {total.bytes !== null && (
          <Total label={TEXT.forward(batchOf(models, place))} value={bytesText(total.bytes)} all={[]} />
        )}
      </div>
    </div>
  );
}

/** Return the batch size with which the graph was observed. */
function batchOf(models: Models, place: number): number | null {
  const input = models.runs[place]?.graph?.nodes.find(({ kind }) => kind === "input");
  return input?.outputs?.[0]?.shape?.[0] ?? null;
}

/** One of the totals, with the range over runs if they differ. */
function Total({ label, value, all }: { label: string; value: string; all: readonly number[] }) {
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return (
    <span>
      {label} <b>{value}</b>
      {all.length > 1 && low !== high && <i> {TEXT.between(quantity(low), quantity(high))}</i>}
    </span>
  );
}

/** Flag beside a layer that findings name. */
function Flag({ found }: { found: readonly string[] }) {
  if (found.length === 0) return null;
  return (
    <span class="found" title={found.join("\n")} data-testid="found-flag">
      <svg width="10" height="10" viewBox="0 0 10 10" role="img" aria-label={found.join(", ")}>
        <path d={markPath("finding", 4, 5)} />
      </svg>
    </span>
  );
}
