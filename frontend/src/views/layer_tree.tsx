import { quantity } from "../derive/format";
import { TEXT } from "../text";
import type { Line } from "../types";
import { useStore } from "./context";

/** The layers: one line each, the same lines as in the heat maps and the profile beside it. */
export function LayerTree({ rowHeight, tops }: { rowHeight: number; tops: readonly number[] }) {
  const store = useStore();
  const lines = store.lines.value;
  const at = store.line.value;
  const size = Math.min(12, Math.max(10, rowHeight - 3));
  return (
    <div
      class="tree"
      role="tree"
      aria-label={TEXT.tree}
      style={{ fontSize: `${size}px`, height: `${tops[lines.length]}px` }}
    >
      {lines.map((line, i) => (
        <TreeLine key={line.key} line={line} index={i} selected={i === at} height={tops[i + 1] - tops[i]} />
      ))}
    </div>
  );
}

interface LineProps {
  line: Line;
  index: number;
  selected: boolean;
  height: number;
}

function TreeLine({ line, index, selected, height }: LineProps) {
  const store = useStore();
  const row = store.rowOf(index);
  const block = line.type !== "row";
  const collapsed = line.type === "block";
  const numel = line.rows.reduce((sum, i) => sum + (store.union.value.rows[i].numel ?? 0), 0);
  const note = row
    ? `${row.type} ${row.numel === null ? "" : quantity(row.numel)}`
    : collapsed
      ? `${TEXT.blockRows(line.rows.length)} ${quantity(numel)}`
      : "";
  const title = row
    ? `${row.name}\n${row.type} [${row.shape.map((n) => n ?? "?").join(", ")}]`
    : line.key.replace(/\.\*$/, "");
  const toggle = () => {
    store.toggleBlock(line.key);
    if (
      line.type === "header" &&
      line.rows.some((i) => store.union.value.rows[i].name === store.view.row.value)
    ) {
      store.view.row.value = line.key;
    }
  };
  return (
    <div
      class={`line ${line.type}${selected ? " selected" : ""}`}
      role="treeitem"
      aria-level={line.depth + 1}
      aria-selected={selected}
      {...(block ? { "aria-expanded": !collapsed } : {})}
      tabIndex={-1}
      title={title}
      data-testid={`row-${line.key}`}
      style={{ height: `${height}px`, paddingLeft: `${4 + line.depth * 12}px` }}
      onClick={() => (line.type === "header" ? toggle() : store.moveTo(index, null))}
    >
      <button
        type="button"
        class="caret"
        tabIndex={-1}
        aria-hidden={!block}
        aria-label={block ? TEXT.toggleBlock(line.label, collapsed) : undefined}
        onClick={(event) => {
          if (!block) return;
          event.stopPropagation();
          toggle();
        }}
      >
        {block ? (collapsed ? "▸" : "▾") : ""}
      </button>
      <span class="label">{line.label}</span>
      <span class="note">{note}</span>
    </div>
  );
}
