import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MapEvent } from "../../../lib/answers/maps";
import { useSize, useStore } from "../../../ui/context";
import { MoreRuns } from "../../../ui/more_runs";
import { Name } from "../../../ui/name";
import { RunHead } from "../../../ui/run_head";
import { UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import { tileLayout } from "../layout";
import { sampleLabel, tokensOf } from "../model_labels";
import type { Picture, Shown } from "../model_picture";
import { countStates } from "../model_units";
import { TEXT } from "../text";
import { type Place, tooltipOf } from "../tooltip";
import { nounOf, Sheet, unitsText } from "./sheet";
import { Tiles } from "./tiles";

const GAP = 24;
const HEAD = 34;
const HIGH_HEAD = 46;
/** Column width in pixels below which the note moves below the run's name. */
const COMPACT = 270;
const MIN_COLUMN = 132;
/** Width of the labels left of sheets. */
const SIDE = 64;
const MAX_HEAD_SIZE = 380;
const LABEL_GUTTER = 46;
const MAX_LABELLED = 48;

interface ColumnsProps {
  picture: Picture;
  stale: boolean;
  layer: string;
  step: number;
  sample: number;
  reasons: ReadonlyMap<string, string>;
  input: MapEvent | null;
  setSample: (sample: number) => void;
  unit: number | null;
  setUnit: (unit: number | null) => void;
}

/** Runs side by side, with each unit at the same position in all of them. */
export function Columns(props: ColumnsProps) {
  const { picture, layer, step, sample, input } = props;
  const printing = useStore().printing.value;
  const { ref: box, width, height } = useSize<HTMLDivElement>();
  const root = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const { slots, shown } = picture;
  const grids = shown.flatMap(({ grid }) => (grid ? [grid] : []));
  const sheets = grids.some(({ form }) => form === "sheet");
  const gap = shown.length > 2 && width < 760 ? 14 : GAP;
  const side = sheets ? SIDE : 0;
  const column = Math.max(
    MIN_COLUMN,
    Math.floor((width - side - 10 - gap * (shown.length - 1)) / Math.max(1, shown.length)),
  );
  const head = column < COMPACT ? HIGH_HEAD : HEAD;
  const tokens = tokensOf(input, sample);
  const first = grids.find(({ form }) => form === "tiles");
  const attention = first?.columnAxis === "key";
  const gutter = attention && first.rows <= MAX_LABELLED ? LABEL_GUTTER : 0;
  const layout = tileLayout(column, height - head - 8, slots.length, first?.rows ?? 1, first?.columns ?? 1, {
    gutter,
    ...(attention ? { max: MAX_HEAD_SIZE } : {}),
  });

  // Scroll to the top for a new layer, but not for a new step.
  useLayoutEffect(() => {
    box.current?.scrollTo({ top: 0 });
  }, [layer]);
  const tooltip = useTooltip([picture, layout.columns, layout.width, layout.height]);
  const reference = shown.find(({ own }) => own)?.own ?? null;
  const hover = (one: Shown, place: Place | null, event: MouseEvent | null) => {
    highlight(root.current, place, slots);
    const text = place && event && tooltipOf(one, reference, place, { tokens, input });
    if (text) tooltip.show(event, text);
    else tooltip.hide();
  };
  return (
    <>
      <div
        class={props.stale ? "act-scroll stale" : "act-scroll"}
        ref={box}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        {width > 0 && (
          <div
            class="act-columns"
            ref={root}
            data-testid="columns"
            style={{
              // A picture holds whole sheets, which may be wider than their columns.
              gridTemplateColumns: `repeat(${shown.length}, ${printing && sheets ? "max-content" : `${column}px`})`,
              columnGap: `${gap}px`,
              paddingLeft: `${side}px`,
            }}
          >
            {shown.map((one, i) => (
              <div class="act-head" key={`head ${one.run}`} style={{ height: `${head}px` }}>
                <Head
                  shown={one}
                  width={column}
                  step={step}
                  isReference={i === 0}
                  differ={shown.some((s) => s.isDifference)}
                />
              </div>
            ))}
            {shown.map((one, i) => (
              <div
                class="act-column"
                key={one.run}
                role="group"
                aria-label={TEXT.grid(one.run, layer)}
                data-testid={`maps-${one.run}`}
              >
                {one.grid === null ? (
                  <div class="no-data act-none">
                    <span>{missingReason(one, props.reasons)}</span>
                  </div>
                ) : one.grid.form === "tiles" ? (
                  <Tiles
                    shown={one}
                    grid={one.grid}
                    slots={slots}
                    layout={layout}
                    view={printing ? [0, Number.POSITIVE_INFINITY] : [top, height]}
                    gutter={gutter}
                    tokens={tokens}
                    input={input}
                    focusable={i === 0}
                    selected={props.unit}
                    open={props.setUnit}
                    hover={(place, event) => hover(one, place, event)}
                  />
                ) : (
                  <Sheet
                    shown={one}
                    grid={one.grid}
                    slots={slots}
                    width={column}
                    height={height - head - 8}
                    side={i === 0 ? SIDE : 0}
                    tokens={tokens}
                    sampleLabel={(n) => sampleLabel(input?.header ?? null, n)}
                    sample={sample}
                    setSample={props.setSample}
                    selected={props.unit}
                    open={props.setUnit}
                    hover={(place, event) => hover(one, place, event)}
                  />
                )}
              </div>
            ))}
          </div>
        )}
      </div>
      {width > 0 && <MoreRuns box={box} runs={shown.map(({ run }) => run)} heads=".act-head" />}
    </>
  );
}

/** Outline one unit in every run. This changes the document directly, because rendering hundreds of tiles is slow. */
function highlight(root: HTMLElement | null, place: Place | null, slots: readonly number[]): void {
  if (!root) return;
  for (const old of root.querySelectorAll(".hovered")) old.classList.remove("hovered");
  const slot = place ? slots.indexOf(place.id) : -1;
  for (const band of root.querySelectorAll<HTMLElement>(".act-band")) {
    const cell = Number(band.dataset.cell);
    band.style.display = slot < 0 ? "none" : "";
    band.style.left = `${slot * cell}px`;
    band.style.width = `${cell}px`;
  }
  if (place)
    for (const tile of root.querySelectorAll(`[data-unit="${place.id}"]`)) tile.classList.add("hovered");
}

interface HeadProps {
  shown: Shown;
  width: number;
  step: number;
  isReference: boolean;
  differ: boolean;
}

/** A run's name, its number of dead units, and the map's step if it differs from the cursor's. */
function Head({ shown, width, step, isReference, differ }: HeadProps) {
  const grid = shown.own;
  if (!grid) return <RunHead run={shown.run} width={width} note="" />;
  const counts = countStates(grid);
  const all = grid.ids.length;
  const noun = nounOf(grid);
  const noteOf = (dead: string) =>
    [
      differ ? (isReference ? TEXT.reference : TEXT.difference) : "",
      grid.step === step ? "" : UI_TEXT.nearestStep(grid.step),
      counts.nonfinite > 0
        ? TEXT.nonfiniteCount(counts.nonfinite, all)
        : counts.dead > 0
          ? dead
          : unitsText(grid),
    ]
      .filter(Boolean)
      .join(" · ");
  const note = noteOf(TEXT.deadCount(counts.dead, all, noun));
  const tone = counts.nonfinite > 0 ? "act-nonfinite" : counts.dead > 0 ? "act-bad" : "";
  const title = grid.step === step ? note : `${note}\n${UI_TEXT.nearestTitle}`;
  if (width >= COMPACT) return <RunHead run={shown.run} width={width} note={note} tone={tone} />;
  return (
    <>
      <RunHead run={shown.run} width={width} note="" />
      <p class={`act-note ${tone}`} title={title}>
        <Name text={noteOf(TEXT.deadBrief(counts.dead, all))} />
      </p>
    </>
  );
}

function missingReason(shown: Shown, reasons: ReadonlyMap<string, string>): string {
  if (shown.mismatch) {
    const { own, other } = shown.mismatch;
    return TEXT.otherSize(own.join(" × "), other.join(" × "));
  }
  if (shown.undrawn !== null) return TEXT.noPicture(shown.undrawn);
  const reason = reasons.get(shown.run);
  return reason === undefined || reason.startsWith("unknown tag") ? TEXT.noMaps : `${TEXT.noMapAt} ${reason}`;
}
