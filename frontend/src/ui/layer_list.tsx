import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { withoutShared } from "../data/runs";
import { parseFilter } from "../lib/format";
import { useSize, useStore } from "./context";
import { Name } from "./name";
import { RowFilter } from "./row_filter";
import { UI_TEXT } from "./text";

export interface LayerItem {
  name: string;
  /** Secondary text behind the name: type, shape. */
  note?: string;
}

interface Props {
  items: readonly LayerItem[];
  /** Index of the selected item, or -1. */
  selected: number;
  select: (item: LayerItem) => void;
}

const LINE = 24;
/** Items that a key moves the selection by. */
const MOVES = new Map([
  ["ArrowUp", -1],
  ["ArrowDown", 1],
  ["PageUp", -10],
  ["PageDown", 10],
]);

/** List of a panel's layers in execution order. Only visible layers are in the document. */
export function LayerList({ items, selected, select }: Props) {
  const store = useStore();
  const { ref, height } = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const filter = parseFilter(store.view.rowFilter.value);
  const last = useRef(/(?:)/i);
  if (filter) last.current = filter;
  const shown = items.flatMap((item, i) => (last.current.test(item.name) ? [{ item, i }] : []));
  const at = shown.findIndex(({ i }) => i === selected);
  // Scroll to the selection when it moves, but not when the list is scrolled.
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || at < 0 || height === 0) return;
    if (at * LINE < box.scrollTop) box.scrollTop = at * LINE;
    else if ((at + 1) * LINE > box.scrollTop + height) box.scrollTop = (at + 1) * LINE - height;
  }, [at, height]);
  const move = (by: number) => {
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))];
    if (next) select(next.item);
  };
  const labels = useMemo(
    () =>
      withoutShared(
        items.map(({ name }) => name),
        ".",
      ),
    [items.map(({ name }) => name).join("\n")],
  );
  const width = useListWidth();
  const first = Math.max(0, Math.floor(top / LINE) - 4);
  const visible = shown.slice(first, first + Math.ceil(height / LINE) + 8);
  return (
    <div class="layers" style={width === null ? undefined : { width: `${width}px` }}>
      <Splitter />
      <RowFilter />
      <div
        class="layer-list"
        ref={ref}
        role="listbox"
        aria-label={UI_TEXT.layers}
        aria-activedescendant={at >= 0 ? `layer-${at}` : undefined}
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={(event) => {
          const by = MOVES.get(event.key);
          if (by === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          move(by);
        }}
      >
        <div style={{ height: `${shown.length * LINE}px` }}>
          {visible.map(({ item, i }, k) => (
            <div
              key={item.name}
              id={`layer-${first + k}`}
              class={i === selected ? "layer selected" : "layer"}
              role="option"
              aria-selected={i === selected}
              tabIndex={-1}
              aria-setsize={shown.length}
              aria-posinset={first + k + 1}
              title={item.note ? `${item.name}\n${item.note}` : item.name}
              data-testid={`layer-${item.name}`}
              style={{ top: `${(first + k) * LINE}px`, height: `${LINE}px`, lineHeight: `${LINE}px` }}
              onClick={() => select(item)}
            >
              <Name class="label" text={labels[i] ?? item.name} among={labels} />
              {item.note && <span class="note">{item.note}</span>}
            </div>
          ))}
        </div>
        {shown.length === 0 && items.length > 0 && <p class="none">{UI_TEXT.noLines}</p>}
      </div>
    </div>
  );
}

/** Limits of the width of a list. */
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
