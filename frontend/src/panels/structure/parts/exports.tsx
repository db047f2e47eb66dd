import { exact } from "../../../lib/format";
import { CELL } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Exports } from "../../../ui/exports";
import type { Models, Values } from "../data";
import { sums } from "../model";

const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Every module of every run: what the table shows, folded or not, and the statistic at the cursor's step. */
function structureCsv(models: Models, values: Values, statistic: string): string {
  const head =
    "run,layer,type,input_shape,output_shape,parameters,trainable,shared,buffers,calls,output_bytes";
  const out = [`${head},step,${quote(statistic)}`];
  models.runs.forEach(({ run }, place) => {
    for (const module of models.modules) {
      const facts = module.facts[place];
      if (!facts) continue;
      const own = sums([module], place);
      const { state, value } = values.cell(run, module.name);
      const shape = (sizes: readonly (number | null)[] | null) => sizes?.map((n) => n ?? "?").join("x") ?? "";
      const figures = [
        own.parameters,
        own.trainable,
        own.shared,
        own.buffers,
        facts.calls ?? "",
        own.bytes ?? "",
      ];
      const shown = state === CELL.absent || state === CELL.undefined ? "" : exact(value);
      out.push(
        [
          quote(run),
          quote(module.name),
          facts.type,
          shape(facts.input),
          shape(facts.output),
          ...figures,
          values.step,
          shown,
        ].join(","),
      );
    }
  });
  return `${out.join("\n")}\n`;
}

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
      disabled={!models || models.modules.length === 0}
    />
  );
}
