import { tick } from "../../derive/format";
import type { MapLegend } from "../../derive/map_picture";
import { TEXT } from "../../text";
import type { Rgb } from "../../types";
import { Ramp } from "../../views/legend";

const T = TEXT.activations;
const css = (rgb: Rgb) => `rgb(${rgb.join(",")})`;

/** Three digits say enough of where a scale ends. */
const end = (value: number) => tick(Number(value.toPrecision(3)));

/** What the colours mean: ends, what lies beyond them, and 0 where it is in the middle. */
export function LegendOf({ legend, name, testid }: { legend: MapLegend; name: string; testid: string }) {
  const { range, palette, under, over } = legend;
  const centred = range !== null && range.lo === -range.hi;
  const said = [name, range === null ? T.ownScale : ""].filter(Boolean).join(" · ");
  return (
    <div class="legend act-legend" data-testid={testid}>
      {said !== "" && <span class="act-legend-name">{said}</span>}
      <div class="ramp">
        {under && <i class="cap" style={{ background: css(palette.under) }} title={TEXT.state.under} />}
        <Ramp colours={palette} />
        {over && <i class="cap" style={{ background: css(palette.over) }} title={TEXT.state.over} />}
      </div>
      <div class="ends">
        <span>{range ? `${under ? "< " : ""}${end(range.lo)}` : T.least}</span>
        {centred && <span>{0}</span>}
        <span>{range ? `${over ? "> " : ""}${end(range.hi)}` : T.greatest}</span>
      </div>
    </div>
  );
}
