import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { parseNumber, tick } from "../lib/format";
import type { Scale, ScaleMode } from "../lib/types";
import { useStore } from "./context";
import { kindName, statisticName, UI_TEXT } from "./text";

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

/** Switch between a logarithmic and a linear scale; `scale` is the one that is drawn. */
export function ScaleSwitch({ scale }: { scale: Pick<Scale, "factor" | "diverging" | "mode"> }) {
  const store = useStore();
  const { factor = false, diverging, mode } = scale;
  const now = factor || mode !== "linear" ? "log" : "linear";
  const one = (to: ScaleMode, label: string, title?: string) => (
    <button
      type="button"
      aria-pressed={now === to}
      disabled={factor && to === "linear"}
      title={title}
      data-testid={`scale-${to}`}
      onClick={() => {
        store.view.scale.value = to;
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
