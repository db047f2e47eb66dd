import { parseNumber, tick, tickOf } from "../../../lib/format";
import { DEFAULTS } from "../../../lib/links/url";
import { nearest } from "../../../lib/steps";
import type { Role } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { NumberField, Popover } from "../../../ui/controls";
import { Name } from "../../../ui/name";
import { roleName, UI_TEXT } from "../../../ui/text";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

export function RoleSelect() {
  const store = useStore();
  const flow = useFlow();
  const roles = flow.rows.roles.value;
  if (roles.length === 0) return null;
  return (
    <label class="of">
      <span>{TEXT.of}</span>
      <select
        class="button strong"
        aria-label={TEXT.role}
        data-testid="role-select"
        value={flow.rows.role.value}
        onChange={(event) => {
          store.view.role.value = event.currentTarget.value as Role;
        }}
      >
        {roles.map((role) => (
          <option key={role} value={role}>
            {roleName(role)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Switch between each run's own values and its difference from the reference. */
export function CompareSwitch() {
  const store = useStore();
  const flow = useFlow();
  const { canCompare, compared } = flow.picture;
  const ref = store.ref.value;
  if (ref === null) return null;
  const name = store.shortNames.value.get(ref) ?? ref;
  const one = (on: boolean, label: string, title: string) => (
    <button
      type="button"
      aria-pressed={compared.value === on}
      disabled={on && !canCompare.value}
      title={title}
      data-testid={on ? "compare-ref" : "compare-value"}
      onClick={() => flow.compare(on)}
    >
      <Name text={label} />
    </button>
  );
  return (
    <fieldset class="segments compare" aria-label={TEXT.compare}>
      {one(false, TEXT.value, TEXT.valueTitle)}
      {one(true, TEXT.versus(name), canCompare.value ? TEXT.versusTitle(ref) : TEXT.versusOff)}
    </fieldset>
  );
}

export function RangeControl() {
  const store = useStore();
  const flow = useFlow();
  const { lo, hi } = store.view;
  const scale = flow.picture.scale.value;
  const isAuto = lo.value === null && hi.value === null;
  const positive = scale.mode === "log" || scale.factor === true;
  // Factors are stored as logarithms but entered as plain numbers.
  const plain = (end: number) => tick(scale.factor ? 10 ** end : end);
  return (
    <Popover
      label={TEXT.range}
      value={isAuto ? UI_TEXT.auto : `${tickOf(scale, scale.lo)} – ${tickOf(scale, scale.hi)}`}
      testid="range"
      help={scale.factor ? TEXT.factorHelp : TEXT.rangeHelp}
    >
      <div class="fields">
        <NumberField
          label={TEXT.rangeLow}
          value={lo.value}
          placeholder={plain(scale.lo)}
          positive={positive}
          testid="range-lo"
          set={(v) => {
            lo.value = v;
          }}
        />
        <NumberField
          label={TEXT.rangeHigh}
          value={hi.value}
          placeholder={plain(scale.hi)}
          positive={positive}
          testid="range-hi"
          set={(v) => {
            hi.value = v;
          }}
        />
      </div>
      <button
        type="button"
        class="button"
        disabled={isAuto}
        onClick={() => {
          lo.value = null;
          hi.value = null;
        }}
      >
        {UI_TEXT.auto}
      </button>
    </Popover>
  );
}

export function ThresholdControl() {
  const store = useStore();
  const flow = useFlow();
  const { vanishing, exploding } = store.view;
  if (!flow.picture.thresholds.value) return null;
  const isDefault = vanishing.value === DEFAULTS.vanishing && exploding.value === DEFAULTS.exploding;
  return (
    <Popover
      label={TEXT.thresholds}
      value={`${tick(vanishing.value)}, ${tick(exploding.value)}`}
      testid="thresholds"
      help={TEXT.thresholdsHelp}
    >
      <div class="fields">
        <NumberField
          label={TEXT.vanishing}
          value={vanishing.value}
          placeholder={tick(DEFAULTS.vanishing)}
          positive
          testid="threshold-vanishing"
          set={(v) => {
            vanishing.value = v ?? DEFAULTS.vanishing;
          }}
        />
        <NumberField
          label={TEXT.exploding}
          value={exploding.value}
          placeholder={tick(DEFAULTS.exploding)}
          positive
          testid="threshold-exploding"
          set={(v) => {
            exploding.value = v ?? DEFAULTS.exploding;
          }}
        />
      </div>
      <button
        type="button"
        class="button"
        disabled={isDefault}
        onClick={() => {
          vanishing.value = DEFAULTS.vanishing;
          exploding.value = DEFAULTS.exploding;
        }}
      >
        {UI_TEXT.reset}
      </button>
    </Popover>
  );
}

/** Field for the cursor's step. A typed number moves the cursor to the nearest logged step. */
export function StepControl() {
  const flow = useFlow();
  const last = flow.cursor.steps.value.at(-1);
  const commit = (input: HTMLInputElement) => {
    const value = parseNumber(input.value);
    if (value === null) input.value = String(flow.cursor.step.value);
    else if (flow.cursor.steps.value.length > 0) {
      const step = flow.cursor.steps.value[nearest(flow.cursor.steps.value, value)];
      flow.moveTo(null, step);
      input.value = String(step);
    }
  };
  return (
    <label class="button step">
      {UI_TEXT.step}
      <input
        inputMode="numeric"
        aria-label={UI_TEXT.step}
        data-testid="step-input"
        value={flow.cursor.step.value}
        size={Math.max(3, String(flow.cursor.step.value).length)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") commit(event.currentTarget);
        }}
        onBlur={(event) => commit(event.currentTarget)}
      />
      {last !== undefined && <span class="dim">{UI_TEXT.ofLast(last)}</span>}
    </label>
  );
}
