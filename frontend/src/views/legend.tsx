import { useLayoutEffect, useRef } from "preact/hooks";
import { markPath } from "../charts/marks";
import { tick } from "../derive/format";
import { RULE } from "../derive/marks";
import { type Palette, palette, tableColour } from "../derive/palette";
import { ticks, toUnit } from "../derive/scale";
import { TEXT } from "../text";
import type { CellLabel, Rgb } from "../types";
import { useStore } from "./context";

const css = (rgb: Rgb) => `rgb(${rgb.join(",")})`;

export function Legend() {
  const store = useStore();
  const scale = store.scale.value;
  const colours = palette(scale.diverging, store.dark.value);
  const found = store.labels.value;
  const sampled = store.windowCount.value;
  const inner = ticks(scale, 6).filter((value) => {
    const t = toUnit(scale, value);
    return t > 0.28 && t < 0.72;
  });
  inner.sort((a, b) => Math.abs(toUnit(scale, a) - 0.5) - Math.abs(toUnit(scale, b) - 0.5));
  const chip = (label: CellLabel, text: string, look: string, colour?: string) =>
    found.has(label) && (
      <span class="chip">
        <i class={look} style={colour ? { backgroundColor: colour } : undefined} />
        {text}
      </span>
    );
  return (
    <div class="legend" role="img" aria-label={TEXT.legend} data-testid="legend">
      <div class="ramp">
        {found.has("under") && (
          <i class="cap" style={{ background: css(colours.under) }} title={TEXT.state.under} />
        )}
        <Ramp colours={colours} />
        {found.has("over") && (
          <i class="cap" style={{ background: css(colours.over) }} title={TEXT.state.over} />
        )}
      </div>
      <div class="ends">
        <span>{tick(scale.lo)}</span>
        {inner.slice(0, 1).map((value) => (
          <span key={value} class="inner" style={{ left: `${100 * toUnit(scale, value)}%` }}>
            {tick(value)}
          </span>
        ))}
        <span>{tick(scale.hi)}</span>
      </div>
      <div class="chips">
        {chip("under", `< ${tick(scale.lo)}`, "", css(colours.under))}
        {chip("over", `> ${tick(scale.hi)}`, "", css(colours.over))}
        {chip("zero", TEXT.exactZero, "", css(colours.zero))}
        {chip("nonfinite", TEXT.nonfinite, "hatched", css(colours.nonfinite))}
        {found.has("absent")
          ? chip("absent", found.has("undefined") ? TEXT.absentOrUndefined : TEXT.absent, "dotted")
          : chip("undefined", TEXT.undefinedFigure, "dotted")}
        {store.markKinds.value.map((kind) => (
          <span
            class="chip"
            key={kind}
            data-testid={`legend-${kind}`}
            title={TEXT.mark.help[kind](RULE.factor, RULE.spreads, RULE.reach)}
          >
            <svg class={`mark-shape ${kind}`} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <path class="shape" d={markPath(kind, 5, 5)} />
            </svg>
            {TEXT.mark.legend[kind]}
          </span>
        ))}
      </div>
      {sampled && (
        <div class="sampled" title={TEXT.mark.sampledHelp} data-testid="sampled">
          {TEXT.mark.sampled(sampled.kept, sampled.written)}
        </div>
      )}
    </div>
  );
}

/** The palette itself, a pixel a colour. */
export function Ramp({ colours }: { colours: Palette }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const g = ref.current?.getContext("2d");
    if (!g) return;
    for (let i = 0; i < 256; i++) {
      g.fillStyle = css(tableColour(colours, i / 255));
      g.fillRect(i, 0, 1, 1);
    }
  }, [colours]);
  return <canvas class="bar" width={256} height={1} ref={ref} />;
}
