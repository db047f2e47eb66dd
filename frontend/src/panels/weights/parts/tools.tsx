import { tick } from "../../../lib/format";
import { useStore } from "../../../ui/context";
import { NumberField, Popover } from "../../../ui/controls";
import { Exports, fileName } from "../../../ui/exports";
import { StepSlider } from "../../../ui/step_slider";
import { UI_TEXT } from "../../../ui/text";
import { weightsCsv } from "../csv";
import type { Weight } from "../data";
import { REDUCTIONS } from "../model";
import { MINUS, type WeightsModel } from "../state";
import { TEXT } from "../text";

interface Props {
  model: WeightsModel;
  weight: Weight | null;
  ready: boolean;
}

/** Controls for the shown values, step and range, and the exports. */
export function Tools({ model, weight, ready }: Props) {
  const store = useStore();
  const minus = store.key("weights.minus");
  const show = store.key("weights.show");
  const range = store.key("weights.range");
  const hi = model.scale.hi;
  const ref = store.ref.value ?? "";
  const minusPart = { none: null, first: "minus_first", ref: `minus_${ref}` }[model.minus];
  const file = fileName("weights", weight?.name ?? null, minusPart, `step_${model.step}`);
  return (
    <div class="tools">
      <fieldset class="segments" aria-label={TEXT.show}>
        {MINUS.map((one) => (
          <button
            type="button"
            key={one}
            aria-pressed={model.minus === one}
            title={TEXT.minusTitle[one]}
            data-testid={`minus-${one}`}
            onClick={() => {
              minus.value = one === "none" ? null : one;
            }}
          >
            {TEXT.minus[one]}
          </button>
        ))}
      </fieldset>
      <Popover
        label={TEXT.range}
        value={model.fixed === null ? TEXT.rangeLayer : `±${tick(hi)}`}
        testid="weights-range"
        help={TEXT.rangeHelp}
      >
        <div class="fields">
          <NumberField
            label={TEXT.rangeField}
            value={model.fixed}
            placeholder={tick(hi)}
            positive
            testid="weights-range-hi"
            set={(value) => {
              range.value = value === null ? null : String(value);
            }}
          />
        </div>
        <button
          type="button"
          class="button"
          disabled={model.fixed === null}
          onClick={() => {
            range.value = null;
          }}
        >
          {TEXT.rangeLayer}
        </button>
      </Popover>
      {/** Kernels have no tiles. The space remains, so that the slider does not move between layers. */}
      <fieldset
        class="segments"
        aria-label={TEXT.reductionName}
        style={weight?.sheet.kernel ? { visibility: "hidden" } : undefined}
      >
        {REDUCTIONS.map((one) => (
          <button
            type="button"
            key={one}
            aria-pressed={model.reduction === one}
            disabled={model.meanOnly && one !== "mean"}
            title={model.meanOnly ? TEXT.reductionOff : TEXT.reductionTitle}
            data-testid={`reduction-${one}`}
            onClick={() => {
              show.value = one === "mean" ? null : one;
            }}
          >
            {TEXT.reduction[one]}
          </button>
        ))}
      </fieldset>
      <div class="ends">
        <StepSlider
          steps={model.steps}
          step={model.step}
          ready={ready}
          set={(step) => {
            store.view.step.value = step;
          }}
        />
        <Exports
          names={{ png: file, csv: file }}
          picture={() => ({
            title: `${TEXT.title}: ${weight?.name ?? ""}`,
            facts: [
              UI_TEXT.stepFact(model.step),
              weight?.note ? TEXT.shapeFact(weight.note) : null,
              TEXT.minusFact[model.minus](ref),
              !weight?.sheet.kernel && TEXT.reductionFact(TEXT.reduction[model.reduction]),
              UI_TEXT.scaleFact(UI_TEXT.linear, tick(model.scale.lo), tick(hi)),
            ],
          })}
          png={() => document.querySelector<HTMLElement>('[data-testid="weights-stage"]')}
          csv={() =>
            weightsCsv(
              weight?.name ?? "",
              [...model.runs].map(([run, { map, shown }]) => ({ run, step: map.step, cells: shown })),
            )
          }
          disabled={model.runs.size === 0}
        />
      </div>
    </div>
  );
}
