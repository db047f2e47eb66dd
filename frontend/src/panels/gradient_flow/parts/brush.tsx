import { useEffect, useRef } from "preact/hooks";
import { toPixel } from "../../../lib/steps";
import { useStore } from "../../../ui/context";
import { isField } from "../../../ui/keyboard_nav";
import { brushed, zoomedBy } from "../model_zoom";
import { useFlow } from "../state/context";

/** A drag of fewer pixels counts as a click. */
const MIN_DRAG = 5;

/**
 * Return handlers that zoom to the steps that are dragged over, and to all steps on a double click. `stepAt` returns
 * the step under the pointer, or null if there is none.
 */
export function useBrush(stepAt: (event: PointerEvent) => number | null) {
  const flow = useFlow();
  const start = useRef<{ x: number; step: number } | null>(null);
  const dragged = useRef(false);
  const { brush } = flow;
  const end = () => {
    start.current = null;
    brush.value = null;
  };
  // Escape cancels the brush.
  useEffect(() => {
    const cancel = (event: KeyboardEvent) => {
      if (event.key === "Escape" && start.current) end();
    };
    document.addEventListener("keydown", cancel);
    return () => document.removeEventListener("keydown", cancel);
  }, []);
  return {
    onPointerDown: (event: PointerEvent) => {
      dragged.current = false;
      // Touch scrolls the page instead.
      if (event.button !== 0 || event.pointerType === "touch") return;
      const step = stepAt(event);
      if (step !== null) start.current = { x: event.clientX, step };
    },
    /** Update the brush and return whether it is active. An active brush hides the tooltip. */
    moved: (event: PointerEvent): boolean => {
      if (!start.current) return false;
      if (event.buttons === 0) end();
      else if (brush.value !== null || Math.abs(event.clientX - start.current.x) >= MIN_DRAG) {
        (event.currentTarget as HTMLElement).setPointerCapture?.(event.pointerId);
        dragged.current = true;
        const step = stepAt(event);
        if (step !== null) brush.value = [start.current.step, step];
        flow.hover.value = null;
        return true;
      }
      return false;
    },
    onPointerUp: () => {
      const chosen = brush.value;
      end();
      if (chosen) flow.zoomTo(brushed(flow.steps.wholeSteps.value, chosen[0], chosen[1]));
    },
    onPointerCancel: end,
    /** Return whether the click that follows was the end of a brush. */
    wasDrag: () => dragged.current,
    onDblClick: () => flow.zoomTo(null),
  };
}

/** Highlight of the brushed steps, in each heat map and under the curves. */
export function BrushBand({ width, left = 0 }: { width: number; left?: number }) {
  const flow = useFlow();
  const brush = flow.brush.value;
  if (!brush) return null;
  const domain = flow.cursor.domain.value;
  const [a, b] = brush.map((step) => Math.min(width, Math.max(0, toPixel(step, domain, width))));
  return <div class="brush" style={{ left: `${left + Math.min(a, b)}px`, width: `${Math.abs(a - b)}px` }} />;
}

/** Zoom around the cursor with `+` and `-`, and show all steps with `0`. */
export function useZoomKeys(): void {
  const store = useStore();
  const flow = useFlow();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (isField(event.target) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey)
        return;
      const { zoom, wholeSteps } = flow.steps;
      const by = (times: number) =>
        flow.zoomTo(zoomedBy(wholeSteps.value, zoom.value, flow.cursor.step.value, times));
      if (event.key === "+" || event.key === "=") by(0.5);
      else if (event.key === "-") by(2);
      else if (event.key === "0") flow.zoomTo(null);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [store]);
}
