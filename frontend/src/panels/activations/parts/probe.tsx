import { useLayoutEffect, useRef } from "preact/hooks";
import type { MapEvent, MapHeader } from "../../../lib/answers/maps";
import { cssColour } from "../../../lib/palette";
import { useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { drawPlane } from "../draw";
import { inputPicture, sameInput } from "../model_input";
import { sampleLabel, tokensOf, visible } from "../model_labels";
import type { Picture } from "../model_picture";
import { TEXT } from "../text";
import { LegendOf } from "./legend";

const SIDE = 64;

interface Props {
  inputs: readonly MapEvent[];
  /** True if inputs were logged, or until this is known. */
  logged: boolean;
  /** True while inputs are loading. */
  loading: boolean;
  header: MapHeader | null;
  sample: number;
  samples: number;
  setSample: (sample: number) => void;
  picture: Picture | null;
}

/** Describe the parts of a layer's output that the maps omit. */
function about({ downsampled }: MapHeader): string {
  const parts = [...(downsampled ?? [])];
  const pooled = parts.filter(([, [, , how]]) => how === "mean");
  const omitted = parts
    .filter(([, [, , how]]) => how !== "mean")
    .map(([axis, [all, kept, how]]) => {
      if (how === "every") return TEXT.kept(kept, all, TEXT.nouns.get(axis)?.[1] ?? axis);
      return axis === "depth" ? TEXT.slice(axis) : TEXT.cut(TEXT.axes.get(axis) ?? axis, kept, all);
    });
  if (pooled.length > 0) omitted.push(TEXT.pooled(pooled.map(([, [all]]) => all).join(" × ")));
  return omitted.join(" · ");
}

/** The input of the shown sample, a picker for samples, and the legends of the maps. */
export function ProbeBand({ inputs, logged, loading, header, sample, samples, setSample, picture }: Props) {
  const store = useStore();
  const input = inputs[0] ?? null;
  const label = sampleLabel(input?.header ?? null, sample);
  const tokens = tokensOf(input, sample);
  const differ = input !== null && inputs.some((other) => !sameInput(input, other));
  const arrow = (to: number, name: string, path: string, testid: string) => (
    <button
      type="button"
      class="button"
      title={name}
      aria-label={name}
      data-testid={testid}
      disabled={to < 0 || to >= samples}
      onClick={() => setSample(to)}
    >
      <svg width="10" height="10" viewBox="0 0 10 10" fill="none" stroke="currentColor" aria-hidden="true">
        <path d={path} stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
    </button>
  );
  return (
    <div class="act-probe">
      {loading && !input && <div class="pending act-input-pending" />}
      {input && !tokens && <InputImage event={input} sample={sample} dark={store.dark.value} />}
      <div class="act-sample">
        <div class="act-picker" role="group" aria-label={TEXT.sample}>
          {arrow(sample - 1, TEXT.previousSample, "M6.5 1.5L3 5l3.5 3.5", "sample-previous")}
          <span data-testid="sample">
            {TEXT.sample.toLowerCase()} <b>{sample + 1}</b>
            <span class="dim"> {UI_TEXT.ofLast(samples)}</span>
          </span>
          {arrow(sample + 1, TEXT.nextSample, "M3.5 1.5L7 5L3.5 8.5", "sample-next")}
          {label !== null && (
            <span class="act-label" data-testid="sample-label" title={label}>
              <Name text={TEXT.labelled(label)} />
            </span>
          )}
        </div>
        {header?.downsampled && (
          <p class="dim" data-testid="downsampled">
            {about(header)}
          </p>
        )}
        {differ && <p class="dim">{TEXT.inputOf(store.shortNames.value.get(input.run) ?? input.run)}</p>}
        {tokens && (
          <p class="act-tokens" data-testid="tokens" title={tokens.join("")}>
            {tokens.map((token, i) => (
              <span key={`${i}/${token}`}>{visible(token)}</span>
            ))}
          </p>
        )}
        {!input && !logged && (
          <p class="dim" data-testid="no-input">
            {TEXT.noInput} <code>{TEXT.noInputCode}</code> {TEXT.noInputHelp("").trim()}
          </p>
        )}
      </div>
      <div class="act-legends" data-testid="legend" role="img" aria-label={TEXT.legend}>
        {picture?.legends.map((legend) => (
          <LegendOf
            key={String(legend.isDifference)}
            legend={legend}
            name={
              legend.isDifference
                ? TEXT.difference
                : picture.legends.length === 1
                  ? ""
                  : (store.shortList.value[0] ?? "")
            }
            testid={legend.isDifference ? "legend-difference" : "legend-values"}
          />
        ))}
        {picture && (
          <div class="chips legend">
            {picture.dead && (
              <span class="chip">
                <i class="act-dead-chip" />
                {TEXT.dead}
              </span>
            )}
            {picture.nonfinite && (
              <span class="chip">
                <i
                  class="hatched"
                  style={{ backgroundColor: cssColour(picture.legends[0].palette.nonfinite) }}
                />
                {TEXT.notFinite}
              </span>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

function InputImage({ event, sample, dark }: { event: MapEvent; sample: number; dark: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = inputPicture(event, sample);
  const ratio = picture ? picture.pixels.width / picture.pixels.height : 1;
  const width = Math.min(160, Math.max(8, Math.round(SIDE * Math.min(ratio, 2.5))));
  const height = ratio > 2.5 ? Math.max(12, Math.round(width / Math.min(ratio, 12))) : SIDE;
  useLayoutEffect(() => {
    if (canvas.current && picture)
      drawPlane(canvas.current, picture.pixels, { width, height, dark, dpr: window.devicePixelRatio });
  }, [event, sample, dark]);
  if (!picture) return null;
  const title =
    picture.colour || picture.channels === 1
      ? TEXT.input
      : `${TEXT.input}, ${TEXT.inputChannel(1, picture.channels)}`;
  return (
    <canvas
      class="act-plane act-input"
      ref={canvas}
      role="img"
      aria-label={TEXT.inputName(sample + 1)}
      title={title}
      data-testid="input"
      style={{ width: `${width}px`, height: `${height}px` }}
    />
  );
}
