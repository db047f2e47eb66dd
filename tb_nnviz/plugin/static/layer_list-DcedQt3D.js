import { u as useStore, W as useSize, d, ah as compile, A, _, a as u, T as TEXT } from "./main-B9rrWoHG.js";
import { R as RowFilter } from "./row_filter-Cq3G-TES.js";
const LINE = 24;
function LayerList({ items, selected, select }) {
  const store = useStore();
  const { ref, height } = useSize();
  const [top, setTop] = d(0);
  const filter = compile(store.view.rowFilter.value);
  const last = A(/(?:)/i);
  if (filter) last.current = filter;
  const shown = items.flatMap((item, i) => last.current.test(item.name) ? [{ item, i }] : []);
  const at = shown.findIndex(({ i }) => i === selected);
  _(() => {
    const box = ref.current;
    if (!box || at < 0 || height === 0) return;
    if (at * LINE < box.scrollTop) box.scrollTop = at * LINE;
    else if ((at + 1) * LINE > box.scrollTop + height) box.scrollTop = (at + 1) * LINE - height;
  }, [at, height]);
  const move = (by) => {
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))];
    if (next) select(next.item);
  };
  const first = Math.max(0, Math.floor(top / LINE) - 4);
  const visible = shown.slice(first, first + Math.ceil(height / LINE) + 8);
  return /* @__PURE__ */ u("div", { class: "layers", children: [
    /* @__PURE__ */ u(RowFilter, {}),
    /* @__PURE__ */ u(
      "div",
      {
        class: "layer-list",
        ref,
        role: "listbox",
        "aria-label": TEXT.layers,
        "aria-activedescendant": at >= 0 ? `layer-${at}` : void 0,
        tabIndex: 0,
        onScroll: (event) => setTop(event.currentTarget.scrollTop),
        onKeyDown: (event) => {
          const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
          if (by === void 0) return;
          event.preventDefault();
          event.stopPropagation();
          move(by);
        },
        children: [
          /* @__PURE__ */ u("div", { style: { height: `${shown.length * LINE}px` }, children: visible.map(({ item, i }, k) => /* @__PURE__ */ u(
            "div",
            {
              id: `layer-${first + k}`,
              class: i === selected ? "layer selected" : "layer",
              role: "option",
              "aria-selected": i === selected,
              tabIndex: -1,
              "aria-setsize": shown.length,
              "aria-posinset": first + k + 1,
              title: item.note ? `${item.name}
${item.note}` : item.name,
              "data-testid": `layer-${item.name}`,
              style: { top: `${(first + k) * LINE}px`, height: `${LINE}px` },
              onClick: () => select(item),
              children: [
                /* @__PURE__ */ u("span", { class: "label", children: item.name }),
                item.note && /* @__PURE__ */ u("span", { class: "note", children: item.note })
              ]
            },
            item.name
          )) }),
          shown.length === 0 && items.length > 0 && /* @__PURE__ */ u("p", { class: "none", children: TEXT.noLines })
        ]
      }
    )
  ] });
}
export {
  LayerList as L
};
