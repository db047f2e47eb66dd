import { u as useStore, a as u, T as TEXT, s as statisticName, ag as kindName, ao as roleName, L as tickOf, ap as DEFAULTS, a6 as tick, d, A, h, aj as parseNumber, n as nearest } from "./main-B9rrWoHG.js";
function StatisticSelect() {
  const store = useStore();
  return /* @__PURE__ */ u(
    "select",
    {
      class: "button strong",
      "aria-label": TEXT.statistic,
      "data-testid": "statistic-select",
      value: `${store.kind.value}/${store.statistic.value}`,
      onChange: (event) => {
        const value = event.currentTarget.value;
        const at = value.indexOf("/");
        store.choose(value.slice(0, at), value.slice(at + 1));
      },
      children: store.statistics.value.map(({ kind, names }) => /* @__PURE__ */ u("optgroup", { label: kindName(kind), children: names.map((name) => /* @__PURE__ */ u("option", { value: `${kind}/${name}`, children: statisticName(kind, name) }, name)) }, kind))
    }
  );
}
function RoleSelect() {
  const store = useStore();
  const roles = store.roles.value;
  if (roles.length === 0) return null;
  return /* @__PURE__ */ u("label", { class: "of", children: [
    /* @__PURE__ */ u("span", { children: TEXT.of }),
    /* @__PURE__ */ u(
      "select",
      {
        class: "button strong",
        "aria-label": TEXT.role,
        "data-testid": "role-select",
        value: store.role.value,
        onChange: (event) => {
          store.view.role.value = event.currentTarget.value;
        },
        children: roles.map((role) => /* @__PURE__ */ u("option", { value: role, children: roleName(role) }, role))
      }
    )
  ] });
}
function ScaleSwitch() {
  const store = useStore();
  const { factor, diverging } = store.scale.value;
  const now = factor || store.scale.value.mode !== "linear" ? "log" : "linear";
  const one = (mode, label, title) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      "aria-pressed": now === mode,
      disabled: factor && mode === "linear",
      title,
      "data-testid": `scale-${mode}`,
      onClick: () => {
        store.view.scale.value = mode;
      },
      children: label
    }
  );
  const signed = diverging && !factor;
  return /* @__PURE__ */ u("fieldset", { class: "segments", "aria-label": TEXT.scale, children: [
    one("log", signed ? TEXT.symlog : TEXT.log, signed ? TEXT.symlogTitle : void 0),
    one("linear", TEXT.linear, factor ? TEXT.linearOff : void 0)
  ] });
}
function CompareSwitch() {
  const store = useStore();
  const { canCompare, compared } = store.flow;
  const ref = store.ref.value;
  if (ref === null) return null;
  const name = store.shortNames.value.get(ref) ?? ref;
  const one = (on, label, title) => /* @__PURE__ */ u(
    "button",
    {
      type: "button",
      "aria-pressed": compared.value === on,
      disabled: on && !canCompare.value,
      title,
      "data-testid": on ? "compare-ref" : "compare-value",
      onClick: () => store.compare(on),
      children: label
    }
  );
  return /* @__PURE__ */ u("fieldset", { class: "segments compare", "aria-label": TEXT.flow.compare, children: [
    one(false, TEXT.flow.value, TEXT.flow.valueTitle),
    one(true, TEXT.flow.versus(name), canCompare.value ? TEXT.flow.versusTitle(ref) : TEXT.flow.versusOff)
  ] });
}
function Popover({ label, value, testid, help, children }) {
  const [open, setOpen] = d(false);
  const ref = A(null);
  h(() => {
    if (!open) return;
    const close = (event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !ref.current?.contains(event.target)) {
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
  return /* @__PURE__ */ u("div", { class: "popover", ref, children: [
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "button",
        "aria-expanded": open,
        "data-testid": `${testid}-button`,
        onClick: () => setOpen(!open),
        children: [
          label,
          " ",
          /* @__PURE__ */ u("b", { children: value })
        ]
      }
    ),
    open && /* @__PURE__ */ u("div", { class: "sheet", role: "dialog", "aria-label": label, children: [
      /* @__PURE__ */ u("p", { children: help }),
      children
    ] })
  ] });
}
function NumberField({ label, value, placeholder, testid, positive = false, set }) {
  const [bad, setBad] = d(false);
  const commit = (text) => {
    const number = parseNumber(text);
    const wrong = text.trim() !== "" && number === null || positive && number !== null && number <= 0;
    setBad(wrong);
    if (!wrong && number !== value) set(number);
  };
  return /* @__PURE__ */ u("label", { class: "number", children: [
    /* @__PURE__ */ u("span", { children: label }),
    /* @__PURE__ */ u(
      "input",
      {
        class: bad ? "field bad" : "field",
        inputMode: "decimal",
        "data-testid": testid,
        "aria-invalid": bad,
        placeholder,
        value: value === null ? "" : tick(value),
        onKeyDown: (event) => event.key === "Enter" && commit(event.currentTarget.value),
        onBlur: (event) => commit(event.currentTarget.value)
      }
    )
  ] });
}
function RangeControl() {
  const store = useStore();
  const { lo, hi } = store.view;
  const scale = store.scale.value;
  const isAuto = lo.value === null && hi.value === null;
  const positive = scale.mode === "log" || scale.factor === true;
  const plain = (end) => tick(scale.factor ? 10 ** end : end);
  return /* @__PURE__ */ u(
    Popover,
    {
      label: TEXT.range,
      value: isAuto ? TEXT.auto : `${tickOf(scale, scale.lo)} – ${tickOf(scale, scale.hi)}`,
      testid: "range",
      help: scale.factor ? TEXT.flow.factorHelp : TEXT.rangeHelp,
      children: [
        /* @__PURE__ */ u("div", { class: "fields", children: [
          /* @__PURE__ */ u(
            NumberField,
            {
              label: TEXT.rangeLow,
              value: lo.value,
              placeholder: plain(scale.lo),
              positive,
              testid: "range-lo",
              set: (v) => {
                lo.value = v;
              }
            }
          ),
          /* @__PURE__ */ u(
            NumberField,
            {
              label: TEXT.rangeHigh,
              value: hi.value,
              placeholder: plain(scale.hi),
              positive,
              testid: "range-hi",
              set: (v) => {
                hi.value = v;
              }
            }
          )
        ] }),
        /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "button",
            disabled: isAuto,
            onClick: () => {
              lo.value = null;
              hi.value = null;
            },
            children: TEXT.auto
          }
        )
      ]
    }
  );
}
function ThresholdControl() {
  const store = useStore();
  const { vanishing, exploding } = store.view;
  if (!store.thresholds.value) return null;
  const isDefault = vanishing.value === DEFAULTS.vanishing && exploding.value === DEFAULTS.exploding;
  return /* @__PURE__ */ u(
    Popover,
    {
      label: TEXT.thresholds,
      value: `${tick(vanishing.value)}, ${tick(exploding.value)}`,
      testid: "thresholds",
      help: TEXT.thresholdsHelp,
      children: [
        /* @__PURE__ */ u("div", { class: "fields", children: [
          /* @__PURE__ */ u(
            NumberField,
            {
              label: TEXT.vanishing,
              value: vanishing.value,
              placeholder: tick(DEFAULTS.vanishing),
              positive: true,
              testid: "threshold-vanishing",
              set: (v) => {
                vanishing.value = v ?? DEFAULTS.vanishing;
              }
            }
          ),
          /* @__PURE__ */ u(
            NumberField,
            {
              label: TEXT.exploding,
              value: exploding.value,
              placeholder: tick(DEFAULTS.exploding),
              positive: true,
              testid: "threshold-exploding",
              set: (v) => {
                exploding.value = v ?? DEFAULTS.exploding;
              }
            }
          )
        ] }),
        /* @__PURE__ */ u(
          "button",
          {
            type: "button",
            class: "button",
            disabled: isDefault,
            onClick: () => {
              vanishing.value = DEFAULTS.vanishing;
              exploding.value = DEFAULTS.exploding;
            },
            children: TEXT.reset
          }
        )
      ]
    }
  );
}
function StepControl() {
  const store = useStore();
  const last = store.steps.value.at(-1);
  const commit = (input) => {
    const value = parseNumber(input.value);
    if (value === null) input.value = String(store.step.value);
    else if (store.steps.value.length > 0) {
      const step = store.steps.value[nearest(store.steps.value, value)];
      store.moveTo(null, step);
      input.value = String(step);
    }
  };
  return /* @__PURE__ */ u("label", { class: "button step", children: [
    TEXT.step,
    /* @__PURE__ */ u(
      "input",
      {
        inputMode: "numeric",
        "aria-label": TEXT.step,
        "data-testid": "step-input",
        value: store.step.value,
        size: Math.max(3, String(store.step.value).length),
        onKeyDown: (event) => {
          event.stopPropagation();
          if (event.key === "Enter") commit(event.currentTarget);
        },
        onBlur: (event) => commit(event.currentTarget)
      }
    ),
    last !== void 0 && /* @__PURE__ */ u("span", { class: "dim", children: TEXT.ofLast(last) })
  ] });
}
export {
  CompareSwitch as C,
  NumberField as N,
  Popover as P,
  RoleSelect as R,
  StatisticSelect as S,
  ThresholdControl as T,
  ScaleSwitch as a,
  RangeControl as b,
  StepControl as c
};
