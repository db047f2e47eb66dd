import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const [MIN_ZOOM, MAX_ZOOM] = [0.05, 3];
/** Minimum zoom at which names are readable. */
const MIN_READABLE = 0.85;
const PAN = 60;

interface Frame {
  x: number;
  y: number;
  k: number;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Return the transform of a drawing and its event handlers. Dragging and arrow keys pan, the wheel and keys zoom. */
export function usePanZoom(
  ref: RefObject<HTMLElement>,
  width: number,
  height: number,
  drawing: { width: number; height: number },
  chosen: Box | undefined,
) {
  const [frame, setFrame] = useState<Frame>({ x: 0, y: 0, k: 1 });
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const fitTo = (minimum: number) => {
    if (width === 0 || drawing.width === 0) return;
    const wide = width / drawing.width;
    const k = Math.min(1.2, Math.max(Math.min(wide, height / drawing.height), Math.min(wide, minimum)));
    const y = drawing.height * k > height ? 4 : (height - drawing.height * k) / 2;
    setFrame({ k, x: (width - drawing.width * k) / 2, y });
  };
  // A long model shown as a whole would be unreadable, so it starts at its top.
  useLayoutEffect(() => fitTo(MIN_READABLE), [drawing, width > 0, height > 0]);
  useLayoutEffect(() => {
    if (!chosen || width === 0) return;
    setFrame((now) => {
      const x = chosen.x * now.k + now.x;
      const y = chosen.y * now.k + now.y;
      const inside =
        y >= 0 && y + chosen.height * now.k <= height && x >= 0 && x + chosen.width * now.k <= width;
      if (inside) return now;
      return {
        ...now,
        x: width / 2 - (chosen.x + chosen.width / 2) * now.k,
        y: height / 2 - (chosen.y + chosen.height / 2) * now.k,
      };
    });
  }, [chosen, drawing, width > 0]);
  const zoom = (factor: number, cx = width / 2, cy = height / 2) =>
    setFrame(({ x, y, k }) => {
      const next = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, k * factor));
      return { k: next, x: cx - ((cx - x) * next) / k, y: cy - ((cy - y) * next) / k };
    });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016));
      zoom(factor, event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [width, height]);
  const fit = () => fitTo(0);
  const move = (dx: number, dy: number) => setFrame((f) => ({ ...f, x: f.x + dx, y: f.y + dy }));
  const handlers = {
    onKeyDown(event: KeyboardEvent) {
      const acts = new Map<string, () => void>(
        Object.entries({
          "+": () => zoom(1.25),
          "=": () => zoom(1.25),
          "-": () => zoom(0.8),
          "0": fit,
          ArrowLeft: () => move(PAN, 0),
          ArrowRight: () => move(-PAN, 0),
          ArrowUp: () => move(0, PAN),
          ArrowDown: () => move(0, -PAN),
        }),
      );
      const act = acts.get(event.key);
      if (event.ctrlKey || event.metaKey || event.altKey || !act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    },
    onPointerDown(event: PointerEvent) {
      if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, moved: false };
    },
    onPointerMove(event: PointerEvent) {
      const from = drag.current;
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      // Ignore small movements during a click.
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      if (!from.moved) (event.currentTarget as Element).setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      move(dx, dy);
    },
    onPointerUp() {
      drag.current = null;
    },
    onPointerCancel() {
      drag.current = null;
    },
  };
  return { frame, fit, zoom, handlers };
}
