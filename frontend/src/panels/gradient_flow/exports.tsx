import { toCsv } from "../../derive/csv";
import { useStore } from "../../views/context";
import { Exports } from "../../views/exports";

export function FlowExports() {
  const store = useStore();
  return (
    <Exports
      name={`nnviz_${store.kind.value}_${store.statistic.value.replace("~", "")}_step_${store.step.value}`}
      png={() => document.querySelector<HTMLElement>('[data-testid="stage"]')}
      csv={() => toCsv(store.grids.value, store.lines.value, store.scale.value)}
      disabled={store.grids.value.length === 0}
    />
  );
}
