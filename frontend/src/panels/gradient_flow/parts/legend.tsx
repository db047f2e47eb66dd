import { useMemo } from "preact/hooks";
import { tickOf } from "../../../lib/format";
import { PEAK_RULE } from "../../../lib/marks";
import { cssColour, palette, tableColour } from "../../../lib/palette";
import { foundLayers } from "../../../lib/rules/findings";
import { ticks, toUnit } from "../../../lib/scale";
import type { CellLabel, Scale } from "../../../lib/types";
import { markPath } from "../../../plot/marks";
import { useStore } from "../../../ui/context";
import { Ramp } from "../../../ui/legend";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** The scale of the heat maps, and the kinds of cells and marks that occur. */
export function Legend() {
  const store = useStore();
  const flow = useFlow();
  const scale = flow.picture.scale.value;
  const colours = palette(scale.diverging, store.dark.value);
  const found = flow.picture.labels.value;
  const sampled = flow.marks.sampled.value;
  const { compared, comparison, plainScale } = flow.picture;
  const ref = store.ref.value ?? "";
  const name = store.shortNames.value.get(ref) ?? ref;
  const middle = {
    value: 0,
    text: TEXT.equalTo(comparison.value === "difference" ? "0" : "1", name),
    title: comparison.value === "difference" ? TEXT.differenceTo(ref) : TEXT.ratioTo(ref),
  };
  const chip = (label: CellLabel, text: string, style: string, colour?: string, title?: string) =>
    found.has(label) && (
      <span class="chip" title={title}>
        <i class={style} style={colour ? { backgroundColor: colour } : undefined} />
        {text}
      </span>
    );
  const outlined = useMemo(
    () =>
      store.shown.value.some((run) => {
        const layers = foundLayers(flow.findings.value, run);
        return flow.rows.union.value.rows.some(({ module }) => layers.has(module));
      }),
    [store.shown.value, flow.findings.value, flow.rows.union.value],
  );
  const far = flow.picture.grids.value.some(({ match }) => match?.far.includes(1));
  return (
    <div class="legend" role="img" aria-label={UI_TEXT.legend} data-testid="legend">
      <ScaleRamp scale={scale} ends={found} middle={compared.value ? middle : undefined} />
      {compared.value && (
        <div class="own-scale" data-testid="legend-reference" title={TEXT.own(ref)}>
          <Name class="name" text={name} among={store.shortList.value} />
          <span>{tickOf(plainScale.value, plainScale.value.lo)}</span>
          <Ramp colours={palette(plainScale.value.diverging, store.dark.value)} />
          <span>{tickOf(plainScale.value, plainScale.value.hi)}</span>
        </div>
      )}
      <div class="chips">
        {chip("under", `< ${tickOf(scale, scale.lo)}`, "", cssColour(colours.under))}
        {chip("over", `> ${tickOf(scale, scale.hi)}`, "", cssColour(colours.over))}
        {chip("zero", UI_TEXT.exactZero, "", cssColour(colours.zero))}
        {chip("nonfinite", UI_TEXT.nonfinite, "hatched", cssColour(colours.nonfinite))}
        {found.has("absent")
          ? chip("absent", found.has("undefined") ? TEXT.absentOrUndefined : UI_TEXT.absent, "dotted")
          : chip("undefined", TEXT.undefinedValue, "dotted")}
        {chip("refZero", TEXT.chip.refZero, "dashed", cssColour(colours.zero), UI_TEXT.state.refZero)}
        {chip(
          "refNonfinite",
          TEXT.chip.refNonfinite,
          "dashed",
          cssColour(colours.nonfinite),
          UI_TEXT.state.refNonfinite,
        )}
        {chip("refAbsent", TEXT.chip.refAbsent, "dashed", undefined, UI_TEXT.state.refAbsent)}
        {far && (
          <span class="chip" title={TEXT.farTitle}>
            <i class="far" style={{ backgroundColor: cssColour(tableColour(colours, 0.5)) }} />
            {TEXT.farChip}
          </span>
        )}
        {outlined && (
          <span class="chip" title={TEXT.outlineTitle} data-testid="legend-outline">
            <i class="found-outline" />
            {TEXT.outline}
          </span>
        )}
        {flow.marks.markKinds.value.map((kind) => (
          <span
            class="chip"
            key={kind}
            data-testid={`legend-${kind}`}
            title={TEXT.mark.help[kind](PEAK_RULE.factor, PEAK_RULE.spreads, PEAK_RULE.reach)}
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

interface RampProps {
  scale: Scale;
  ends: ReadonlySet<CellLabel>;
  /** A labelled value between the ends. */
  middle?: undefined | { value: number; text: string; title: string };
}

/** The colours and ticks of a scale, with caps if values are clipped. */
function ScaleRamp({ scale, ends, middle }: RampProps) {
  const store = useStore();
  const colours = palette(scale.diverging, store.dark.value);
  const inner = ticks(scale, 6).filter((value) => {
    const t = toUnit(scale, value);
    return t > 0.28 && t < 0.72;
  });
  inner.sort((a, b) => Math.abs(toUnit(scale, a) - 0.5) - Math.abs(toUnit(scale, b) - 0.5));
  return (
    <>
      <div class="ramp">
        {ends.has("under") && (
          <i class="cap" style={{ background: cssColour(colours.under) }} title={UI_TEXT.state.under} />
        )}
        <Ramp colours={colours} />
        {ends.has("over") && (
          <i class="cap" style={{ background: cssColour(colours.over) }} title={UI_TEXT.state.over} />
        )}
      </div>
      <div class="ends">
        <span>{tickOf(scale, scale.lo)}</span>
        {middle && (
          <span class="inner" style={{ left: `${100 * toUnit(scale, middle.value)}%` }} title={middle.title}>
            <Name text={middle.text} />
          </span>
        )}
        {(middle ? [] : inner.slice(0, 1)).map((value) => (
          <span key={value} class="inner" style={{ left: `${100 * toUnit(scale, value)}%` }}>
            {tickOf(scale, value)}
          </span>
        ))}
        <span>{tickOf(scale, scale.hi)}</span>
      </div>
    </>
  );
}
