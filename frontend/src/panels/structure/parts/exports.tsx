import { tick } from "../../../lib/format";
import { useStore } from "../../../ui/context";
import { Exports, fileName } from "../../../ui/exports";
import { statisticName, UI_TEXT } from "../../../ui/text";
import { structureCsv } from "../csv";
import type { Values } from "../data";
import type { Models } from "../model";
import { TEXT } from "../text";
import { MAX_PRINTED } from "./table";

/** Return the drawing and the texts that explain it. The table is not part of an SVG file. */
const drawingParts = () =>
  ["architectures", "structure-graph", "legend"].flatMap((name) => [
    ...document.querySelectorAll<HTMLElement>(`[data-testid="structure-picture"] [data-testid="${name}"]`),
  ]);

interface Props {
  models: Models | null;
  values: Values;
  place: number;
  /** Number of lines of the table. */
  lines: number;
  /** True if a graph is drawn. */
  hasGraph: boolean;
}

export function StructureExports({ models, values, place, lines, hasGraph }: Props) {
  const store = useStore();
  const statistic = `${store.kind.value}_${store.statistic.value.replace("~", "")}`;
  const run = models?.runs[place]?.run ?? "";
  const { scale, step } = values;
  return (
    <Exports
      names={{
        png: fileName("structure", run, statistic, `step_${step}`),
        csv: fileName("structure", statistic, `step_${step}`),
      }}
      picture={() => ({
        title: `${TEXT.title}: ${statisticName(store.kind.value, store.statistic.value)}`,
        facts: [
          UI_TEXT.stepFact(step),
          TEXT.runFact(run),
          UI_TEXT.scaleFact(UI_TEXT[scale.mode], tick(scale.lo), tick(scale.hi)),
          lines > MAX_PRINTED && UI_TEXT.firstLines(MAX_PRINTED, lines),
        ],
      })}
      png={() => document.querySelector<HTMLElement>('[data-testid="structure-picture"]')}
      {...(hasGraph ? { svg: drawingParts } : {})}
      csv={() => (models ? structureCsv(models, values, statistic) : "")}
      disabled={!models || models.modules.length === 0 || values.loading}
    />
  );
}
