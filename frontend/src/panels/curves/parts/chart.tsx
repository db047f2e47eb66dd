import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Store } from "../../../data/store";
import { stepTicks } from "../../../lib/scale";
import { nearest } from "../../../lib/steps";
import { theme } from "../../../plot/canvas";
import { shapeOf } from "../../../plot/markers";
import { type PlotLayout, valueIn, xIn } from "../../../plot/plot";
import { useSize, useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { LinesChart } from "../draw";
import { beyond, lineScale, type YMode } from "../layout";
import { duration, timeTicks } from "../layout_time_ticks";
import type { ScalarChart } from "../model";
import { type Clocks, type CurveLine, stepOfX, type XMode } from "../model_lines";
import type { CurveMark } from "../model_marks";
import { TEXT } from "../text";
import { Dash, dashOf } from "./dash";
import { Marks } from "./marks";
import { Readout } from "./readout";

/** Pixels that a pointer must move to start a zoom instead of a click. */
const CLICK = 4;

export interface ChartProps {
  chart: ScalarChart;
  /** Titles of all charts, among which this one is to be recognized. */
  titles: readonly string[];
  lines: readonly CurveLine[];
  domain: readonly [number, number];
  mode: XMode;
  y: YMode;
  outliers: boolean;
  smoothed: boolean;
  clocks: Clocks;
  marks: readonly CurveMark[];
  /** Position of the shared cursor on the x axis. Null if it has none. */
  cursor: number | null;
  /** Position of the pointer in any of the charts. */
  hover: Store["pointer"];
  /** The run whose line was clicked in this chart, or null. */
  active: string | null;
  first: boolean;
  pinned: boolean;
  large: boolean;
  height: number;
  busy: boolean;
  setCursor: (step: number, run: string) => void;
  explain: (run: string) => void;
  open: (mark: CurveMark) => void;
  zoom: (range: readonly [number, number] | null) => void;
  togglePin: () => void;
  toggleLarge: () => void;
}

/** One chart of all shown runs, over steps or time. */
export function ChartView(props: ChartProps) {
  const { chart, titles, lines, domain, mode, y, outliers, smoothed, height, large, pinned } = props;
  const store = useStore();
  const { ref: box, width } = useSize<HTMLDivElement>();
  const root = useRef<HTMLDivElement>(null);
  const drawn = useRef<LinesChart | null>(null);
  const [, redrawn] = useState(0);
  /** The range that is being dragged over, as values, because the plot may change meanwhile. */
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const inside = useMemo(
    () => lines.filter(({ x }) => x.length > 0 && x[0] <= domain[1] && x[x.length - 1] >= domain[0]),
    [lines, domain],
  );
  const scale = useMemo(
    () =>
      lineScale(
        inside.map((line) => within(line, domain)),
        y,
        !outliers,
      ),
    [inside, y, outliers],
  );
  const dark = store.dark.value;
  const colours = lines.map(({ run }) => store.colour(run)).join();
  useLayoutEffect(() => {
    if (!root.current || width === 0) return;
    drawn.current ??= new LinesChart(root.current, () => redrawn((n) => n + 1));
    drawn.current.update({
      lines,
      styles: lines.map(({ run, tag }) => ({
        colour: store.colour(run),
        shape: shapeOf(store.order.value.get(run) ?? 0),
        dash: dashOf(tag.part),
      })),
      scale,
      domain,
      xTicks: xTicks(domain, mode, Math.max(2, Math.min(8, Math.floor((width - 60) / 84)))),
      faint: smoothed,
      width,
      height,
      theme: theme(dark),
    });
  }, [lines, scale, domain, mode, smoothed, width, height, dark, colours]);
  useLayoutEffect(
    () => () => {
      drawn.current?.plot.destroy();
      // A chart that is removed from under the pointer gets no event.
      props.hover.value = null;
    },
    [],
  );

  const place = (event: PointerEvent | MouseEvent) => {
    const plot = drawn.current?.plot;
    const over = plot?.over;
    if (!over) return null;
    const frame = over.getBoundingClientRect();
    const x = event.clientX - frame.left;
    return { x, y: event.clientY - frame.top, inside: x >= 0 && x <= frame.width, frame };
  };
  const down = (event: PointerEvent) => {
    const at = place(event);
    if (!at?.inside || event.button !== 0) return;
    const { layout } = drawn.current!.plot;
    const range = (x: number): [number, number] => [
      valueIn(layout!, Math.min(x, at.x)),
      valueIn(layout!, Math.max(x, at.x)),
    ];
    const move = (next: PointerEvent) => {
      const x = Math.min(at.frame.width, Math.max(0, next.clientX - at.frame.left));
      setBrush(Math.abs(x - at.x) >= CLICK ? range(x) : null);
    };
    const up = (next: PointerEvent) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      setBrush(null);
      const x = Math.min(at.frame.width, Math.max(0, next.clientX - at.frame.left));
      const chart = drawn.current;
      if (!chart) return;
      const { plot } = chart;
      if (Math.abs(x - at.x) >= CLICK) {
        props.zoom(range(x));
        return;
      }
      const line = lines[chart.lineAt(at.x, at.y)];
      if (!line) return;
      const step = stepOfX(plot.valueAt(at.x), mode, props.clocks.get(line.run));
      if (step === null) return;
      // The shared cursor is at an optimizer step, even for a line that counts epochs.
      props.setCursor(line.byTime ? Math.round(step) : line.steps[nearest(line.steps, step)], line.run);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  };
  const parts = [...new Map(chart.tags.map((one) => [one.label, one])).values()].filter(
    ({ label }) => label !== "",
  );
  const labels = useMemo(() => chart.tags.map(({ label }) => label), [chart]);
  const byTime =
    mode === "step" ? [...new Set(lines.filter((line) => line.byTime).map(({ tag }) => tag))] : [];
  const out = beyond(
    inside.map((line) => within(line, domain)),
    scale,
  );
  const layout = drawn.current?.plot.layout;
  return (
    <article
      class={large ? "chart large" : "chart"}
      aria-label={chart.title}
      data-testid={`chart-${chart.id}`}
    >
      <header>
        <Name as="h3" text={chart.title} among={titles} title={chart.tags.map(({ tag }) => tag).join("\n")} />
        {parts.map(({ label, part, tag }) => (
          <span class="part dim" key={label} title={tag}>
            <Dash part={part} /> <Name text={label} among={labels} />
          </span>
        ))}
        {byTime.map(({ tag, label }) => (
          <span class="note" key={tag} title={TEXT.byTimeTitle(tag)} data-testid="by-time">
            <Name text={TEXT.byTime(label || chart.title)} />
          </span>
        ))}
        {out > 0 && <Name class="note dim" text={TEXT.beyond(out)} title={TEXT.beyondTitle(out)} />}
        <span class="gap" />
        <button
          type="button"
          class="icon small"
          aria-pressed={pinned}
          title={TEXT.pin(chart.title, pinned)}
          aria-label={TEXT.pin(chart.title, pinned)}
          data-testid={`pin-${chart.id}`}
          onClick={props.togglePin}
        >
          <Glyph path="M5 2h6M6 2l-.5 5L3.5 9h9l-2-2L10 2M8 9v5" />
        </button>
        <button
          type="button"
          class="icon small"
          aria-pressed={large}
          title={TEXT.enlarge(chart.title, large)}
          aria-label={TEXT.enlarge(chart.title, large)}
          data-testid={`enlarge-${chart.id}`}
          onClick={props.toggleLarge}
        >
          <Glyph path="M9.5 2.5h4v4M13 3L9 7M6.5 13.5h-4v-4M3 13l4-4" />
        </button>
      </header>
      <div class="chart-box" ref={box} style={{ height: `${height}px` }}>
        <div
          class="plot"
          ref={root}
          role="img"
          aria-label={TEXT.chart(chart.title, axisText(domain[0], mode), axisText(domain[1], mode))}
          data-x={domain.join(" ")}
          data-y={`${scale.mode} ${scale.lo} ${scale.hi}`}
          onPointerDown={down}
          onDblClick={() => props.zoom(null)}
          onPointerMove={(event) => {
            const at = place(event);
            props.hover.value = at?.inside ? drawn.current!.plot.valueAt(at.x) : null;
          }}
          onPointerLeave={() => {
            props.hover.value = null;
          }}
        />
        {layout && brush && <Band layout={layout} range={brush} />}
        {layout && <Cursors {...props} layout={layout} />}
        {layout && (
          <Marks
            layout={layout}
            marks={props.marks}
            mode={mode}
            clocks={props.clocks}
            focusable={props.first}
            open={props.open}
          />
        )}
      </div>
      <Values {...props} />
    </article>
  );
}

/**
 * Values of the lines at the pointer or the cursor. It is a separate component, so that the pointer redraws nothing
 * else.
 */
function Values({ lines, cursor, hover, smoothed }: ChartProps) {
  return <Readout lines={lines} at={hover.value ?? cursor ?? 0} smoothed={smoothed} />;
}

/** The range that is being dragged over. */
function Band({ layout, range }: { layout: PlotLayout; range: readonly [number, number] }) {
  const { area } = layout;
  const [from, to] = range.map((x) => Math.min(area.width, Math.max(0, xIn(layout, x))));
  return (
    <div
      class="brush"
      style={{
        left: `${area.left + from}px`,
        width: `${to - from}px`,
        top: `${area.top}px`,
        height: `${area.height}px`,
      }}
    />
  );
}

interface CursorProps extends ChartProps {
  layout: PlotLayout;
}

function Cursors({ layout, cursor, hover, active, busy, explain, domain }: CursorProps) {
  const store = useStore();
  const { area } = layout;
  const style = (x: number) => ({
    left: `${area.left + xIn(layout, x)}px`,
    top: `${area.top}px`,
    height: `${area.height}px`,
  });
  const shown = (x: number | null): x is number => x !== null && x >= domain[0] && x <= domain[1];
  const step = store.view.step.value;
  const at = shown(cursor) ? xIn(layout, cursor) : 0;
  return (
    <>
      {shown(hover.value) && <div class="step-cursor plain faint" style={style(hover.value)} />}
      {shown(cursor) && <div class="step-cursor plain" data-testid="curve-cursor" style={style(cursor)} />}
      {active !== null && step !== null && shown(cursor) && (
        <button
          type="button"
          class="explain"
          style={{
            top: `${area.top + 2}px`,
            ...(at > area.width / 2
              ? { right: `${layout.width - area.left - at + 6}px` }
              : { left: `${area.left + at + 6}px` }),
          }}
          title={TEXT.explainTitle(active)}
          disabled={busy}
          data-testid="explain"
          onClick={() => explain(active)}
        >
          {busy ? TEXT.explaining : TEXT.explain(step)}
        </button>
      )}
    </>
  );
}

function Glyph({ path }: { path: string }) {
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      aria-hidden="true"
    >
      <path d={path} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** Return the visible part of a line. */
function within(line: CurveLine, [lo, hi]: readonly [number, number]): CurveLine {
  let from = 0;
  let to = line.x.length;
  while (from < to && line.x[from] < lo) from++;
  while (to > from && line.x[to - 1] > hi) to--;
  if (from === 0 && to === line.x.length) return line;
  return {
    ...line,
    x: line.x.subarray(from, to),
    raw: line.raw.subarray(from, to),
    drawn: line.drawn.subarray(from, to),
  };
}

const clock = (seconds: number) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const axisText = (x: number, mode: XMode) =>
  mode === "step" ? String(Math.round(x)) : mode === "relative" ? duration(x) : clock(x);

function xTicks(domain: readonly [number, number], mode: XMode, count: number) {
  if (mode === "step") {
    const at = stepTicks(domain, count);
    return {
      at,
      text: at.map((step) => (step >= 1e5 ? step.toExponential().replace("e+", "e") : String(step))),
    };
  }
  const midnight = new Date(domain[0] * 1000).setHours(0, 0, 0, 0) / 1000;
  const at = timeTicks(domain[0], domain[1], count, mode === "wall" ? midnight : 0);
  return { at, text: at.map((x) => axisText(x, mode)) };
}
