import { tick } from "../../../lib/format";
import { cssColour, labelOf, palette } from "../../../lib/palette";
import type { CellLabel } from "../../../lib/types";
import { markPath } from "../../../plot/marks";
import { useStore } from "../../../ui/context";
import { useFoundLayers } from "../../../ui/health/findings";
import { Ramp } from "../../../ui/legend";
import { statisticName, UI_TEXT } from "../../../ui/text";
import type { Values } from "../data";
import type { Models } from "../model";
import { TEXT } from "../text";

interface Props {
  models: Models;
  values: Values;
  /** Run whose dataflow is drawn, and whose layers are flagged. */
  run: string;
}

/** Legend of bars and boxes: the scale, the states that occur at the cursor's step, and the flag of findings. */
export function StructureLegend({ models, values, run }: Props) {
  const store = useStore();
  const flagged = useFoundLayers(run).size > 0 && (
    <span class="chip" title={TEXT.flagTitle(run)} data-testid="legend-finding">
      <svg class="flag-shape" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        <path d={markPath("finding", 4, 5)} />
      </svg>
      {TEXT.flag}
    </span>
  );
  if (store.source.value !== store.statistic.value) {
    return (
      <div class="legend structure-legend" data-testid="legend">
        {TEXT.elsewhere(statisticName(store.kind.value, store.statistic.value))}
        {flagged}
      </div>
    );
  }
  const { scale } = values;
  const colours = palette(scale.diverging, store.dark.value);
  const found = new Set<CellLabel>();
  let pending = false;
  for (const { run } of models.runs) {
    for (const { key } of values.requested) {
      const { state, value, pending: coming } = values.cell(run, key);
      if (coming) pending = true;
      else found.add(labelOf(state, value, scale));
    }
  }
  // Without values the scale is unknown.
  const end = (value: number) => (values.series.length === 0 ? UI_TEXT.pendingValue : tick(value));
  const chip = (label: CellLabel, text: string, look: string, colour?: string) =>
    found.has(label) && (
      <span class="chip">
        <i class={look} style={colour ? { backgroundColor: colour } : undefined} />
        {text}
      </span>
    );
  return (
    <div class="legend structure-legend" role="img" aria-label={UI_TEXT.legend} data-testid="legend">
      <span>{statisticName(store.kind.value, store.statistic.value)}</span>
      <span>{end(scale.lo)}</span>
      <div class="ramp">
        <Ramp colours={colours} />
      </div>
      <span>{end(scale.hi)}</span>
      {chip("under", `< ${tick(scale.lo)}`, "", cssColour(colours.under))}
      {chip("over", `> ${tick(scale.hi)}`, "", cssColour(colours.over))}
      {chip("zero", UI_TEXT.exactZero, "", cssColour(colours.zero))}
      {chip("nonfinite", UI_TEXT.nonfinite, "hatched", cssColour(colours.nonfinite))}
      {chip("absent", UI_TEXT.absent, "dotted")}
      {pending && (
        <span class="chip" data-testid="legend-pending">
          <i class="pending" />
          {UI_TEXT.pending}
        </span>
      )}
      {flagged}
      <span class="stands">{TEXT.stands}</span>
    </div>
  );
}
