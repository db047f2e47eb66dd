import { u as useStore, a as u, N as Mark, K as shapeOf, ak as metric, T as TEXT, ah as compile } from "./main-B9rrWoHG.js";
const NARROW = 124;
function RunHead({ run, width, note, tone }) {
  const store = useStore();
  const headline = store.headlines.value.get(run);
  return /* @__PURE__ */ u("div", { class: "run-head", title: run, children: [
    /* @__PURE__ */ u(Mark, { colour: store.colour(run), shape: shapeOf(store.order.value.get(run) ?? 0) }),
    /* @__PURE__ */ u("b", { children: store.shortNames.value.get(run) ?? run }),
    width >= NARROW && (note !== void 0 ? /* @__PURE__ */ u("span", { class: tone, title: note, children: note }) : headline && /* @__PURE__ */ u("span", { title: TEXT.metricTitle(headline.name, headline.step), children: metric(headline.name, headline.value) }))
  ] });
}
function RowFilter({ placeholder = TEXT.rowFilter }) {
  const store = useStore();
  const bad = compile(store.view.rowFilter.value) === null;
  return /* @__PURE__ */ u(
    "input",
    {
      class: bad ? "field bad" : "field",
      type: "search",
      spellcheck: false,
      placeholder,
      "aria-label": TEXT.rowFilterName,
      "aria-invalid": bad,
      title: bad ? TEXT.badFilter : TEXT.rowFilterName,
      "data-testid": "row-filter",
      value: store.view.rowFilter.value,
      onInput: (event) => {
        store.view.rowFilter.value = event.currentTarget.value;
      }
    }
  );
}
export {
  RowFilter as R,
  RunHead as a
};
