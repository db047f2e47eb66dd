import type { ComponentChildren } from "preact";
import { MAP_COLOURS } from "../../derive/map_paint";
import { usualOrder } from "../../derive/map_picture";
import { type MapScaleMode, suggestion } from "../../derive/map_scale";
import type { Board, MapHeader } from "../../derive/maps";
import { UNIT_AXES } from "../../derive/maps";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";
import { NumberField } from "../../views/controls";
import type { Choices } from "./choices";

const T = TEXT.activations;

interface Props {
  choices: Choices;
  header: MapHeader | null;
  boards: readonly Board[];
  exports: ComponentChildren;
}

export function Controls({ choices, header, boards, exports }: Props) {
  const store = useStore();
  const ref = store.shown.value[0];
  const axis = header?.axes.find((one) => UNIT_AXES.includes(one)) ?? "unit";
  const nameOf = (scale: MapScaleMode) =>
    scale === "channel" ? (T.nouns[axis]?.[0] ?? T.scaleNames.channel) : T.scaleNames[scale];
  const alone = store.shown.value.length < 2;
  return (
    <div class="tools">
      <select
        class="button strong"
        aria-label={T.colours}
        data-testid="act-colours"
        value={choices.colours}
        onChange={(event) => choices.setColours(event.currentTarget.value)}
      >
        {MAP_COLOURS.map((name) => (
          <option key={name} value={name}>
            {T.colourNames[name]}
          </option>
        ))}
      </select>
      <fieldset class="segments" aria-label={T.scale}>
        {(["layer", "channel", "fixed"] as const).map((scale) => (
          <button
            type="button"
            key={scale}
            aria-pressed={choices.scale === scale}
            title={T.scaleTitles[scale]}
            data-testid={`act-scale-${scale}`}
            onClick={() => choices.setScale(scale)}
          >
            {nameOf(scale)}
          </button>
        ))}
      </fieldset>
      {choices.scale === "fixed" && (
        <div class="act-fixed">
          <NumberField
            label={T.fixedTo}
            value={choices.fixed}
            placeholder={String(suggestion(boards))}
            positive
            testid="act-fixed"
            set={choices.setFixed}
          />
        </div>
      )}
      <fieldset class="segments" aria-label={T.mode}>
        <button
          type="button"
          aria-pressed={!choices.differ}
          data-testid="act-mode-maps"
          onClick={() => choices.setDiffer(false)}
        >
          {T.maps}
        </button>
        <button
          type="button"
          class="act-versus"
          aria-pressed={choices.differ}
          disabled={alone}
          title={alone ? T.versusNone : T.versusTitle(ref)}
          data-testid="act-mode-difference"
          onClick={() => choices.setDiffer(true)}
        >
          {T.versus(store.shortNames.value.get(ref) ?? ref)}
        </button>
      </fieldset>
      <div class="ends">
        <select
          class="button"
          aria-label={T.order}
          title={T.orderTitle}
          data-testid="act-order"
          value={choices.order ?? usualOrder(header)}
          onChange={(event) => choices.setOrder(event.currentTarget.value)}
        >
          {(["activity", "index"] as const).map((order) => (
            <option key={order} value={order}>
              {T.orderNames[order]}
            </option>
          ))}
        </select>
        {exports}
      </div>
    </div>
  );
}
