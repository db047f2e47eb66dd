import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { withoutShared } from "../../../data/runs";
import { parseFilter } from "../../../lib/format";
import type { Scale } from "../../../lib/types";
import { theme } from "../../../plot/canvas";
import { useSize, useStore } from "../../../ui/context";
import { Splitter, useListWidth } from "../../../ui/layer_list";
import { MoreRuns } from "../../../ui/more_runs";
import { Name } from "../../../ui/name";
import { RowFilter } from "../../../ui/row_filter";
import { RunHead } from "../../../ui/run_head";
import { UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import { type Listing, useKeys } from "../data";
import { drawDensityMap } from "../draw_density_map";
import type { ValueAxis } from "../layout_value_axis";
import { type HistogramResponse, type Histograms, peakOf } from "../model";
import { useAxis, useShared } from "../shared";
import { TEXT } from "../text";
import { tooltipOf } from "../tooltip";
import { DensityLegend } from "./legend";
import { ValueTicks } from "./plot";

const LINE = 24;
/** Maximum number of layers in a picture. */
const MAX_PRINTED = 600;
/** Gap between two layers, and height of the quantile marks. */
const PAD = 3;
const BOX = 7;
const GAP = 16;
/** Width of a run's column below which the runs scroll. Columns that scroll are wider. */
const NARROWEST = 96;
const SCROLLED = 150;

interface Props {
  listing: Listing;
  response: HistogramResponse;
  stale: boolean;
}

/** All layers at the cursor's step, one line per layer, with the runs side by side. */
export function Layers({ listing, response, stale }: Props) {
  const store = useStore();
  const keys = useKeys();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const shown = store.shown.value;
  const filter = parseFilter(store.view.rowFilter.value);
  const last = useRef(/(?:)/i);
  if (filter) last.current = filter;
  const all = useMemo(() => listing.rows.map(({ name }) => name), [listing.rows]);
  const labels = useMemo(() => withoutShared(all, "."), [all]);
  const short = useMemo(() => new Map(all.map((name, i) => [name, labels[i]])), [all, labels]);
  const names = all.filter((name) => last.current.test(name));
  const shared = useShared(response);
  const { series, used, range, peak, scale } = shared;

  const chosen = useListWidth();
  const usual = Math.min(220, Math.max(110, Math.round(width * 0.2)));
  const label = Math.min(chosen ?? usual, Math.max(usual, width - SCROLLED - GAP));
  const room = width - label - 12;
  const fitting = Math.floor((room - GAP * shown.length) / Math.max(1, shown.length));
  const column = fitting >= NARROWEST ? fitting : SCROLLED;
  const axis = useAxis(shared, column);
  const body = Math.max(LINE, height - 30 - 22 - 40);
  const printing = store.printing.value;
  const first = printing ? 0 : Math.max(0, Math.floor(top / LINE));
  const visible = names.slice(first, printing ? MAX_PRINTED : first + Math.ceil(body / LINE) + 1);
  const selected = listing.rows[listing.selected]?.name;
  const scroll = useRef<HTMLDivElement>(null);
  // Scroll the selected layer to the middle when the view opens.
  useLayoutEffect(() => {
    const at = names.indexOf(selected ?? "");
    const box = scroll.current;
    if (box && at >= 0) box.scrollTop = Math.max(0, (at + 0.5) * LINE - (box.clientHeight - 52) / 2);
  }, [selected, width > 0]);
  const open = (name: string) => {
    store.jump(() => {
      store.view.row.value = name;
      store.key("hist.view").value = null;
    });
  };
  const total = label + (column + GAP) * shown.length;
  return (
    <div class={stale ? "hist-stage stale" : "hist-stage"} ref={ref} data-testid="stage" aria-busy={stale}>
      {width > 0 && (
        <>
          <div class="layers-scroll" ref={scroll} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
            <div class="layers-grid" style={{ width: `${total}px`, height: `${names.length * LINE + 52}px` }}>
              <div class="layers-head">
                <div class="first" style={{ width: `${label}px` }}>
                  <RowFilter />
                  <Splitter />
                </div>
                {shown.map((run, i) => (
                  <div key={run} style={{ width: `${column}px`, marginLeft: `${GAP}px` }}>
                    <RunHead run={run} width={column} note={noteFor(series[i], listing.step)} />
                    <ValueTicks axis={axis} />
                  </div>
                ))}
              </div>
              <div class="layers-window" style={{ transform: `translateY(${first * LINE}px)` }}>
                <div
                  class="layers-names"
                  style={{ width: `${label}px` }}
                  role="listbox"
                  aria-label={UI_TEXT.layers}
                >
                  {visible.map((name) => (
                    <button
                      type="button"
                      data-print
                      key={name}
                      role="option"
                      aria-selected={name === selected}
                      class={name === selected ? "selected" : ""}
                      style={{ height: `${LINE}px` }}
                      title={`${name}\n${TEXT.openLayer}`}
                      data-testid={`line-${name}`}
                      onClick={() => open(name)}
                    >
                      <Name text={short.get(name) ?? name} among={labels} />
                    </button>
                  ))}
                </div>
                {(names.length === 0 ? [] : series).map((all, i) => (
                  <div key={shown[i]} style={{ width: `${column}px`, marginLeft: `${GAP}px` }}>
                    {all ? (
                      <Strips
                        all={all}
                        names={visible}
                        axis={axis}
                        scale={scale}
                        step={listing.step}
                        open={open}
                      />
                    ) : stale ? (
                      <div
                        class="pending"
                        style={{ height: `${Math.min(body - 40, 120)}px` }}
                        data-testid={`pending-${shown[i]}`}
                      />
                    ) : (
                      <div class="no-data" style={{ height: `${Math.min(body - 40, 120)}px` }}>
                        <span>{TEXT.absent}</span>
                      </div>
                    )}
                  </div>
                ))}
              </div>
              {names.length === 0 && (
                <div class="notice inside">
                  <b>{UI_TEXT.noLines}</b>
                  <p>{UI_TEXT.noLinesHelp}</p>
                </div>
              )}
            </div>
          </div>
          <MoreRuns box={scroll} runs={shown} left={label} />
          <DensityLegend
            scale={scale}
            peak={peak}
            own={keys.ownHeight}
            lines
            marks
            used={used}
            range={range}
          />
        </>
      )}
    </div>
  );
}

const noteFor = (all: Histograms | null, step: number) =>
  all?.source === "stock"
    ? TEXT.fromStock
    : all && all.steps[0] !== step
      ? UI_TEXT.nearestStep(all.steps[0])
      : undefined;

interface StripsProps {
  all: Histograms;
  names: readonly string[];
  axis: ValueAxis;
  scale: Scale;
  step: number;
  open: (name: string) => void;
}

function Strips({ all, names, axis, scale, step, open }: StripsProps) {
  const store = useStore();
  const { ownHeight } = useKeys();
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = store.dark.value;
  const colour = store.colour(all.run);
  const line = useMemo(() => new Map(all.rows.map((name, i) => [name, i])), [all]);
  const key = names.join("\n");
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const spans = new Int32Array(2 * all.rows.length);
    names.forEach((name, k) => {
      const item = line.get(name);
      if (item === undefined) return;
      spans[2 * item] = k * LINE + PAD;
      spans[2 * item + 1] = (k + 1) * LINE - BOX;
    });
    drawDensityMap(canvas.current, {
      all,
      axis,
      spans,
      scale,
      peaks: ownHeight ? Float64Array.from(all.totals, (_, i) => peakOf(all, i)) : null,
      quantiles: "marks",
      colour,
      dark,
      height: names.length * LINE,
      dpr: window.devicePixelRatio,
      theme: theme(dark),
    });
  }, [all, axis, scale, key, ownHeight, colour, dark]);
  const tooltip = useTooltip([all, axis, key]);
  const nameAt = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return names[Math.min(names.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / LINE)))];
  };
  return (
    <canvas
      ref={canvas}
      class="strips"
      role="img"
      aria-label={TEXT.layersOf(all.run, all.steps[0] ?? step)}
      data-testid={`strips-${all.run}`}
      onPointerMove={(event) => {
        const item = line.get(nameAt(event)) ?? -1;
        if (item < 0) {
          tooltip.hide();
          return;
        }
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        const note = tooltipOf(all, item, axis, x);
        tooltip.show(event, {
          run: all.run,
          step: `${UI_TEXT.step} ${all.steps[0]}`,
          ...note,
          what: `${all.rows[item]}: ${note.what}`,
        });
      }}
      onPointerLeave={tooltip.hide}
      onClick={(event) => open(nameAt(event))}
    />
  );
}
