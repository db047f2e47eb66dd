import type { ComponentChildren } from "preact";
import type { MapHeader } from "../../../lib/answers/maps";
import { useStore } from "../../../ui/context";
import { NumberField } from "../../../ui/controls";
import { Name } from "../../../ui/name";
import type { Choices } from "../choices";
import type { MapGrid } from "../model";
import { UNIT_AXES } from "../model";
import { defaultOrder } from "../model_picture";
import { type MapScaleMode, suggestedMaximum } from "../model_scale";
import { MAP_COLOURS } from "../paint";
import { TEXT } from "../text";

interface Props {
  choices: Choices;
  header: MapHeader | null;
  grids: readonly MapGrid[];
  exports: ComponentChildren;
}

export function Controls({ choices, header, grids, exports }: Props) {
  const store = useStore();
  const ref = store.shown.value[0];
  const axis = header?.axes.find((one) => UNIT_AXES.includes(one)) ?? "unit";
  const nameOf = (scale: MapScaleMode) =>
    scale === "channel" ? (TEXT.nouns.get(axis)?.[0] ?? TEXT.scaleNames.channel) : TEXT.scaleNames[scale];
  const alone = store.shown.value.length < 2;
  return (
    <div class="tools">
      <select
        class="button strong"
        aria-label={TEXT.colours}
        data-testid="act-colours"
        value={choices.colours}
        onChange={(event) => choices.setColours(event.currentTarget.value)}
      >
        {MAP_COLOURS.map((name) => (
          <option key={name} value={name}>
            {TEXT.colourNames[name]}
          </option>
        ))}
      </select>
      <fieldset class="segments" aria-label={TEXT.scale}>
        {(["layer", "channel", "fixed"] as const).map((scale) => (
          <button
            type="button"
            key={scale}
            aria-pressed={choices.scale === scale}
            title={TEXT.scaleTitles[scale]}
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
            label={TEXT.fixedTo}
            value={choices.fixed}
            placeholder={String(suggestedMaximum(grids))}
            positive
            testid="act-fixed"
            set={choices.setFixed}
          />
        </div>
      )}
      <fieldset class="segments" aria-label={TEXT.mode}>
        <button
          type="button"
          aria-pressed={!choices.differ}
          data-testid="act-mode-maps"
          onClick={() => choices.setDiffer(false)}
        >
          {TEXT.maps}
        </button>
        <button
          type="button"
          class="act-versus"
          aria-pressed={choices.differ}
          disabled={alone}
          title={alone ? TEXT.versusNone : TEXT.versusTitle(ref)}
          data-testid="act-mode-difference"
          onClick={() => choices.setDiffer(true)}
        >
          <Name text={TEXT.versus(store.shortNames.value.get(ref) ?? ref)} />
        </button>
      </fieldset>
      <div class="ends">
        <select
          class="button"
          aria-label={TEXT.order}
          title={TEXT.orderTitle}
          data-testid="act-order"
          value={choices.order ?? defaultOrder(header)}
          onChange={(event) => choices.setOrder(event.currentTarget.value)}
        >
          {(["activity", "index"] as const).map((order) => (
            <option key={order} value={order}>
              {TEXT.orderNames[order]}
            </option>
          ))}
        </select>
        {exports}
      </div>
    </div>
  );
}
