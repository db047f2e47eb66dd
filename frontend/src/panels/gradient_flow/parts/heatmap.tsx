import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Store } from "../../../data/store";
import { isUnread } from "../../../lib/answers/missing";
import { cellAt, cellStep, loggedSteps } from "../../../lib/columns";
import { foundLayers } from "../../../lib/rules/findings";
import { stepTicks } from "../../../lib/scale";
import { cellPixels, gridSpans, nearest, toPixel, toStep } from "../../../lib/steps";
import { useStore } from "../../../ui/context";
import { statisticName } from "../../../ui/text";
import { useShown } from "../../../ui/tooltip";
import { drawHeatmap } from "../draw_heatmap";
import { lineAt } from "../layout";
import { outlinesOf } from "../model_outline";
import { dominant } from "../paint";
import { useFlow } from "../state/context";
import type { Flow } from "../state/flow";
import { TEXT } from "../text";
import { BrushBand, useBrush } from "./brush";

interface BodyProps {
  run: string;
  width: number;
  tops: readonly number[];
}

export function HeatmapBody({ run, width, tops }: BodyProps) {
  const store = useStore();
  const flow = useFlow();
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = flow.picture.mapOf.value.get(run);
  const grid = map?.grid;
  const scale = map?.scale;
  const domain = flow.cursor.domain.value;
  const dark = store.dark.value;
  const brush = useBrush((event) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return toStep(event.clientX - box.left, domain, width);
  });
  const tooltip = useShown(flow.hover, [grid, domain, width, tops]);
  useLayoutEffect(() => {
    if (!grid || !scale || !canvas.current) return;
    drawHeatmap(canvas.current, {
      grid,
      scale,
      domain,
      dark,
      width,
      tops,
      dpr: window.devicePixelRatio,
    });
  }, [grid, scale, domain, dark, width, tops]);

  if (!grid) {
    const one = flow.query.data.value.get(run);
    if (!one) return <div class="pending" aria-busy="true" />;
    const reason = "reason" in one ? one.reason : "";
    const unread = reason !== "" && isUnread({ run, reason });
    return (
      <div class="no-data" title={reason}>
        <span>
          {TEXT.noData(statisticName(store.kind.value, store.statistic.value))}
          {store.kind.value === "optimizer" && store.statistic.value !== "count" && (
            <small>{TEXT.noMoments}</small>
          )}
          {unread && <small>{reason}</small>}
        </span>
      </div>
    );
  }
  const locate = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const line = lineAt(tops, event.clientY - box.top);
    const x = Math.min(width - 1, Math.max(0, Math.floor(event.clientX - box.left)));
    const spans = gridSpans(grid, domain, width);
    const at =
      spans[2 * x] < 0
        ? cellAt(grid, toStep(x, domain, width))
        : dominant(grid, line, spans[2 * x], spans[2 * x + 1]);
    return { line, at };
  };
  return (
    <div
      class="map"
      style={{ width: `${width}px`, height: `${tops[grid.lines]}px` }}
      onPointerDown={brush.onPointerDown}
      onPointerUp={brush.onPointerUp}
      onPointerCancel={brush.onPointerCancel}
      onDblClick={brush.onDblClick}
      onPointerMove={(event) => {
        if (brush.moved(event)) return;
        const { line, at } = locate(event);
        const owner = event.currentTarget;
        if (at < 0) tooltip.hide();
        else tooltip.show({ owner, run, line, at, x: event.clientX, y: event.clientY });
      }}
      onPointerLeave={tooltip.hide}
      onClick={(event) => {
        if (brush.wasDrag()) return;
        const { line, at } = locate(event);
        if (at >= 0) flow.moveTo(line, cellStep(grid, line, at));
      }}
    >
      <canvas
        ref={canvas}
        data-testid={`heatmap-${run}`}
        role="img"
        aria-label={TEXT.heatmapName(run, drawnName(store, flow, run))}
      />
      <Outlines run={run} width={width} tops={tops} />
      <BrushBand width={width} />
      <StepCursor run={run} width={width} />
      <RowCursor tops={tops} />
    </div>
  );
}

/** Outlines of the layers that findings name, from the step at which they began. */
function Outlines({ run, width, tops }: BodyProps) {
  const flow = useFlow();
  const lines = flow.rows.lines.value;
  const { rows } = flow.rows.union.value;
  const findings = flow.findings.value;
  const domain = flow.cursor.domain.value;
  const outlines = useMemo(
    () => outlinesOf(lines, rows, foundLayers(findings, run)),
    [lines, rows, findings, run],
  );
  return (
    <>
      {outlines.map(({ first, last, since }) => {
        const left = Math.max(0, toPixel(since, domain, width));
        if (left >= width || tops.length <= last + 1) return null;
        return (
          <div
            class="found-layers"
            key={first}
            data-testid={`found-${run}`}
            data-since={since}
            style={{
              left: `${left}px`,
              width: `${width - left}px`,
              top: `${tops[first]}px`,
              height: `${tops[last + 1] - tops[first]}px`,
            }}
          />
        );
      })}
    </>
  );
}

/** Return the name of the statistic or comparison that a run's heat map shows. */
function drawnName(store: Store, flow: Flow, run: string): string {
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const { ref } = store;
  if (!flow.picture.compared.value || run === ref.value || ref.value === null) return statistic;
  return TEXT.against(statistic, ref.value);
}

/** The cursor's step on a heat map. It is a separate component, so that moving it does not redraw the cells. */
function StepCursor({ run, width }: Omit<BodyProps, "tops">) {
  const flow = useFlow();
  const grid = flow.picture.gridOf.value.get(run);
  if (!grid) return null;
  const steps = loggedSteps(grid);
  const at = nearest(steps, flow.cursor.step.value);
  if (at < 0) return null;
  const pixels = cellPixels(steps, flow.cursor.domain.value, width);
  const x = (pixels[2 * at] + pixels[2 * at + 1]) / 2;
  return <div class="step-cursor" style={{ left: `${x}px` }} />;
}

/** The cursor's line on a heat map. It is separate from the step, since mostly only one of them moves. */
function RowCursor({ tops }: { tops: readonly number[] }) {
  const line = useFlow().cursor.line.value;
  if (line < 0) return null;
  return (
    <div class="row-cursor" style={{ top: `${tops[line]}px`, height: `${tops[line + 1] - tops[line]}px` }} />
  );
}

export function HeatmapAxis({ width }: { width: number }) {
  const flow = useFlow();
  const domain = flow.cursor.domain.value;
  const ticks = stepTicks(domain, Math.max(2, Math.floor(width / 48)));
  return (
    <div class="ticks">
      {ticks.map((step) => {
        const x = toPixel(step, domain, width);
        const half = String(step).length * 3.2;
        return (
          <span key={step} style={{ left: `${Math.min(width - half, Math.max(half, x))}px` }}>
            {step}
          </span>
        );
      })}
    </div>
  );
}
