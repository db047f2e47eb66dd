import { useRef } from "preact/hooks";
import { useStore } from "./context";
import { UI_TEXT } from "./text";

const MIN = 96;
const MAX = 720;
/** Pixels per press of an arrow key. */
const STEP = 16;

/** Return the chosen width of the lists of layers in CSS pixels, or null for the default. All panels share it. */
export function useListWidth(): number | null {
  const text = useStore().key("list").value;
  const width = text === null || !/^\d{2,4}$/.test(text) ? null : Number(text);
  return width === null ? null : Math.min(MAX, Math.max(MIN, width));
}

/** Handle at the right edge of a list of layers, which sets its width. A double click resets it. */
export function Splitter() {
  const key = useStore().key("list");
  const start = useRef<{ x: number; width: number } | null>(null);
  const widthOf = (event: Event) =>
    (event.currentTarget as HTMLElement).parentElement?.getBoundingClientRect().width ?? MIN;
  const set = (width: number) => {
    key.value = String(Math.round(Math.min(MAX, Math.max(MIN, width))));
  };
  const end = () => {
    start.current = null;
  };
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={UI_TEXT.splitter}
      aria-valuenow={Number(key.value ?? 0)}
      title={UI_TEXT.splitterTitle}
      tabIndex={0}
      data-testid="splitter"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        // Neither a layer nor a text is selected by the drag.
        event.preventDefault();
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width: widthOf(event) };
      }}
      onPointerMove={(event) => {
        const from = start.current;
        if (from) set(from.width + event.clientX - from.x);
      }}
      onPointerUp={end}
      onPointerCancel={end}
      onDblClick={(event) => {
        event.stopPropagation();
        key.value = null;
      }}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? -STEP : event.key === "ArrowRight" ? STEP : undefined;
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        set(widthOf(event) + by);
      }}
    />
  );
}
