import { tick } from "../../../lib/format";
import { cssColour, palette } from "../../../lib/palette";
import type { CellLabel, Rgb } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Ramp } from "../../../ui/legend";
import { UI_TEXT } from "../../../ui/text";
import type { WeightsModel } from "../state";
import { TEXT } from "../text";

interface Props {
  model: WeightsModel;
  labels: ReadonlySet<CellLabel>;
  /** Kind of the norms beside the maps. Null if there are none. */
  bars: "kernels" | "rows" | null;
}

export function WeightLegend({ model, labels, bars }: Props) {
  const store = useStore();
  const colours = palette(true, store.dark.value);
  const { lo, hi } = model.scale;
  const chip = (label: CellLabel, name: string, look: string, rgb: Rgb) =>
    labels.has(label) && (
      <span class="chip">
        <i class={look} style={{ backgroundColor: cssColour(rgb) }} />
        {name}
      </span>
    );
  return (
    <div class="w-legend" data-testid="weights-legend">
      <span class="w-ramp" role="img" aria-label={UI_TEXT.legend}>
        <span>{tick(lo)}</span>
        <Ramp colours={colours} />
        <span>{tick(hi)}</span>
      </span>
      {chip("under", `< ${tick(lo)}`, "", colours.under)}
      {chip("over", `> ${tick(hi)}`, "", colours.over)}
      {chip("zero", model.minus === "none" ? UI_TEXT.exactZero : TEXT.zeroDifference, "", colours.zero)}
      {chip("nonfinite", UI_TEXT.nonfinite, "hatched", colours.nonfinite)}
      {bars && (
        <span class="dim">
          {bars === "kernels"
            ? TEXT.norms(TEXT.line.out, TEXT.line.in)
            : TEXT.norms(TEXT.line.row, TEXT.line.column)}
        </span>
      )}
    </div>
  );
}
