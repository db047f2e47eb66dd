import { compile } from "../derive/filter";
import { TEXT } from "../text";
import { useStore } from "./context";

/** Which layers are listed, in every panel that lists them. */
export function RowFilter({ placeholder = TEXT.rowFilter }: { placeholder?: string }) {
  const store = useStore();
  const bad = compile(store.view.rowFilter.value) === null;
  return (
    <input
      class={bad ? "field bad" : "field"}
      type="search"
      spellcheck={false}
      placeholder={placeholder}
      aria-label={TEXT.rowFilterName}
      aria-invalid={bad}
      title={bad ? TEXT.badFilter : TEXT.rowFilterName}
      data-testid="row-filter"
      value={store.view.rowFilter.value}
      onInput={(event) => {
        store.view.rowFilter.value = event.currentTarget.value;
      }}
    />
  );
}
