import { useStore } from "../../../ui/context";
import { Exports } from "../../../ui/exports";
import { structureCsv } from "../csv";
import type { Values } from "../data";
import type { Models } from "../model";

export function StructureExports({
  models,
  values,
  place,
}: {
  models: Models | null;
  values: Values;
  place: number;
}) {
  const store = useStore();
  const statistic = `${store.kind.value}_${store.statistic.value.replace("~", "")}`;
  return (
    <Exports
      name={`nnviz_structure_${models?.runs[place]?.run.replaceAll("/", "_") ?? ""}_step_${values.step}`}
      png={() => document.querySelector<HTMLElement>('[data-testid="structure"]')}
      csv={() => (models ? structureCsv(models, values, statistic) : "")}
      disabled={!models || models.modules.length === 0 || values.loading}
    />
  );
}
