import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { withoutShared } from "../data/runs";
import { parseFilter } from "../lib/format";
import { useSize, useStore } from "./context";
import { Name } from "./name";
import { RowFilter } from "./row_filter";
import { Splitter, useListWidth } from "./splitter";
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
              style={{ top: `${(first + k) * LINE}px`, height: `${LINE}px` }}
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
