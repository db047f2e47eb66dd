import { toCsv } from "../../derive/csv";
import { useStore } from "../../views/context";
import { Exports } from "../../views/exports";

export function FlowExports() {
  const store = useStore();
  const reference = () =>
    store.flow.compared.value ? (store.flow.plainOf.value.get(store.ref.value ?? "") ?? null) : null;
  return (
    <Exports
      name={`nnviz_${store.kind.value}_${store.statistic.value.replace("~", "")}${store.flow.compared.value ? "_compared" : ""}_step_${store.step.value}`}
      png={() => document.querySelector<HTMLElement>('[data-testid="stage"]')}
      csv={() => toCsv(store.grids.value, store.lines.value, store.scale.value, reference())}
      disabled={store.grids.value.length === 0}
    />
  );
}
