import { tick } from "../../../lib/format";
import { cssColour } from "../../../lib/palette";
import { Ramp } from "../../../ui/legend";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import type { MapLegend } from "../model_picture";
import { TEXT } from "../text";

/** Format an end of the scale with three digits. */
export const end = (value: number) => tick(Number(value.toPrecision(3)));

/** Legend of a map: the ends of the scale, the clipped values, and 0 if it is in the middle. */
export function LegendOf({ legend, name, testid }: { legend: MapLegend; name: string; testid: string }) {
  const { range, palette, under, over } = legend;
  const centred = range !== null && range.lo === -range.hi;
  const parts = [name, range === null ? TEXT.ownScale : ""].filter(Boolean).join(" · ");
  return (
    <div class="legend act-legend" data-testid={testid}>
      {parts !== "" && <Name class="act-legend-name" text={parts} title={parts} />}
      <div class="ramp">
        {under && (
          <i class="cap" style={{ background: cssColour(palette.under) }} title={UI_TEXT.state.under} />
        )}
        <Ramp colours={palette} />
        {over && <i class="cap" style={{ background: cssColour(palette.over) }} title={UI_TEXT.state.over} />}
      </div>
      <div class="ends">
        <span>{range ? `${under ? "< " : ""}${end(range.lo)}` : TEXT.min}</span>
        {centred && <span>{0}</span>}
        <span>{range ? `${over ? "> " : ""}${end(range.hi)}` : TEXT.max}</span>
      </div>
    </div>
  );
}
