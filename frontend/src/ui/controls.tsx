import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { parseNumber, tick, tickOf } from "../lib/format";
import { nearest } from "../lib/steps";
import type { Role, ScaleMode } from "../lib/types";
import { DEFAULTS } from "../lib/url";
import { useStore } from "./context";
import { kindName, roleName, statisticName, UI_TEXT } from "./text";

export function StatisticSelect() {
  const store = useStore();
  return (
    <select
      class="button strong"
      aria-label={UI_TEXT.statistic}
      data-testid="statistic-select"
      value={`${store.kind.value}/${store.statistic.value}`}
      onChange={(event) => {
        const value = event.currentTarget.value;
        const at = value.indexOf("/");
        store.choose(value.slice(0, at), value.slice(at + 1));
      }}
    >
      {store.statistics.value.map(({ kind, names }) => (
        <optgroup key={kind} label={kindName(kind)}>
          {names.map((name) => (
            <option key={name} value={`${kind}/${name}`}>
              {statisticName(kind, name)}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

export function RoleSelect() {
  const store = useStore();
  const roles = store.roles.value;
  if (roles.length === 0) return null;
  return (
    <label class="of">
      <span>{UI_TEXT.of}</span>
      <select
        class="button strong"
        aria-label={UI_TEXT.role}
        data-testid="role-select"
        value={store.role.value}
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

export function ScaleSwitch() {
  const store = useStore();
  const { factor, diverging } = store.scale.value;
  const now = factor || store.scale.value.mode !== "linear" ? "log" : "linear";
  const one = (mode: ScaleMode, label: string, title?: string) => (
    <button
      type="button"
      aria-pressed={now === mode}
      disabled={factor && mode === "linear"}
      title={title}
      data-testid={`scale-${mode}`}
      onClick={() => {
        store.view.scale.value = mode;
      }}
    >
      {label}
    </button>
  );
  const signed = diverging && !factor;
  return (
    <fieldset class="segments" aria-label={UI_TEXT.scale}>
      {one("log", signed ? UI_TEXT.symlog : UI_TEXT.log, signed ? UI_TEXT.symlogTitle : undefined)}
      {one("linear", UI_TEXT.linear, factor ? UI_TEXT.linearOff : undefined)}
    </fieldset>
  );
}

/** Switch between each run's own values and its difference from the reference. */
export function CompareSwitch() {
  const store = useStore();
  const { canCompare, compared } = store.flow;
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
      onClick={() => store.compare(on)}
    >
      {label}
    </button>
  );
  return (
    <fieldset class="segments compare" aria-label={UI_TEXT.flow.compare}>
      {one(false, UI_TEXT.flow.value, UI_TEXT.flow.valueTitle)}
      {one(
        true,
        UI_TEXT.flow.versus(name),
        canCompare.value ? UI_TEXT.flow.versusTitle(ref) : UI_TEXT.flow.versusOff,
      )}
    </fieldset>
  );
}

interface PopoverProps {
  label: string;
  value: string;
  testid: string;
  help: string;
  children: ComponentChildren;
}

export function Popover({ label, value, testid, help, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (
        event instanceof KeyboardEvent ? event.key === "Escape" : !ref.current?.contains(event.target as Node)
      ) {
        setOpen(false);
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [open]);
  return (
    <div class="popover" ref={ref}>
      <button
        type="button"
        class="button"
        aria-expanded={open}
        data-testid={`${testid}-button`}
        onClick={() => setOpen(!open)}
      >
        {label} <b>{value}</b>
      </button>
      {open && (
        <div class="sheet" role="dialog" aria-label={label}>
          <p>{help}</p>
          {children}
        </div>
      )}
    </div>
  );
}

interface FieldProps {
  label: string;
  value: number | null;
  placeholder: string;
  testid: string;
  positive?: boolean;
  set: (value: number | null) => void;
}

/** A number field that commits on Enter or blur, and marks invalid input. */
export function NumberField({ label, value, placeholder, testid, positive = false, set }: FieldProps) {
  const [bad, setBad] = useState(false);
  const commit = (text: string) => {
    const number = parseNumber(text);
    const wrong = (text.trim() !== "" && number === null) || (positive && number !== null && number <= 0);
    setBad(wrong);
    if (!wrong && number !== value) set(number);
  };
  return (
    <label class="number">
      <span>{label}</span>
      <input
        class={bad ? "field bad" : "field"}
        inputMode="decimal"
        data-testid={testid}
        aria-invalid={bad}
        placeholder={placeholder}
        value={value === null ? "" : tick(value)}
        onKeyDown={(event) => event.key === "Enter" && commit(event.currentTarget.value)}
        onBlur={(event) => commit(event.currentTarget.value)}
      />
    </label>
  );
}

export function RangeControl() {
  const store = useStore();
  const { lo, hi } = store.view;
  const scale = store.scale.value;
  const isAuto = lo.value === null && hi.value === null;
  const positive = scale.mode === "log" || scale.factor === true;
  // Factors are entered as such, not as logarithms.
  const plain = (end: number) => tick(scale.factor ? 10 ** end : end);
  return (
    <Popover
      label={UI_TEXT.range}
      value={isAuto ? UI_TEXT.auto : `${tickOf(scale, scale.lo)} – ${tickOf(scale, scale.hi)}`}
      testid="range"
      help={scale.factor ? UI_TEXT.flow.factorHelp : UI_TEXT.rangeHelp}
    >
      <div class="fields">
        <NumberField
          label={UI_TEXT.rangeLow}
          value={lo.value}
          placeholder={plain(scale.lo)}
          positive={positive}
          testid="range-lo"
          set={(v) => {
            lo.value = v;
          }}
        />
        <NumberField
          label={UI_TEXT.rangeHigh}
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
  const { vanishing, exploding } = store.view;
  if (!store.thresholds.value) return null;
  const isDefault = vanishing.value === DEFAULTS.vanishing && exploding.value === DEFAULTS.exploding;
  return (
    <Popover
      label={UI_TEXT.thresholds}
      value={`${tick(vanishing.value)}, ${tick(exploding.value)}`}
      testid="thresholds"
      help={UI_TEXT.thresholdsHelp}
    >
      <div class="fields">
        <NumberField
          label={UI_TEXT.vanishing}
          value={vanishing.value}
          placeholder={tick(DEFAULTS.vanishing)}
          positive
          testid="threshold-vanishing"
          set={(v) => {
            vanishing.value = v ?? DEFAULTS.vanishing;
          }}
        />
        <NumberField
          label={UI_TEXT.exploding}
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

/** The cursor's step. A typed number moves it to the nearest logged step. */
export function StepControl() {
  const store = useStore();
  const last = store.steps.value.at(-1);
  const commit = (input: HTMLInputElement) => {
    const value = parseNumber(input.value);
    if (value === null) input.value = String(store.step.value);
    else if (store.steps.value.length > 0) {
      const step = store.steps.value[nearest(store.steps.value, value)];
      store.moveTo(null, step);
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
        value={store.step.value}
        size={Math.max(3, String(store.step.value).length)}
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
