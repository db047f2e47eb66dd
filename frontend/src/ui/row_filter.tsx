import { parseFilter } from "../lib/format";
import { useStore } from "./context";
import { UI_TEXT } from "./text";

/** Filter for layers, shared by all panels that list layers. */
export function RowFilter({ placeholder = UI_TEXT.rowFilter }: { placeholder?: string }) {
  const store = useStore();
  const bad = parseFilter(store.view.rowFilter.value) === null;
  return (
    <input
      class={bad ? "field bad" : "field"}
      type="search"
      spellcheck={false}
      placeholder={placeholder}
      aria-label={UI_TEXT.rowFilterName}
      aria-invalid={bad}
      title={bad ? UI_TEXT.badFilter : UI_TEXT.rowFilterName}
      data-testid="row-filter"
      value={store.view.rowFilter.value}
      onInput={(event) => {
        store.view.rowFilter.value = event.currentTarget.value;
      }}
    />
  );
}
