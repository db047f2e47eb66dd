import { csvFile, csvLine } from "../../lib/csv";
import { exact } from "../../lib/format";
import { CELL } from "../../lib/types";
import { type Models, sums } from "./model";
import type { Cell } from "./model_values";

const HEAD = [
  "run",
  "layer",
  "type",
  "input_shape",
  "output_shape",
  "parameters",
  "trainable",
  "shared",
  "buffers",
  "calls",
  "output_bytes",
];

/** Values of all modules at one step. */
interface StepValues {
  step: number;
  cell: (run: string, name: string) => Cell;
}

/**
 * Return all modules of all runs as CSV, including those in collapsed blocks, with the statistic at the cursor's
 * step.
 */
export function structureCsv(models: Models, values: StepValues, statistic: string): string {
  const out: string[] = [];
  models.runs.forEach(({ run }, at) => {
    for (const module of models.modules) {
      const facts = module.facts[at];
      if (!facts) continue;
      const own = sums([module], at);
      const { state, value } = values.cell(run, module.name);
      const shape = (sizes: readonly (number | null)[] | null) => sizes?.map((n) => n ?? "?").join("x") ?? "";
      const counts = [
        own.parameters,
        own.trainable,
        own.shared,
        own.buffers,
        facts.calls ?? "",
        own.bytes ?? "",
      ];
      const shown = state === CELL.absent || state === CELL.undefined ? "" : exact(value);
      out.push(
        csvLine([
          run,
          module.name,
          facts.type,
          shape(facts.input),
          shape(facts.output),
          ...counts,
          values.step,
          shown,
        ]),
      );
    }
  });
  return csvFile([...HEAD, "step", statistic], out);
}
