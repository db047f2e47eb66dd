import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapEvent } from "../../../lib/answers/maps";
import type { Palette } from "../../../lib/palette";
import { nearest, stepDomain } from "../../../lib/steps";
import { theme } from "../../../plot/canvas";
import { curveScale } from "../../../plot/layout_curve";
import { shapeOf } from "../../../plot/markers";
import { type PlotLayout, xIn } from "../../../plot/plot";
import { SeriesChart } from "../../../plot/series";
import { useSize, useStore } from "../../../ui/context";
import { Failure } from "../../../ui/failure";
import { RunMarker } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { drawPlane } from "../draw";
import { type Frame, histories, historyRange, unitCurves, withoutOutliers } from "../model_history";
import type { Picture } from "../model_picture";
import type { Range } from "../model_scale";
import { clipped, type MapColours, mapPalette, paintUnit } from "../paint";
import { useHistory } from "../queries";
import { TEXT } from "../text";
import { LegendOf } from "./legend";

const H = TEXT.history;
const CHART = 128;

interface Props {
  tag: string;
  layer: string;
  picture: Picture;
  /** Original index of the unit. */
  unit: number;
  sample: number;
  step: number;
  colours: MapColours;
  close: () => void;
}

/** History of a unit: a strip of maps per run, and curves of its statistics. */
export function HistoryDrawer({ tag, layer, picture, unit, sample, step, colours, close }: Props) {
  const store = useStore();
  const grid = picture.shown.find(({ own }) => own?.ids.includes(unit))?.own ?? null;
  const axis = grid?.unitAxis ?? "unit";
  const cuts = grid !== null && grid.rowAxis !== "sample";
  // Runs that kept other units are left out, since they have another unit at this index.
  const at = grid ? grid.ids.indexOf(unit) : 0;
  const runs = picture.shown.flatMap(({ run, own }) => (own?.ids[at] === unit ? [run] : []));
  const query = useHistory(runs, tag, new Map([...(cuts ? [["sample", sample] as const] : []), [axis, at]]));
  const maps = useMemo(() => query.data?.maps ?? query.previous?.maps ?? [], [query.data, query.previous]);
  const dark = store.dark.value;
  const signed = colours === "diverging";
  const strips = useMemo(() => histories(maps, runs, axis), [maps, runs.join("\n"), axis]);
  const range = useMemo(() => historyRange(strips, signed), [strips, signed]);
  const palette = mapPalette(colours, dark);
  const beyond = useMemo(
    () =>
      clipped(
        strips.flatMap(({ frames }) => frames.map((frame) => frame.grid)),
        range,
      ),
    [strips, range],
  );

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || store.keysListed.value) return;
      event.preventDefault();
      close();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [close]);

  const noun = TEXT.nouns.get(axis)?.[0] ?? axis;
  return (
    <div class="act-history" role="dialog" aria-label={H.title(noun, unit)} data-testid="history">
      <div class="act-history-head">
        <b>{H.title(noun, unit)}</b> <Name class="dim" text={H.over(layer)} title={layer} />
        <span class="gap" />
        <LegendOf
          legend={{ isDifference: false, palette, range, ...beyond }}
          name=""
          testid="legend-history"
        />
        <button
          type="button"
          class="icon"
          title={H.close}
          aria-label={H.close}
          data-testid="history-close"
          onClick={close}
        >
          <svg width="12" height="12" viewBox="0 0 12 12" stroke="currentColor" aria-hidden="true">
            <path d="M2 2l8 8M10 2l-8 8" stroke-width="1.5" stroke-linecap="round" />
          </svg>
        </button>
      </div>
      {query.error !== null ? (
        <Failure what={TEXT.whatHistory} message={query.error} retry={query.retry} />
      ) : (
        <div class={query.data ? "act-history-body" : "act-history-body stale"} aria-busy={query.pending}>
          <div class="act-strips">
            {strips.map(({ run, frames }) => (
              <div class="act-strip-row" key={run}>
                <div class="act-strip-name" title={run}>
                  <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
                  <Name text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
                </div>
                <Strip
                  run={run}
                  frames={frames}
                  range={range}
                  palette={palette}
                  dark={dark}
                  step={step}
                  go={(to) => {
                    store.view.step.value = to;
                  }}
                />
              </div>
            ))}
          </div>
          <div class="act-charts">
            <StatisticChart maps={maps} runs={runs} statistic="max" step={step} />
            <StatisticChart maps={maps} runs={runs} statistic="mean" step={step} />
          </div>
        </div>
      )}
    </div>
  );
}

interface StripProps {
  run: string;
  frames: readonly Frame[];
  range: Range;
  palette: Palette;
  dark: boolean;
  step: number;
  go: (step: number) => void;
}

function Strip({ run, frames, range, palette, dark, step, go }: StripProps) {
  const root = useRef<HTMLDivElement>(null);
  const at = nearest(
    frames.map((frame) => frame.step),
    step,
  );
  useLayoutEffect(() => {
    const box = root.current;
    const frame = box?.children[at] as HTMLElement | undefined;
    if (!box || !frame) return;
    const { offsetLeft: left, offsetWidth: width } = frame;
    if (left < box.scrollLeft) box.scrollLeft = left - width;
    else if (left + width > box.scrollLeft + box.clientWidth)
      box.scrollLeft = left + 2 * width - box.clientWidth;
  }, [at, frames.length]);
  return (
    <div class="act-strip" ref={root} role="group" aria-label={H.strip(run)} data-testid={`strip-${run}`}>
      {frames.map((frame, i) => (
        <StripFrame
          key={frame.step}
          frame={frame}
          range={range}
          palette={palette}
          dark={dark}
          selected={i === at}
          go={go}
        />
      ))}
    </div>
  );
}

interface FrameProps extends Pick<StripProps, "range" | "palette" | "dark" | "go"> {
  frame: Frame;
  selected: boolean;
}

function StripFrame({ frame, range, palette, dark, selected, go }: FrameProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { rows, columns } = frame.grid;
  const height = 44;
  const width = Math.round(Math.min(132, Math.max(columns === 1 ? 16 : 30, (height * columns) / rows)));
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const pixels = paintUnit(frame.grid, 0, range, palette);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [frame, range, palette, dark]);
  return (
    <button
      type="button"
      class="act-frame"
      aria-pressed={selected}
      aria-label={H.frame(frame.step)}
      title={H.frame(frame.step)}
      data-testid={`frame-${frame.grid.run}-${frame.step}`}
      onClick={() => go(frame.step)}
    >
      <canvas class="act-plane" ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} />
      <span>{width >= 26 || selected ? frame.step : ""}</span>
    </button>
  );
}

interface ChartProps {
  maps: readonly MapEvent[];
  runs: readonly string[];
  statistic: "max" | "mean";
  step: number;
}

/** A statistic of the unit over steps, one curve per run. */
function StatisticChart({ maps, runs, statistic, step }: ChartProps) {
  const store = useStore();
  const { ref, width } = useSize<HTMLDivElement>();
  const chart = useRef<SeriesChart | null>(null);
  const [, redrawn] = useState(0);
  const dark = store.dark.value;
  const curves = useMemo(() => unitCurves(maps, runs, statistic), [maps, runs.join("\n"), statistic]);
  const domain = stepDomain([curves.steps]);
  const colours = runs.map((run) => store.colour(run)).join();
  useLayoutEffect(() => {
    if (!ref.current || width === 0 || curves.steps.length === 0) return;
    chart.current ??= new SeriesChart(ref.current, () => redrawn((n) => n + 1));
    chart.current.update({
      curves,
      styles: runs.map((run) => ({
        colour: store.colour(run),
        shape: shapeOf(store.order.value.get(run) ?? 0),
      })),
      scale: curveScale(withoutOutliers(curves), "linear", {
        mode: "linear",
        lo: 0,
        hi: 1,
        diverging: false,
      }),
      domain,
      thresholds: null,
      names: { vanishing: "", exploding: "" },
      left: 44,
      width,
      height: CHART,
      theme: theme(dark),
    });
  }, [curves, colours, dark, width]);
  useLayoutEffect(() => () => chart.current?.plot.destroy(), []);
  return (
    <div class="act-chart">
      <p class="dim">{H[statistic]}</p>
      <div
        class="act-plot"
        ref={ref}
        role="img"
        aria-label={H[statistic]}
        data-testid={`figure-${statistic}`}
        style={{ height: `${CHART}px` }}
      >
        {chart.current?.plot.layout && <StepCursor layout={chart.current.plot.layout} step={step} />}
      </div>
    </div>
  );
}

function StepCursor({ layout, step }: { layout: PlotLayout; step: number }) {
  const { area } = layout;
  const x = xIn(layout, step);
  if (x < 0 || x > area.width) return null;
  return (
    <div
      class="step-cursor plain"
      style={{ left: `${area.left + x}px`, top: `${area.top}px`, height: `${area.height}px` }}
    />
  );
}
