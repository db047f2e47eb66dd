import { u as useStore, e as palette, T as TEXT, a as u, L as tickOf, af as tableColour, R as RULE, A, _, H as ticks, D as toUnit, S } from "./main-B9rrWoHG.js";
function markPath(kind, x, y) {
  const p = (dx, dy) => `${Math.round((x + dx) * 100) / 100} ${y + dy}`;
  switch (kind) {
    case "finding":
      return `M${p(-2.6, 4)}V${y - 4}L${p(3.6, -1.6)}L${p(-2.6, 0.8)}`;
    case "peak":
      return `M${p(0, -3.5)}L${p(3.6, 3)}L${p(-3.6, 3)}z`;
    case "nonfinite":
      return `M${p(-3, -3)}L${p(3, 3)}M${p(3, -3)}L${p(-3, 3)}`;
    case "skipped":
      return `M${p(-3.4, -3)}L${p(-0.4, 0)}L${p(-3.4, 3)}M${p(0.4, -3)}L${p(3.4, 0)}L${p(0.4, 3)}`;
  }
}
const rugPath = (places, y) => [...new Set(places.map((place) => Math.round(place)))].map((x) => `M${x} ${y - 2}V${y + 2}`).join("");
const css = (rgb) => `rgb(${rgb.join(",")})`;
function Legend() {
  const store = useStore();
  const scale = store.scale.value;
  const colours = palette(scale.diverging, store.dark.value);
  const found = store.labels.value;
  const sampled = store.windowCount.value;
  const { compared, comparison, plainScale } = store.flow;
  const ref = store.ref.value ?? "";
  const name = store.shortNames.value.get(ref) ?? ref;
  const middle = {
    value: 0,
    text: TEXT.flow.asMuch(comparison.value === "difference" ? "0" : "1", name),
    title: comparison.value === "difference" ? TEXT.flow.differenceTo(ref) : TEXT.flow.ratioTo(ref)
  };
  const chip = (label, text, look, colour, title) => found.has(label) && /* @__PURE__ */ u("span", { class: "chip", title, children: [
    /* @__PURE__ */ u("i", { class: look, style: colour ? { backgroundColor: colour } : void 0 }),
    text
  ] });
  const far = store.grids.value.some(({ match }) => match?.far.includes(1));
  return /* @__PURE__ */ u("div", { class: "legend", role: "img", "aria-label": TEXT.legend, "data-testid": "legend", children: [
    /* @__PURE__ */ u(ScaleRamp, { scale, ends: found, middle: compared.value ? middle : void 0 }),
    compared.value && /* @__PURE__ */ u("div", { class: "own-scale", "data-testid": "legend-reference", title: TEXT.flow.own(ref), children: [
      /* @__PURE__ */ u("span", { class: "name", children: name }),
      /* @__PURE__ */ u("span", { children: tickOf(plainScale.value, plainScale.value.lo) }),
      /* @__PURE__ */ u(Ramp, { colours: palette(plainScale.value.diverging, store.dark.value) }),
      /* @__PURE__ */ u("span", { children: tickOf(plainScale.value, plainScale.value.hi) })
    ] }),
    /* @__PURE__ */ u("div", { class: "chips", children: [
      chip("under", `< ${tickOf(scale, scale.lo)}`, "", css(colours.under)),
      chip("over", `> ${tickOf(scale, scale.hi)}`, "", css(colours.over)),
      chip("zero", TEXT.exactZero, "", css(colours.zero)),
      chip("nonfinite", TEXT.nonfinite, "hatched", css(colours.nonfinite)),
      found.has("absent") ? chip("absent", found.has("undefined") ? TEXT.absentOrUndefined : TEXT.absent, "dotted") : chip("undefined", TEXT.undefinedFigure, "dotted"),
      chip("refZero", TEXT.flow.chip.refZero, "dashed", css(colours.zero), TEXT.state.refZero),
      chip(
        "refNonfinite",
        TEXT.flow.chip.refNonfinite,
        "dashed",
        css(colours.nonfinite),
        TEXT.state.refNonfinite
      ),
      chip("refAbsent", TEXT.flow.chip.refAbsent, "dashed", void 0, TEXT.state.refAbsent),
      far && /* @__PURE__ */ u("span", { class: "chip", title: TEXT.flow.farTitle, children: [
        /* @__PURE__ */ u("i", { class: "far", style: { backgroundColor: css(tableColour(colours, 0.5)) } }),
        TEXT.flow.farChip
      ] }),
      store.markKinds.value.map((kind) => /* @__PURE__ */ u(
        "span",
        {
          class: "chip",
          "data-testid": `legend-${kind}`,
          title: TEXT.mark.help[kind](RULE.factor, RULE.spreads, RULE.reach),
          children: [
            /* @__PURE__ */ u("svg", { class: `mark-shape ${kind}`, width: "10", height: "10", viewBox: "0 0 10 10", "aria-hidden": "true", children: /* @__PURE__ */ u("path", { class: "shape", d: markPath(kind, 5, 5) }) }),
            TEXT.mark.legend[kind]
          ]
        },
        kind
      ))
    ] }),
    sampled && /* @__PURE__ */ u("div", { class: "sampled", title: TEXT.mark.sampledHelp, "data-testid": "sampled", children: TEXT.mark.sampled(sampled.kept, sampled.written) })
  ] });
}
function ScaleRamp({ scale, ends, middle }) {
  const store = useStore();
  const colours = palette(scale.diverging, store.dark.value);
  const inner = ticks(scale, 6).filter((value) => {
    const t = toUnit(scale, value);
    return t > 0.28 && t < 0.72;
  });
  inner.sort((a, b) => Math.abs(toUnit(scale, a) - 0.5) - Math.abs(toUnit(scale, b) - 0.5));
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u("div", { class: "ramp", children: [
      ends.has("under") && /* @__PURE__ */ u("i", { class: "cap", style: { background: css(colours.under) }, title: TEXT.state.under }),
      /* @__PURE__ */ u(Ramp, { colours }),
      ends.has("over") && /* @__PURE__ */ u("i", { class: "cap", style: { background: css(colours.over) }, title: TEXT.state.over })
    ] }),
    /* @__PURE__ */ u("div", { class: "ends", children: [
      /* @__PURE__ */ u("span", { children: tickOf(scale, scale.lo) }),
      middle && /* @__PURE__ */ u("span", { class: "inner", style: { left: `${100 * toUnit(scale, middle.value)}%` }, title: middle.title, children: middle.text }),
      (middle ? [] : inner.slice(0, 1)).map((value) => /* @__PURE__ */ u("span", { class: "inner", style: { left: `${100 * toUnit(scale, value)}%` }, children: tickOf(scale, value) }, value)),
      /* @__PURE__ */ u("span", { children: tickOf(scale, scale.hi) })
    ] })
  ] });
}
function Ramp({ colours }) {
  const ref = A(null);
  _(() => {
    const g = ref.current?.getContext("2d");
    if (!g) return;
    for (let i = 0; i < 256; i++) {
      g.fillStyle = css(tableColour(colours, i / 255));
      g.fillRect(i, 0, 1, 1);
    }
  }, [colours]);
  return /* @__PURE__ */ u("canvas", { class: "bar", width: 256, height: 1, ref });
}
export {
  Legend as L,
  Ramp as R,
  markPath as m,
  rugPath as r
};
