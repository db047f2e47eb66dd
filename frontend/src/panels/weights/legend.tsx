import { tick } from "../../derive/format";
import { palette } from "../../derive/palette";
import { TEXT } from "../../text";
import type { CellLabel, Rgb } from "../../types";
import { useStore } from "../../views/context";
import { Ramp } from "../../views/legend";
import type { WeightsModel } from "./model";

const css = (rgb: Rgb) => `rgb(${rgb.join(",")})`;

interface Props {
  model: WeightsModel;
  labels: ReadonlySet<CellLabel>;
  /** What the bars beside the maps are the norms of; null where there are none. */
  bars: "kernels" | "rows" | null;
}

export function WeightLegend({ model, labels, bars }: Props) {
  const store = useStore();
  const colours = palette(true, store.dark.value);
  const { lo, hi } = model.scale;
  const text = TEXT.weights;
  const chip = (label: CellLabel, name: string, look: string, rgb: Rgb) =>
    labels.has(label) && (
      <span class="chip">
        <i class={look} style={{ backgroundColor: css(rgb) }} />
        {name}
      </span>
    );
  return (
    <div class="w-legend" data-testid="weights-legend">
      <span class="w-ramp" role="img" aria-label={TEXT.legend}>
        <span>{tick(lo)}</span>
        <Ramp colours={colours} />
        <span>{tick(hi)}</span>
      </span>
      {chip("under", `< ${tick(lo)}`, "", colours.under)}
      {chip("over", `> ${tick(hi)}`, "", colours.over)}
      {chip("zero", model.minus === "none" ? TEXT.exactZero : text.zeroDifference, "", colours.zero)}
      {chip("nonfinite", TEXT.nonfinite, "hatched", colours.nonfinite)}
      {bars && (
        <span class="dim">
          {bars === "kernels"
            ? text.norms(text.line.out, text.line.in)
            : text.norms(text.line.row, text.line.column)}
        </span>
      )}
    </div>
  );
}
