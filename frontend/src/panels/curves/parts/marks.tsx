import { short } from "../../../lib/format";
import { layerOf } from "../../../lib/rules/findings";
import { type PlotLayout, xIn } from "../../../plot/plot";
import { useStore } from "../../../ui/context";
import { UI_TEXT } from "../../../ui/text";
import { type Clocks, type XMode, xOfStep } from "../model_lines";
import type { CurveMark } from "../model_marks";
import { TEXT } from "../text";

/** Triangle, cross and diamond, which distinguish the kinds without colour. */
const PATHS = {
  peak: "M5 0.5L9.5 9H0.5z",
  skipped: "M1 1L9 9M9 1L1 9",
  finding: "M5 0.5L9.5 5L5 9.5L0.5 5z",
};
/** Minimum distance in pixels between marks of the same kind and run. */
const MIN_DISTANCE = 8;

interface Props {
  layout: PlotLayout;
  marks: readonly CurveMark[];
  mode: XMode;
  clocks: Clocks;
  /** True for one chart only: the keyboard needs each mark once. */
  focusable: boolean;
  open: (mark: CurveMark) => void;
}

/** Marks on a chart's x axis. Each opens the panel that shows its cause. */
export function Marks({ layout, marks, mode, clocks, focusable, open }: Props) {
  const store = useStore();
  const { area } = layout;
  if (marks.length === 0) return null;
  const last = new Map<string, number>();
  const placed = marks.flatMap((mark) => {
    const at = xOfStep(mark.step, mode, clocks.get(mark.run));
    const x = at === null ? Number.NaN : xIn(layout, at);
    const key = `${mark.kind} ${mark.run}`;
    if (!(x >= 0 && x <= area.width) || x - (last.get(key) ?? Number.NEGATIVE_INFINITY) < MIN_DISTANCE)
      return [];
    last.set(key, x);
    return [{ mark, x }];
  });
  return (
    <div class="chart-marks" style={{ left: `${area.left}px`, top: `${area.top + area.height - 12}px` }}>
      {placed.map(({ mark, x }) => (
        <button
          type="button"
          data-print
          key={`${mark.kind} ${mark.run} ${mark.step} ${mark.kind === "finding" ? mark.finding.rule : ""}`}
          class={mark.kind}
          tabIndex={focusable ? 0 : -1}
          style={{ left: `${x - 6}px` }}
          title={`${mark.run}\n${wordsOf(mark)}`}
          aria-label={`${mark.run}: ${wordsOf(mark)}`}
          data-kind={mark.kind}
          data-run={mark.run}
          data-step={mark.step}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => open(mark)}
        >
          <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
            <path
              d={PATHS[mark.kind]}
              fill={mark.kind === "skipped" ? "none" : store.colour(mark.run)}
              stroke={mark.kind === "skipped" ? store.colour(mark.run) : "var(--bg)"}
              stroke-width={mark.kind === "skipped" ? 1.8 : 1}
            />
          </svg>
        </button>
      ))}
    </div>
  );
}

function wordsOf(mark: CurveMark): string {
  if (mark.kind === "peak") return TEXT.marks.peak(mark.name, mark.step, short(mark.ratio));
  if (mark.kind === "skipped") return TEXT.marks.skipped(mark.step);
  return TEXT.marks.finding(mark.finding.title, UI_TEXT.health.since(layerOf(mark.finding), mark.step));
}
