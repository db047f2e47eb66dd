import { useLayoutEffect, useRef } from "preact/hooks";
import type { MapEvent } from "../../../lib/answers/maps";
import { short } from "../../../lib/format";
import { FONT, theme } from "../../../plot/canvas";
import { useStore } from "../../../ui/context";
import { textWidth } from "../../../ui/name";
import { drawPlane } from "../draw";
import { drawLabels } from "../draw_labels";
import { TILE_GAP, type TileLayout, visibleLines } from "../layout";
import type { MapGrid } from "../model";
import { captionOf, shorterNumbers } from "../model_caption";
import { placeLabel } from "../model_labels";
import type { Shown } from "../model_picture";
import { peakOf, unitState } from "../model_units";
import { paintUnit } from "../paint";
import { TEXT } from "../text";
import type { Place } from "../tooltip";

interface Props {
  shown: Shown;
  grid: MapGrid;
  slots: readonly number[];
  layout: TileLayout;
  /** Scroll position and visible height. */
  view: [number, number];
  gutter: number;
  tokens: readonly string[] | null;
  input: MapEvent | null;
  focusable: boolean;
  selected: number | null;
  open: (id: number) => void;
  hover: (place: Place | null, event: MouseEvent | null) => void;
}

/** One run's units, one picture each. Only visible pictures are in the document. */
export function Tiles(props: Props) {
  const { shown, grid, slots, layout, view, gutter, selected } = props;
  const [first, last] = visibleLines(view[0], view[1], layout.pitch, layout.lines);
  const from = first * layout.columns;
  const visible = slots.slice(from, last * layout.columns);
  const placeAt = (event: MouseEvent): Place | null => {
    const canvas = (event.target as Element).closest<HTMLElement>(".act-plane");
    const tile = (event.target as Element).closest<HTMLElement>("[data-unit]");
    if (!tile) return null;
    const id = Number(tile.dataset.unit);
    if (!canvas) return { id, row: 0, column: 0 };
    const box = canvas.getBoundingClientRect();
    const within = (at: number, size: number, count: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((at / size) * count)));
    return {
      id,
      row: within(event.clientY - box.top, box.height, grid.rows),
      column: within(event.clientX - box.left, box.width, grid.columns),
    };
  };
  return (
    <div
      class="act-tiles"
      style={{ height: `${layout.lines * layout.pitch}px` }}
      onPointerMove={(event) => props.hover(placeAt(event), event)}
      onPointerLeave={() => props.hover(null, null)}
      onKeyDown={(event) => moveFocus(event, layout.columns)}
    >
      {visible.map((id, k) => {
        const slot = from + k;
        const unit = shown.positions[slot];
        return (
          <Tile
            key={id}
            id={id}
            unit={unit}
            shown={shown}
            grid={grid}
            left={(slot % layout.columns) * (layout.width + gutter + TILE_GAP)}
            top={Math.floor(slot / layout.columns) * layout.pitch}
            layout={layout}
            gutter={gutter}
            tokens={props.tokens}
            input={props.input}
            tabIndex={props.focusable && k === 0 ? 0 : -1}
            selected={selected === id}
            open={props.open}
          />
        );
      })}
    </div>
  );
}

/** Move the focus between pictures with the arrow keys. */
function moveFocus(event: KeyboardEvent, columns: number): void {
  const by = new Map([
    ["ArrowLeft", -1],
    ["ArrowRight", 1],
    ["ArrowUp", -columns],
    ["ArrowDown", columns],
  ]).get(event.key);
  const here = (event.target as Element).closest<HTMLElement>("[data-unit]");
  if (by === undefined || !here?.parentElement) return;
  const all = [...here.parentElement.querySelectorAll<HTMLElement>("[data-unit]")];
  event.preventDefault();
  event.stopPropagation();
  all[all.indexOf(here) + by]?.focus();
}

interface TileProps {
  id: number;
  /** Position in the map, or -1. */
  unit: number;
  shown: Shown;
  grid: MapGrid;
  left: number;
  top: number;
  layout: TileLayout;
  gutter: number;
  tokens: readonly string[] | null;
  input: MapEvent | null;
  tabIndex: number;
  selected: boolean;
  open: (id: number) => void;
}

function Tile(props: TileProps) {
  const { id, unit, shown, grid, layout, gutter } = props;
  const store = useStore();
  const dark = store.dark.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = layout;
  const state = unit < 0 ? "live" : unitState(grid, unit);
  const dead = state === "dead" && !shown.isDifference;
  useLayoutEffect(() => {
    if (!canvas.current || unit < 0) return;
    const pixels = paintUnit(grid, unit, shown.rangeOf(unit), shown.palette);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [grid, unit, shown, width, height, dark, dead]);
  const noun = TEXT.nouns.get(grid.unitAxis)?.[0] ?? grid.unitAxis;
  const word =
    unit < 0 ? TEXT.notKept : state === "dead" ? TEXT.dead : state === "constant" ? TEXT.constant : "";
  const peak = unit < 0 ? 0 : peakOf(grid, unit);
  const notes =
    unit < 0
      ? [TEXT.notKept, TEXT.brief.notKept]
      : state === "dead"
        ? [TEXT.dead]
        : state === "constant"
          ? [TEXT.constant, TEXT.brief.constant]
          : Number.isNaN(peak)
            ? [TEXT.notFinite, TEXT.brief.notFinite]
            : shorterNumbers(peak, short);
  const names = [`${TEXT.short.get(grid.unitAxis) ?? ""} ${id}`.trim(), String(id)];
  // Bold as far as the note may be.
  const caption = captionOf(names, notes, width, (text) => textWidth(text, `600 11px ${FONT}`));
  const tone = state === "dead" ? "act-bad" : Number.isNaN(peak) ? "act-nonfinite" : "";
  const size = { width: `${width}px`, height: `${height}px` };
  return (
    <div
      class={`act-tile${props.selected ? " selected" : ""}`}
      role="button"
      tabIndex={props.tabIndex}
      aria-label={TEXT.unitName(noun, id, shown.run, word)}
      data-unit={id}
      data-testid={`tile-${shown.run}-${id}`}
      style={{ left: `${props.left}px`, top: `${props.top}px`, width: `${width + gutter}px` }}
      onClick={() => props.open(id)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        props.open(id);
      }}
    >
      <div class="act-picture" style={{ ...size, marginLeft: `${gutter}px` }}>
        {unit < 0 ? (
          <div class="act-absent dotted" style={size} />
        ) : dead ? (
          <div class="act-dead" style={size}>
            <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
              <path d="M2.5 2.5L9.5 9.5M9.5 2.5L2.5 9.5" />
            </svg>
          </div>
        ) : (
          <canvas class="act-plane" ref={canvas} style={size} />
        )}
        {gutter > 0 && <AxisLabels {...props} dark={dark} />}
      </div>
      <div
        class="act-caption"
        title={`${names[0]} ${notes[0]}`}
        style={{ marginLeft: `${gutter}px`, marginTop: gutter > 0 ? `${gutter}px` : "" }}
      >
        <span>{caption.name}</span>
        {caption.note !== "" && <span class={tone}>{caption.note}</span>}
      </div>
    </div>
  );
}

/** Token labels at the axes of an attention head. */
function AxisLabels({ grid, layout, gutter, tokens, input, dark }: TileProps & { dark: boolean }) {
  const left = useRef<HTMLCanvasElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const colours = theme(dark);
    for (const [canvas, side, axis, count, length] of [
      [left.current, "left", grid.rowAxis, grid.rows, layout.height],
      [below.current, "below", grid.columnAxis, grid.columns, layout.width],
    ] as const) {
      if (!canvas) continue;
      const labels = Array.from({ length: count }, (_, i) =>
        placeLabel(axis, i, tokens, input?.header ?? null),
      );
      const look = {
        colour: colours.dim,
        accent: colours.accent,
        selected: -1,
        dpr: window.devicePixelRatio,
      };
      drawLabels(canvas, { labels, length, room: gutter, side, ...look });
    }
  }, [grid, layout.width, layout.height, gutter, tokens, input, dark]);
  return (
    <>
      <canvas class="act-labels left" ref={left} />
      <canvas class="act-labels below" ref={below} />
    </>
  );
}
