import { tick } from "../../../lib/format";
import type { Scale } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Ramp } from "../../../ui/legend";
import { shareStyle } from "../draw_shares";
import { isLog, type Part, partOf, type ValueRange } from "../layout_value_axis";
import { BINS } from "../model_bins";
import { densityPalette } from "../model_density";
import { TEXT } from "../text";
import { percent } from "../tooltip";

interface Props {
  scale: Scale;
  peak: number;
  /** True if each step or layer has its own scale. */
  own: boolean;
  /** True if quantiles are drawn as lines. */
  lines: boolean;
  /** True if quantiles are drawn as marks on each histogram. */
  marks?: boolean;
  used: Float64Array;
  range: ValueRange;
}

/** Legend of colours, heights and strips. */
export function DensityLegend({ scale, peak, own, lines, marks = false, used, range }: Props) {
  const store = useStore();
  const dark = store.dark.value;
  const found = new Set<Part>();
  for (let bin = 0; bin < BINS; bin++) {
    const part = partOf(bin, range);
    if (used[bin] > 0 && !isLog(part)) found.add(part);
  }
  const near = found.has("near_negative") || found.has("near_positive");
  return (
    <div class="hist-legend" data-testid="density-legend" title={TEXT.heightHelp}>
      {lines ? (
        <span class="ramp-line">
          <span>{own ? "" : `${tick(100 * scale.lo)} %`}</span>
          <Ramp colours={densityPalette(dark)} />
          <span>{own ? TEXT.perStep : `${tick(100 * scale.hi)} %`}</span>
          <span class="dim">{TEXT.perDecade}</span>
        </span>
      ) : (
        <span class="dim">{own ? TEXT.perStepHelp : TEXT.heightOf(percent(peak))}</span>
      )}
      {lines && !marks && (
        <>
          <Stroke dash="" width={1.8} label={TEXT.legendMedian} />
          <Stroke dash="5 3" width={1.1} label={TEXT.legendQuarters} />
          <Stroke dash="1.5 2.5" width={1.1} label={TEXT.legendTails} />
        </>
      )}
      {(["nan", "negative_infinity", "positive_infinity", "zero"] as const)
        .filter((part) => found.has(part))
        .map((part) => (
          <span class="chip" key={part}>
            <i
              class={shareStyle(part, "", dark).hatched ? "hatched" : ""}
              style={{ backgroundColor: shareStyle(part, "", dark).colour }}
            />
            {TEXT.partName[part]}
          </span>
        ))}
      {near && <span class="dim">{TEXT.nearNote(tick(range.floor))}</span>}
    </div>
  );
}

function Stroke({ dash, width, label }: { dash: string; width: number; label: string }) {
  return (
    <span class="chip">
      <svg width="24" height="8" viewBox="0 0 24 8" aria-hidden="true">
        <path d="M0 4h24" stroke="currentColor" stroke-width={width} stroke-dasharray={dash} fill="none" />
      </svg>
      {label}
    </span>
  );
}
