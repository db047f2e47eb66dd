import { useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../../../plot/canvas";
import { useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { drawPlane } from "../draw";
import { drawLabels } from "../draw_labels";
import type { MapGrid } from "../model";
import { placeLabel } from "../model_labels";
import type { Shown } from "../model_picture";
import { unitsIn } from "../model_scale";
import { unitState } from "../model_units";
import { paintSheet } from "../paint";
import { TEXT } from "../text";
import type { Place } from "../tooltip";

const MIN_ROW_HEIGHT = 3;
const MAX_ROW_HEIGHT = 22;
const MAX_SAMPLE_HEIGHT = 36;

interface Props {
  shown: Shown;
  grid: MapGrid;
  slots: readonly number[];
  width: number;
  height: number;
  /** Width of the row labels, which are shown for the first run only. */
  side: number;
  tokens: readonly string[] | null;
  sampleLabel: (sample: number) => string | null;
  sample: number;
  setSample: (sample: number) => void;
  selected: number | null;
  open: (id: number) => void;
  hover: (place: Place | null, event: MouseEvent | null) => void;
}

/** Return the name of a map's units: `channel` for one, `channels` for several. */
export function nounOf({ unitAxis, ids }: MapGrid): string {
  const [one, many] = TEXT.nouns.get(unitAxis) ?? [unitAxis, unitAxis];
  return ids.length === 1 ? one : many;
}

/** Return the number of a run's own units. Other runs may have more, which are gaps in its sheet. */
export function unitsText(grid: MapGrid): string {
  const [kept, all] = [grid.ids.length, unitsIn(grid)];
  return kept < all ? TEXT.kept(kept, all, nounOf(grid)) : TEXT.all(kept, nounOf(grid));
}

/** One run's layer as one picture: tokens or samples in rows, units in columns. */
export function Sheet(props: Props) {
  const { shown, grid, slots, side, sample } = props;
  const store = useStore();
  const dark = store.dark.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const labels = useRef<HTMLCanvasElement>(null);
  const ofSamples = grid.rowAxis === "sample";
  const row = Math.min(
    ofSamples ? MAX_SAMPLE_HEIGHT : MAX_ROW_HEIGHT,
    Math.max(MIN_ROW_HEIGHT, Math.floor((props.height - 40) / grid.rows)),
  );
  const height = row * grid.rows;
  // At least one pixel per unit. A wider sheet scrolls.
  const width = Math.max(props.width, slots.length);
  const cell = width / Math.max(1, slots.length);
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const isDead = (unit: number) => !shown.isDifference && unitState(grid, unit) === "dead";
    const pixels = paintSheet(grid, shown.positions, shown.rangeOf, shown.palette, isDead);
    drawPlane(canvas.current, pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [grid, shown, width, height, dark]);
  useLayoutEffect(() => {
    if (!labels.current) return;
    const names = Array.from({ length: grid.rows }, (_, i) =>
      ofSamples ? (props.sampleLabel(i) ?? String(i + 1)) : placeLabel(grid.rowAxis, i, props.tokens, null),
    );
    const { dim, accent } = theme(dark);
    drawLabels(labels.current, {
      labels: names,
      length: height,
      room: side,
      side: "left",
      colour: dim,
      accent,
      selected: ofSamples ? sample : -1,
      dpr: window.devicePixelRatio,
    });
  }, [grid, height, side, sample, props.tokens, dark]);

  const placeAt = (event: MouseEvent): Place => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const slot = Math.floor((event.clientX - box.left) / cell);
    return {
      id: slots[Math.min(slots.length - 1, Math.max(0, slot))],
      row: Math.min(grid.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / row))),
      column: 0,
    };
  };
  const chosen = props.selected === null ? -1 : slots.indexOf(props.selected);
  return (
    <>
      {side > 0 && (
        <canvas
          class="act-rows"
          ref={labels}
          style={{ left: `${-side}px` }}
          onClick={(event) => {
            if (ofSamples) props.setSample(Math.min(grid.rows - 1, Math.floor(event.offsetY / row)));
          }}
        />
      )}
      <div class="act-sheet-scroll">
        <div
          class="act-sheet"
          data-testid={`sheet-${shown.run}`}
          style={{ width: `${width}px`, height: `${height}px` }}
          onPointerMove={(event) => props.hover(placeAt(event), event)}
          onPointerLeave={() => props.hover(null, null)}
          onClick={(event) => props.open(placeAt(event).id)}
        >
          <canvas class="act-plane" ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} />
          {ofSamples && (
            <div class="row-cursor faint" style={{ top: `${sample * row}px`, height: `${row}px` }} />
          )}
          <div class="act-band" data-cell={cell} style={{ display: "none" }} />
          {chosen >= 0 && (
            <div class="act-chosen" style={{ left: `${chosen * cell}px`, width: `${cell}px` }} />
          )}
        </div>
      </div>
      <div class="act-caption">
        <Name text={unitsText(grid)} />
      </div>
    </>
  );
}
