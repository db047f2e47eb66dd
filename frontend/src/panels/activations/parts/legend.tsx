import { tick } from "../../../lib/format";
import { cssColour } from "../../../lib/palette";
import { Ramp } from "../../../ui/legend";
import { UI_TEXT } from "../../../ui/text";
import type { MapLegend } from "../model_picture";
import { TEXT } from "../text";

/** Three digits say enough of where a scale ends. */
const end = (value: number) => tick(Number(value.toPrecision(3)));

/** What the colours mean: ends, what lies beyond them, and 0 where it is in the middle. */
export function LegendOf({ legend, name, testid }: { legend: MapLegend; name: string; testid: string }) {
  const { range, palette, under, over } = legend;
  const centred = range !== null && range.lo === -range.hi;
  const said = [name, range === null ? TEXT.ownScale : ""].filter(Boolean).join(" · ");
  return (
    <div class="legend act-legend" data-testid={testid}>
      {said !== "" && <span class="act-legend-name">{said}</span>}
      <div class="ramp">
        {under && (
          <i class="cap" style={{ background: cssColour(palette.under) }} title={UI_TEXT.state.under} />
        )}
        <Ramp colours={palette} />
        {over && <i class="cap" style={{ background: cssColour(palette.over) }} title={UI_TEXT.state.over} />}
      </div>
      <div class="ends">
        <span>{range ? `${under ? "< " : ""}${end(range.lo)}` : TEXT.least}</span>
        {centred && <span>{0}</span>}
        <span>{range ? `${over ? "> " : ""}${end(range.hi)}` : TEXT.greatest}</span>
      </div>
    </div>
  );
}
