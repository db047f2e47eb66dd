import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { exact, quantity } from "../derive/format";
import { labelOf } from "../derive/palette";
import { aggregateOf } from "../derive/statistics";
import type { Hover, Store } from "../store/store";
import { TEXT } from "../text";
import { CELL, type CellState } from "../types";
import { useStore } from "./context";

const MARGIN = 8;

/** Exact values of what the pointer is on. */
export function Tooltip() {
  const store = useStore();
  const ref = useRef<HTMLDivElement>(null);
  const note = store.note.value;
  const hover = note ?? store.hover.value;
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !hover) return;
    const { offsetWidth: width, offsetHeight: height } = box;
    const right = hover.x + 14 + width + MARGIN <= window.innerWidth;
    const below = hover.y + 16 + height + MARGIN <= window.innerHeight;
    box.style.left = `${Math.max(MARGIN, right ? hover.x + 14 : hover.x - 14 - width)}px`;
    box.style.top = `${Math.max(MARGIN, below ? hover.y + 16 : hover.y - 12 - height)}px`;
  });
  if (note) {
    return (
      <div class="tooltip" role="tooltip" data-testid="tooltip" ref={ref}>
        <Where run={note.run} step={note.step} />
        <div class="what">{note.what}</div>
        {note.value !== "" && <div class="value">{note.value}</div>}
        {note.lines.map((line) => (
          <div class="state" key={line}>
            {line}
          </div>
        ))}
        {note.help !== "" && <div class="dim">{note.help}</div>}
      </div>
    );
  }
  return <Cell hover={store.hover.value} box={ref} />;
}

function Where({ run, step }: { run: string; step: string }) {
  const store = useStore();
  return (
    <div class="where">
      <i style={{ background: store.colour(run) }} />
      <b>{run}</b>
      <span>{step}</span>
    </div>
  );
}

function Cell({ hover, box }: { hover: Hover | null; box: Ref<HTMLDivElement> }) {
  const store = useStore();
  if (!hover) return null;
  const grid = store.gridOf.value.get(hover.run);
  const line = store.lines.value[hover.line];
  if (!grid || !line || line.type === "header" || hover.at >= grid.steps.length) return null;
  const at = hover.line * grid.steps.length + hover.at;
  const value = grid.values[at];
  const label = labelOf(grid.states[at] as CellState, value, store.scale.value);
  const row = store.rowOf(hover.line);
  const blank = label === "absent" || label === "undefined";
  return (
    <div class="tooltip" role="tooltip" data-testid="tooltip" ref={box}>
      <Where run={hover.run} step={`${TEXT.step} ${grid.steps[hover.at]}`} />
      <div class="what">{row ? row.name : line.key.replace(/\.\*$/, "")}</div>
      {!blank && <div class="value">{exact(value)}</div>}
      {TEXT.state[label] !== "" && (
        <div class={`state ${label}`}>
          {nonfiniteNote(store, hover.run, hover.line, hover.at) ?? TEXT.state[label]}
        </div>
      )}
      <div class="dim">
        {row
          ? `${row.type} [${row.shape.map((n) => n ?? "?").join(" × ")}]${row.numel === null ? "" : ` · ${TEXT.elements(quantity(row.numel))}`}`
          : TEXT.aggregated(aggregateOf(store.statistic.value), line.rows.length)}
      </div>
    </div>
  );
}

/** How many elements are not finite, where the run says so. */
function nonfiniteNote(store: Store, run: string, line: number, at: number): string | null {
  const grid = store.gridOf.value.get(run)!;
  if (grid.states[line * grid.steps.length + at] !== CELL.nonfinite) return null;
  const series = store.nonfinite.value.get(`${store.kind.value}/${run}`);
  const row = store.rowOf(line);
  if (!series || !row) return null;
  const column = series.rows.findIndex(({ name }) => name === row.name);
  const step = series.steps.indexOf(grid.steps[at]);
  if (column < 0 || step < 0) return null;
  const bad = series.values.nonfinite?.[step * series.rows.length + column];
  const all = series.values.count?.[step * series.rows.length + column];
  if (bad === undefined) return null;
  return all === undefined ? TEXT.nonfiniteCount(exact(bad)) : TEXT.nonfiniteOf(exact(bad), exact(all));
}
