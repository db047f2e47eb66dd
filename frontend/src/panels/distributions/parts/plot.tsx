import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { tick } from "../../../lib/format";
import type { Scale } from "../../../lib/types";
import { theme } from "../../../plot/canvas";
import { useStore } from "../../../ui/context";
import { kindName, UI_TEXT } from "../../../ui/text";
import { type TooltipText, useTooltip } from "../../../ui/tooltip";
import { drawDensityMap } from "../draw_density_map";
import { drawRidges } from "../draw_ridges";
import { drawSlice } from "../draw_slice";
import { ridgeAt, type StepLayout } from "../layout";
import { fromX, isLog, type ValueAxis, valueTicks } from "../layout_value_axis";
import type { Histograms } from "../model";
import { TEXT } from "../text";
import { tooltipOf } from "../tooltip";

/** Pixels that a pointer must move to start a zoom instead of a click. */
const DRAG = 5;

interface PlotProps {
  all: Histograms;
  kind: string;
  axis: ValueAxis;
  layout: StepLayout;
  mode: "ridges" | "map";
  /** The highest density of all runs and steps. Null if each step has its own scale. */
  peak: number | null;
  scale: Scale;
  peaks: Float64Array;
  /** Index of the histogram at the cursor, or -1. */
  cursor: number;
}

/** One run's histograms over steps, as a ridgeline or a heat map. */
export function Plot({ all, kind, axis, layout, mode, peak, scale, peaks, cursor }: PlotProps) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = store.dark.value;
  const colour = store.colour(all.run);
  // In the heat map the cursor is a line in an overlay, so that moving it does not redraw the cells.
  const drawn = mode === "ridges" ? cursor : -1;
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const shared = {
      all,
      axis,
      colour,
      dark,
      height: layout.height,
      dpr: window.devicePixelRatio,
      theme: theme(dark),
    };
    if (mode === "ridges") {
      const { items, baselines, rise } = layout;
      const kept = drawn < 0 || items.includes(drawn) ? items : [...items, drawn].sort((a, b) => a - b);
      drawRidges(canvas.current, {
        ...shared,
        items: kept,
        baselines: kept.map((item) => baselines[item]),
        cursor: drawn,
        peak,
        rise,
      });
    } else {
      const own = peak === null ? peaks : null;
      drawDensityMap(canvas.current, {
        ...shared,
        spans: layout.spans,
        scale,
        peaks: own,
        quantiles: "lines",
      });
    }
  }, [all, axis, layout, mode, peak, scale, peaks, drawn, colour, dark]);

  const itemAt = (x: number, y: number) => {
    if (mode === "map") return layout.itemAt(y);
    return ridgeAt(all, axis, layout, peak, x, y);
  };
  return (
    <Brush
      axis={axis}
      height={layout.height}
      drawn={[all, axis, layout, mode, peak]}
      textAt={(x, y) => {
        const item = itemAt(x, y);
        if (item < 0) return null;
        const step = `${UI_TEXT.step} ${all.steps[item]}`;
        return { run: all.run, step, ...tooltipOf(all, item, axis, x) };
      }}
      click={(x, y) => {
        const item = itemAt(x, y);
        if (item >= 0) store.view.step.value = all.steps[item];
      }}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={TEXT.plot(all.run, all.rows[0], kindName(kind))}
        data-testid={`distribution-${all.run}`}
      />
      {mode === "map" && cursor >= 0 && (
        <div
          class="row-cursor"
          style={{
            top: `${layout.spans[2 * cursor]}px`,
            height: `${Math.max(2, layout.spans[2 * cursor + 1] - layout.spans[2 * cursor])}px`,
          }}
        />
      )}
    </Brush>
  );
}

interface SliceProps {
  all: Histograms;
  item: number;
  over: { all: Histograms; item: number; colour: string } | null;
  axis: ValueAxis;
  peak: number;
  height: number;
}

/** The histogram at the cursor's step, with a second one as an outline. */
export function Slice({ all, item, over, axis, peak, height }: SliceProps) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = store.dark.value;
  const colour = store.colour(all.run);
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const dpr = window.devicePixelRatio;
    drawSlice(canvas.current, { all, item, over, axis, peak, colour, dark, height, dpr, theme: theme(dark) });
  }, [all, item, over?.all, over?.item, over?.colour, axis, peak, colour, dark, height]);
  return (
    <Brush
      axis={axis}
      height={height}
      drawn={[all, item, over?.all, over?.item, axis, height]}
      textAt={(x) => {
        const note = tooltipOf(all, item, axis, x);
        const step = `${UI_TEXT.step} ${all.steps[item]}`;
        const lines = [...note.lines];
        if (over) lines.push(outlineLine(over.all, over.item, axis, x));
        return { run: all.run, step, ...note, lines };
      }}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={TEXT.slice(all.run, all.rows[0], all.steps[item])}
        data-testid={`slice-${all.run}`}
      />
    </Brush>
  );
}

function outlineLine(all: Histograms, item: number, axis: ValueAxis, x: number): string {
  const { lines } = tooltipOf(all, item, axis, x);
  return `${TEXT.outlineRef(all.run, all.steps[item])}: ${lines[0] ?? TEXT.absent}`;
}

interface BrushProps {
  axis: ValueAxis;
  height: number;
  /** Identity of the plot's content. If it changes, the tooltip and the dragged range no longer apply. */
  drawn: readonly unknown[];
  textAt: (x: number, y: number) => TooltipText | null;
  click?: (x: number, y: number) => void;
  children: preact.ComponentChildren;
}

/**
 * Pointer handling of a plot: hovering shows a tooltip, a click moves the cursor, dragging zooms, and a double click
 * resets the zoom.
 */
function Brush({ axis, height, drawn, textAt, click, children }: BrushProps) {
  const store = useStore();
  const [brush, setBrush] = useState<{ from: number; to: number } | null>(null);
  const start = useRef<number | null>(null);
  const tooltip = useTooltip(drawn);
  useLayoutEffect(() => {
    start.current = null;
    setBrush(null);
  }, [axis]);
  const ends = useMemo(() => ({ from: store.key("hist.from"), to: store.key("hist.to") }), [store]);
  const place = (event: PointerEvent | MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const x = Math.min(axis.width, Math.max(0, event.clientX - box.left));
    return [x, event.clientY - box.top] as const;
  };
  return (
    <div
      class="plot-area"
      style={{ width: `${axis.width}px`, height: `${height}px` }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        start.current = place(event)[0];
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const [x, y] = place(event);
        const from = start.current;
        if (from !== null && (brush || Math.abs(x - from) >= DRAG)) {
          setBrush({ from, to: x });
          tooltip.hide();
          return;
        }
        const text = textAt(x, y);
        if (text) tooltip.show(event, text);
      }}
      onPointerUp={(event) => {
        const [x, y] = place(event);
        if (start.current === null) return;
        start.current = null;
        setBrush(null);
        if (!brush) {
          click?.(x, y);
          return;
        }
        const [low, high] = [Math.min(brush.from, x), Math.max(brush.from, x)].map((at) => valueAt(axis, at));
        if (!(low < high)) return;
        ends.from.value = String(low);
        ends.to.value = String(high);
      }}
      onPointerCancel={() => {
        start.current = null;
        setBrush(null);
      }}
      onPointerLeave={tooltip.hide}
      onDblClick={() => {
        ends.from.value = null;
        ends.to.value = null;
      }}
    >
      {children}
      {brush && (
        <div
          class="brush"
          style={{
            left: `${Math.min(brush.from, brush.to)}px`,
            width: `${Math.abs(brush.to - brush.from)}px`,
          }}
        />
      )}
    </div>
  );
}

/** Return the value at a position. Within a strip, it is the nearest end of the range. */
function valueAt(axis: ValueAxis, x: number): number {
  const { part, value } = fromX(axis, x);
  const { from, to } = axis.range;
  if (isLog(part)) return Number(value.toPrecision(3));
  if (part === "zero" || part.startsWith("near")) return Math.max(from, Math.min(to, 0));
  return part === "above" || part === "positive_infinity" ? to : from;
}

/** Ticks below the plots: decades on the log scales, and labels of the strips. */
export function ValueTicks({ axis }: { axis: ValueAxis }) {
  const labels = axis.pieces.filter(({ part }) => TEXT.partLabel[part]);
  const reach = (text: string) => text.length * 3.2;
  // Ticks that would touch the label of a strip are dropped.
  const ticks = valueTicks(axis, 31).filter(({ value, x }) => {
    const half = reach(tick(value));
    return (
      x >= half - 6 &&
      x <= axis.width - half + 6 &&
      labels.every(
        ({ part, left, right }) => Math.abs((left + right) / 2 - x) > half + reach(TEXT.partLabel[part]) + 3,
      )
    );
  });
  return (
    <div class="ticks values" style={{ width: `${axis.width}px` }} data-testid="value-ticks">
      {ticks.map(({ value, x }) => (
        <span key={value} style={{ left: `${x}px` }}>
          {tick(value)}
        </span>
      ))}
      {labels.map(({ part, left, right }) => (
        <b
          key={part}
          class={part}
          title={TEXT.part(part, axis.range.from, axis.range.to, axis.range.floor, tick)}
          style={{ left: `${(left + right) / 2}px` }}
        >
          {TEXT.partLabel[part]}
        </b>
      ))}
    </div>
  );
}
