import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { aggregateOf } from "../../../lib/statistics";
import { nearest } from "../../../lib/steps";
import type { Grid } from "../../../lib/types";
import { theme } from "../../../plot/canvas";
import { curveScale, curves } from "../../../plot/layout_curve";
import { shapeOf } from "../../../plot/markers";
import { type PlotLayout, xIn } from "../../../plot/plot";
import { PLOT_MARGIN, SeriesChart } from "../../../plot/series";
import { useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { statisticName, UI_TEXT } from "../../../ui/text";
import { useShown } from "../../../ui/tooltip";
import { GAP } from "../layout";
import { useFlow } from "../state/context";
import type { Hover } from "../state/flow";
import { TEXT } from "../text";
import { BrushBand, useBrush } from "./brush";
import { Legend } from "./legend";
import { useGuide } from "./profile";
import { Readout } from "./readout";

const TITLE = 30;

interface Props {
  left: number;
  width: number;
  readout: number;
  height: number;
}

/** Curves of the selected layer over steps, beside the values of the runs at the cursor. */
export function SeriesPanel({ left, width, readout, height }: Props) {
  const store = useStore();
  const flow = useFlow();
  const root = useRef<HTMLDivElement>(null);
  const chart = useRef<SeriesChart | null>(null);
  const [, redrawn] = useState(0);
  const grids = flow.atCursor.gridsOfLine.value;
  const line = flow.cursor.line.value;
  // Columns of steps are shown while the exact steps are pending.
  const coming = grids.some(({ reduced }) => reduced);
  const mode = store.mode.value;
  const guide = useGuide();
  const shared = flow.picture.scale.value;
  const model = useMemo(() => {
    if (line < 0 || grids.length === 0) return null;
    const made = curves(grids, 0);
    return { curves: made, scale: curveScale(made, mode, shared) };
  }, [grids, line, mode, shared]);
  const domain = flow.cursor.domain.value;
  const thresholds = flow.picture.thresholds.value;
  const dark = store.dark.value;
  const colours = grids.map(({ run }) => store.colour(run)).join();
  useLayoutEffect(() => {
    if (!root.current) return;
    chart.current ??= new SeriesChart(root.current, () => redrawn((n) => n + 1));
    if (!model) {
      chart.current.plot.clear();
      return;
    }
    const styles = grids.map(({ run }) => ({
      colour: store.colour(run),
      shape: shapeOf(store.order.value.get(run) ?? 0),
    }));
    chart.current.update({
      ...model,
      styles,
      domain,
      thresholds,
      guide,
      names: { vanishing: TEXT.vanishing, exploding: TEXT.exploding },
      left,
      width,
      height: height - TITLE,
      theme: theme(dark),
    });
  }, [model, domain, thresholds, guide, dark, colours, left, width, height]);
  useLayoutEffect(() => () => chart.current?.plot.destroy(), []);

  const tooltip = useShown(flow.hover, [model, domain, left, width, height]);
  const stepOf = (event: MouseEvent) => {
    const over = chart.current?.plot.over;
    if (!over) return null;
    const box = over.getBoundingClientRect();
    const x = event.clientX - box.left;
    if (x < 0 || x > box.width || event.clientY < box.top || event.clientY > box.bottom) return null;
    return { step: chart.current!.plot.valueAt(x), y: event.clientY - box.top };
  };
  const brush = useBrush((event) => {
    const over = chart.current?.plot.over;
    if (!over) return null;
    const box = over.getBoundingClientRect();
    return chart.current!.plot.valueAt(Math.min(box.width, Math.max(0, event.clientX - box.left)));
  });
  const layout = chart.current?.plot.layout;
  const selected = flow.rows.lines.value[line];
  const plain = statisticName(store.kind.value, store.statistic.value);
  const statistic =
    flow.picture.compared.value && store.ref.value !== null
      ? TEXT.against(plain, store.shortNames.value.get(store.ref.value) ?? store.ref.value)
      : plain;
  const name = selected ? (flow.rowOf(line)?.name ?? selected.key.replace(/\.\*$/, "")) : "";
  return (
    <div class="lower" style={{ height: `${height}px` }}>
      <div class={coming ? "series coming" : "series"} aria-busy={coming} style={{ width: `${width}px` }}>
        <div class="series-title" style={{ height: `${TITLE}px`, paddingLeft: `${left}px` }}>
          <Name as="b" text={name} title={name} />{" "}
          <Name text={UI_TEXT.overSteps(statistic)} title={UI_TEXT.overSteps(statistic)} />
          {coming && <span>· {TEXT.columnsStandIn}</span>}
          {selected?.type === "block" && (
            <Name
              text={`· ${TEXT.aggregated(aggregateOf(store.statistic.value), selected.rows.length)}`}
              title={TEXT.aggregated(aggregateOf(store.statistic.value), selected.rows.length)}
            />
          )}
        </div>
        <div
          class="plot"
          ref={root}
          data-testid="series"
          role="img"
          aria-label={TEXT.seriesName(name)}
          onPointerDown={brush.onPointerDown}
          onPointerUp={brush.onPointerUp}
          onPointerCancel={brush.onPointerCancel}
          onDblClick={brush.onDblClick}
          onPointerMove={(event) => {
            if (brush.moved(event)) return;
            const at = stepOf(event);
            const near = at && nearestRun(at.step, at.y);
            const owner = event.currentTarget;
            if (near) tooltip.show({ owner, ...near, line, x: event.clientX, y: event.clientY });
            else tooltip.hide();
          }}
          onPointerLeave={tooltip.hide}
          onClick={(event) => {
            if (brush.wasDrag()) return;
            const at = stepOf(event);
            const steps = flow.cursor.steps.value;
            if (at && steps.length > 0) flow.moveTo(null, steps[nearest(steps, at.step)]);
          }}
        >
          {layout && (
            <>
              <SeriesCursor layout={layout} />
              <BrushBand width={layout.area.width} left={layout.area.left} />
            </>
          )}
        </div>
      </div>
      <div class="beside" style={{ width: `${readout}px`, marginLeft: `${GAP - PLOT_MARGIN}px` }}>
        <Readout />
        <Legend />
      </div>
    </div>
  );

  /** Return the run whose curve is nearest to the pointer at a step. */
  function nearestRun(step: number, y: number): Pick<Hover, "run" | "at" | "grid" | "of"> | null {
    let best: { run: string; at: number; grid: Grid; distance: number } | null = null;
    for (const grid of grids) {
      const at = nearest(grid.steps, step);
      if (at < 0) continue;
      const value = grid.values[at];
      const drawn = Number.isFinite(value) ? chart.current!.yOf(value) : Number.NaN;
      // A value that is not finite is drawn at the top, a factor of 0 at the bottom.
      const place = Number.isFinite(drawn) ? drawn : value < 0 ? chart.current!.plot.area.height : 0;
      const distance = Math.abs(place - y);
      if (!best || distance < best.distance) best = { run: grid.run, at, grid, distance };
    }
    if (!best) return null;
    const { run, at, grid } = best;
    // If the heat map shows the same steps, the tooltip shows the same cell.
    return flow.picture.gridOf.value.get(run)?.reduced ? { run, at, grid, of: 0 } : { run, at };
  }
}

/**
 * The cursor's step on the chart. It is a separate component, so that moving it does not redraw the curves. It does
 * not measure the DOM, which would force a layout.
 */
function SeriesCursor({ layout }: { layout: PlotLayout }) {
  const flow = useFlow();
  const { area } = layout;
  const x = area.left + xIn(layout, flow.cursor.step.value);
  return (
    <div
      class="step-cursor plain"
      style={{ left: `${x}px`, top: `${area.top}px`, height: `${area.height}px` }}
    />
  );
}
