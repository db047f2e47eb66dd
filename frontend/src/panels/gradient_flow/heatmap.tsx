import { useLayoutEffect, useRef } from "preact/hooks";
import { drawHeatmap } from "../../charts/heatmap";
import { lineAt } from "../../derive/geometry";
import { dominant } from "../../derive/paint";
import { stepTicks } from "../../derive/scale";
import { cellPixels, nearest, pixelSteps, toPixel, toStep } from "../../derive/steps";
import { statisticName, TEXT } from "../../text";
import { useStore } from "../../views/context";

interface BodyProps {
  run: string;
  width: number;
  tops: readonly number[];
}

export function HeatmapBody({ run, width, tops }: BodyProps) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const grid = store.gridOf.value.get(run);
  const scale = store.scale.value;
  const domain = store.domain.value;
  const dark = store.dark.value;
  useLayoutEffect(() => {
    if (!grid || !canvas.current) return;
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
    const one = store.loaded.value.get(run);
    if (!one) return <div class="pending" aria-busy="true" />;
    const reason = "reason" in one ? one.reason : "";
    return (
      <div class="no-data" title={reason}>
        <span>
          {TEXT.noData(statisticName(store.kind.value, store.statistic.value))}
          {store.kind.value === "optimizer" && store.statistic.value !== "count" && (
            <small>{TEXT.noMoments}</small>
          )}
        </span>
      </div>
    );
  }
  const locate = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const line = lineAt(tops, event.clientY - box.top);
    const x = Math.min(width - 1, Math.max(0, Math.floor(event.clientX - box.left)));
    const spans = pixelSteps(grid.steps, domain, width);
    const at =
      spans[2 * x] < 0
        ? nearest(grid.steps, toStep(x, domain, width))
        : dominant(grid, line, spans[2 * x], spans[2 * x + 1]);
    return { line, at };
  };
  return (
    <div
      class="map"
      style={{ width: `${width}px`, height: `${tops[grid.lines]}px` }}
      onPointerMove={(event) => {
        const { line, at } = locate(event);
        store.hover.value = at < 0 ? null : { run, line, at, x: event.clientX, y: event.clientY };
      }}
      onPointerLeave={() => {
        store.hover.value = null;
      }}
      onClick={(event) => {
        const { line, at } = locate(event);
        if (at >= 0) store.moveTo(line, grid.steps[at]);
      }}
    >
      <canvas
        ref={canvas}
        data-testid={`heatmap-${run}`}
        role="img"
        aria-label={TEXT.heatmapName(run, statisticName(store.kind.value, store.statistic.value))}
      />
      <MapCursor run={run} width={width} tops={tops} />
    </div>
  );
}

/** Apart from the map, so that moving the cursor redraws no cells. */
function MapCursor({ run, width, tops }: BodyProps) {
  const store = useStore();
  const grid = store.gridOf.value.get(run);
  const at = grid ? nearest(grid.steps, store.step.value) : -1;
  if (!grid || at < 0) return null;
  const pixels = cellPixels(grid.steps, store.domain.value, width);
  const x = (pixels[2 * at] + pixels[2 * at + 1]) / 2;
  const line = store.line.value;
  return (
    <>
      <div class="step-cursor" style={{ left: `${x}px` }} />
      {line >= 0 && (
        <div
          class="row-cursor"
          style={{ top: `${tops[line]}px`, height: `${tops[line + 1] - tops[line]}px` }}
        />
      )}
    </>
  );
}

export function HeatmapAxis({ width }: { width: number }) {
  const store = useStore();
  const domain = store.domain.value;
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
