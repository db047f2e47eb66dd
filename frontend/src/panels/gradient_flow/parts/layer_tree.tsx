import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { quantity } from "../../../lib/format";
import type { Line } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { linesWithin } from "../layout";
import { parentOf } from "../model_tree";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

interface TreeProps {
  rowHeight: number;
  tops: readonly number[];
  /** Vertical range to render. Lines outside of the viewport are not in the document. */
  part: { top: number; height: number };
}

/**
 * The tree of layers, on the same lines as the heat maps and the profile. It is a single tab stop. Within it, arrow
 * keys move the focus and expand or collapse blocks.
 */
export function LayerTree({ rowHeight, tops, part }: TreeProps) {
  const store = useStore();
  const flow = useFlow();
  const root = useRef<HTMLDivElement>(null);
  const lines = flow.rows.lines.value;
  const at = flow.cursor.line.value;
  const labels = useMemo(() => lines.map(({ label }) => label), [lines]);
  /** Key of the line focused with arrow keys. Headers can have the focus, although the cursor skips them. */
  const [focus, setFocus] = useState<string | null>(null);
  const wantsFocus = useRef(false);
  const found = focus === null ? -1 : lines.findIndex(({ key }) => key === focus);
  const current = found >= 0 ? found : at;
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    root.current?.querySelector<HTMLElement>(`[data-index="${current}"]`)?.focus();
  });
  const size = Math.min(12, Math.max(10, rowHeight - 3));
  const [first, end] = linesWithin(tops, part);
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  // The focused line stays in the document when it is scrolled away.
  if (current >= 0 && current < lines.length && (current < first || current >= end)) shown.push(current);

  const go = (index: number) => {
    const next = Math.min(lines.length - 1, Math.max(0, index));
    if (!lines[next]) return;
    wantsFocus.current = true;
    setFocus(lines[next].key);
    flow.moveTo(next, null);
  };
  const keys = new Map<string, () => void>(
    Object.entries({
      ArrowUp: () => go(current - 1),
      ArrowDown: () => go(current + 1),
      Home: () => go(0),
      End: () => go(lines.length - 1),
      ArrowRight: () => {
        const line = lines[current];
        if (line?.type === "block") fold(line);
        else if (line?.type === "header") go(current + 1);
      },
      ArrowLeft: () => {
        const line = lines[current];
        if (line?.type === "header") fold(line);
        else go(parentOf(lines, current));
      },
      Enter: () => lines[current] && (lines[current].type === "row" ? go(current) : fold(lines[current])),
      " ": () => lines[current] && (lines[current].type === "row" ? go(current) : fold(lines[current])),
    }),
  );
  const fold = (line: Line) => {
    wantsFocus.current = true;
    setFocus(line.key);
    toggle(line);
  };
  const toggle = (line: Line) => {
    const { rows } = flow.rows.union.value;
    const holds = line.rows.some((i) => rows[i].name === store.view.row.value);
    flow.toggleBlock(line.key);
    // If the cursor's row is in the collapsed block, the cursor moves to the block.
    if (line.type === "header" && holds) store.view.row.value = line.key;
  };
  const acts = useRef<Acts>({ toggle, focus: ({ key }) => setFocus(key) });
  acts.current.toggle = toggle;
  return (
    <div
      class="tree"
      role="tree"
      ref={root}
      aria-label={TEXT.tree}
      style={{ fontSize: `${size}px`, height: `${tops[lines.length]}px` }}
      onKeyDown={(event) => {
        const act = keys.get(event.key);
        if (!act || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      }}
    >
      {shown.map((i) => (
        <TreeLine
          key={lines[i].key}
          line={lines[i]}
          labels={labels}
          index={i}
          selected={i === at}
          stop={i === current}
          top={tops[i]}
          height={tops[i + 1] - tops[i]}
          acts={acts}
        />
      ))}
    </div>
  );
}

interface LineProps {
  line: Line;
  /** Labels of all lines, among which this one is to be recognized. */
  labels: readonly string[];
  index: number;
  selected: boolean;
  /** True if this line is the tab stop. */
  stop: boolean;
  top: number;
  height: number;
  /** A stable object, since a line with equal props is not rendered again. */
  acts: { readonly current: Acts };
}

interface Acts {
  toggle: (line: Line) => void;
  focus: (line: Line) => void;
}

function TreeLine({ line, labels, index, selected, stop, top, height, acts }: LineProps) {
  const flow = useFlow();
  const row = flow.rowOf(index);
  const block = line.type !== "row";
  const folded = line.type === "block";
  const numel = block
    ? line.rows.reduce((sum, i) => sum + (flow.rows.union.value.rows[i].numel ?? 0), 0)
    : (row?.numel ?? 0);
  const note = row
    ? `${row.type} ${row.numel === null ? "" : quantity(row.numel)}`
    : folded
      ? `${TEXT.blockRows(line.rows.length)} ${quantity(numel)}`
      : "";
  const title = row
    ? `${row.name}\n${row.type} [${row.shape.map((n) => n ?? "?").join(", ")}]`
    : line.key.replace(/\.\*$/, "");
  return (
    <div
      class={`line ${line.type}${selected ? " selected" : ""}`}
      role="treeitem"
      aria-level={line.depth + 1}
      aria-selected={selected}
      aria-label={`${title.replace("\n", ", ")}${folded ? `, ${note}` : ""}`}
      {...(block ? { "aria-expanded": !folded } : {})}
      tabIndex={stop ? 0 : -1}
      title={title}
      data-index={index}
      data-testid={`row-${line.key}`}
      style={{
        top: `${top}px`,
        height: `${height}px`,
        lineHeight: `${height}px`,
        paddingLeft: `${4 + line.depth * 12}px`,
      }}
      onClick={() => (line.type === "header" ? acts.current.toggle(line) : flow.moveTo(index, null))}
      onFocus={() => acts.current.focus(line)}
    >
      <button
        type="button"
        class="caret"
        tabIndex={-1}
        aria-hidden="true"
        title={block ? TEXT.toggleBlock(line.label, folded) : undefined}
        onClick={(event) => {
          if (!block) return;
          event.stopPropagation();
          acts.current.toggle(line);
        }}
      >
        {block ? (folded ? "▸" : "▾") : ""}
      </button>
      <Name class="label" text={line.label} among={labels} />
      <span class="note">{note}</span>
    </div>
  );
}
