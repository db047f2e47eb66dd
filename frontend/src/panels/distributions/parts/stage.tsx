import { useMemo } from "preact/hooks";
import { stepTicks } from "../../../lib/scale";
import { nearest, toPixel } from "../../../lib/steps";
import type { Scale } from "../../../lib/types";
import { useSize, useStore } from "../../../ui/context";
import { MoreRuns } from "../../../ui/more_runs";
import { Name } from "../../../ui/name";
import { RunHead } from "../../../ui/run_head";
import { kindName } from "../../../ui/text";
import { type Listing, useKeys } from "../data";
import { type StepLayout, stepLayout } from "../layout";
import type { ValueAxis } from "../layout_value_axis";
import { type HistogramResponse, type Histograms, peakOf } from "../model";
import { useAxis, useShared } from "../shared";
import { TEXT } from "../text";
import { DensityLegend } from "./legend";
import { Plot, Slice, ValueTicks } from "./plot";
import { Readout } from "./readout";

const GUTTER = 28;
const GAP = 12;
const MIN_WIDTH = 196;
const MIN_HEIGHT = 300;
const HEAD = 30;
const SLICE_HEAD = 18;
const TICKS = 20;
const LINE = 22;
const LEGEND = 44;

interface Props {
  listing: Listing;
  response: HistogramResponse;
  /** True if `response` is of the previous row while the new one is loading. */
  stale: boolean;
}

/** The selected row: each run's histograms over steps, with a shared value axis and density scale. */
export function Stage({ listing, response, stale }: Props) {
  const store = useStore();
  const keys = useKeys();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const shown = store.shown.value;
  const shared = useShared(response);
  const { series, present, used, range, peak, scale } = shared;

  const perLine = Math.max(1, Math.min(shown.length, Math.floor((width - GUTTER) / (MIN_WIDTH + GAP))));
  const column = Math.floor((width - GUTTER - GAP * perLine) / perLine);
  const lines = Math.ceil(shown.length / perLine);
  const below = LINE * (present.length + 1) + LEGEND + 12;
  const cell = Math.max(MIN_HEIGHT, Math.floor((height - below) / lines) - 4);
  const slice = Math.round(Math.min(130, Math.max(64, cell * 0.22)));
  const plot = cell - HEAD - SLICE_HEAD - slice - TICKS;
  const axis = useAxis(shared, column);

  const reference = present.find(({ run }) => run === store.ref.value) ?? null;
  const sliceAll = present.map((all) => ({ all, item: nearest(all.steps, listing.step) }));
  const slicePeak = keys.ownHeight
    ? 0
    : Math.max(
        0,
        ...sliceAll.flatMap(({ all, item }) => {
          const over = outline(all, reference, keys.overlay, listing.step);
          return [item < 0 ? 0 : peakOf(all, item), over ? peakOf(over.all, over.item) : 0];
        }),
      );
  return (
    <>
      <div class={stale ? "hist-stage stale" : "hist-stage"} ref={ref} data-testid="stage" aria-busy={stale}>
        {width > 0 && (
          <>
            <div
              class="hist-grid"
              style={{
                gridTemplateColumns: `${GUTTER}px repeat(${perLine}, ${column}px)`,
                columnGap: `${GAP}px`,
              }}
            >
              {shown.map((run, i) => {
                const all = series[i];
                return (
                  <>
                    {i % perLine === 0 && (
                      <StepAxis
                        key={`axis ${run}`}
                        listing={listing}
                        height={plot}
                        top={HEAD}
                        mode={keys.mode}
                      />
                    )}
                    <div class="hist-cell" key={run} style={{ height: `${cell}px` }}>
                      <RunHead
                        run={run}
                        width={column}
                        note={all?.source === "stock" ? TEXT.fromStock : undefined}
                      />
                      {all ? (
                        <Column
                          all={all}
                          listing={listing}
                          axis={axis}
                          plot={plot}
                          slice={slice}
                          peak={keys.ownHeight ? null : peak}
                          slicePeak={slicePeak}
                          scale={scale}
                          over={outline(all, reference, keys.overlay, listing.step)}
                        />
                      ) : stale ? (
                        <div class="pending" style={{ height: `${plot}px` }} data-testid={`pending-${run}`} />
                      ) : (
                        <Missing run={run} response={response} listing={listing} height={plot} />
                      )}
                    </div>
                  </>
                );
              })}
            </div>
            <Readout series={present} step={listing.step} />
            <DensityLegend
              scale={scale}
              peak={peak}
              own={keys.ownHeight}
              lines={keys.mode === "map"}
              used={used}
              range={range}
            />
          </>
        )}
      </div>
      {width > 0 && <MoreRuns box={ref} runs={shown} />}
    </>
  );
}

interface ColumnProps {
  all: Histograms;
  listing: Listing;
  axis: ValueAxis;
  plot: number;
  slice: number;
  peak: number | null;
  slicePeak: number;
  scale: Scale;
  over: { all: Histograms; item: number } | null;
}

function Column({ all, listing, axis, plot, slice, peak, slicePeak, scale, over }: ColumnProps) {
  const store = useStore();
  const { mode } = useKeys();
  const layout: StepLayout = useMemo(
    () => stepLayout(all.steps, listing.domain, plot),
    [all.steps, listing.domain, plot],
  );
  const peaks = useMemo(() => Float64Array.from(all.totals, (_, i) => peakOf(all, i)), [all]);
  const cursor = nearest(all.steps, listing.step);
  const colour = over ? (over.all.run === all.run ? "var" : store.colour(over.all.run)) : "";
  const outlined = over && {
    ...over,
    colour: colour === "var" ? (store.dark.value ? "#e8eaed" : "#1f2430") : colour,
  };
  const thinned = mode === "ridges" && layout.items.length < all.steps.length;
  return (
    <>
      <Plot
        all={all}
        kind={listing.kind}
        axis={axis}
        layout={layout}
        mode={mode === "map" ? "map" : "ridges"}
        peak={peak}
        scale={scale}
        peaks={peaks}
        cursor={cursor}
      />
      <div class="slice-head" style={{ height: `${SLICE_HEAD}px` }}>
        <b>{TEXT.at(all.steps[cursor])}</b>
        {over && (
          <Name
            title={over.all.run}
            text={
              over.all.run === all.run
                ? TEXT.outlineFirst(over.all.steps[over.item])
                : TEXT.outlineRef(
                    store.shortNames.value.get(over.all.run) ?? over.all.run,
                    over.all.steps[over.item],
                  )
            }
          />
        )}
        {!over && thinned && (
          <Name
            text={TEXT.thinned(layout.items.length, all.steps.length)}
            title={TEXT.thinned(layout.items.length, all.steps.length)}
          />
        )}
      </div>
      <Slice all={all} item={cursor} over={outlined} axis={axis} peak={slicePeak} height={slice} />
      <ValueTicks axis={axis} />
    </>
  );
}

/** Return the outline to draw over a run's histogram at the cursor's step. */
function outline(all: Histograms, reference: Histograms | null, overlay: string, step: number) {
  if (overlay === "first") return all.steps.length > 1 ? { all, item: 0 } : null;
  if (overlay === "none" || !reference || reference.run === all.run) return null;
  const item = nearest(reference.steps, step);
  return item < 0 ? null : { all: reference, item };
}

/** Step labels left of the plots, at the ridges' baselines or at the cells of the heat map. */
function StepAxis({
  listing,
  height,
  top,
  mode,
}: {
  listing: Listing;
  height: number;
  top: number;
  mode: string;
}) {
  const { domain, step } = listing;
  const { rise } = useMemo(
    () => stepLayout(Float64Array.from(listing.steps), domain, height),
    [listing.steps, domain, height],
  );
  const y = (at: number) =>
    mode === "map"
      ? toPixel(at, domain, height)
      : rise + 1 + ((at - domain[0]) / (domain[1] - domain[0])) * (height - rise - 3);
  const ticks = stepTicks(domain, Math.max(2, Math.floor(height / 48))).filter(
    (at) => Math.abs(y(at) - y(step)) > 13,
  );
  return (
    <div class="step-axis" style={{ marginTop: `${top}px`, height: `${height}px` }} data-testid="step-axis">
      {ticks.map((at) => (
        <span key={at} style={{ top: `${y(at)}px` }}>
          {at}
        </span>
      ))}
      <span class="now" style={{ top: `${y(step)}px` }}>
        {step}
      </span>
    </div>
  );
}

function Missing({
  run,
  response,
  listing,
  height,
}: {
  run: string;
  response: HistogramResponse;
  listing: Listing;
  height: number;
}) {
  const reasons = response.missing.filter((one) => one.run === run);
  const row = listing.rows[listing.selected]?.name ?? "";
  const text = reasons.some((one) => one.row !== null)
    ? TEXT.noRow(row)
    : TEXT.noKind(kindName(listing.kind));
  return (
    <div
      class="no-data"
      style={{ height: `${height}px` }}
      title={reasons.map((one) => one.reason).join("\n")}
    >
      <span>{text}</span>
    </div>
  );
}
