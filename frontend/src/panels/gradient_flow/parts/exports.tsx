import type { QueryClient } from "../../../data/query_client";
import type { Store } from "../../../data/store";
import { useQueryClient } from "../../../data/use_query";
import { loggedSteps } from "../../../lib/columns";
import { csvHead, toCsv } from "../../../lib/csv";
import { tick, tickOf } from "../../../lib/format";
import { allSteps } from "../../../lib/steps";
import type { RunSeries } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Exports, fileName, type OnProgress, stepsPart } from "../../../ui/exports";
import { roleName, statisticName, UI_TEXT } from "../../../ui/text";
import { csvChunks, readWhole, type Shown } from "../csv";
import { useFlow } from "../state/context";
import type { Flow } from "../state/flow";
import { TEXT } from "../text";

export function FlowExports() {
  const store = useStore();
  const flow = useFlow();
  const client = useQueryClient();
  const reference = () =>
    flow.picture.compared.value ? (flow.picture.plainOf.value.get(store.ref.value ?? "") ?? null) : null;
  const { grids, scale } = flow.picture;
  const { lines } = flow.rows;
  const inColumns = grids.value.some(({ reduced }) => reduced);
  const { compared } = flow.picture;
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const steps = flow.steps.windowed.value.map((one) => loggedSteps(one));
  const range = allSteps(steps);
  const against = compared.value && store.ref.value !== null;
  const name = [
    store.kind.value,
    store.statistic.value.replace("~", ""),
    against && `vs_${store.ref.value}`,
  ] as const;
  const picture = () => {
    const { mode, lo, hi, factor } = scale.value;
    const thresholds = flow.picture.thresholds.value;
    const line = lines.value[flow.cursor.line.value];
    return {
      title: `${TEXT.title}: ${against ? TEXT.against(statistic, store.ref.value!) : statistic}`,
      facts: [
        flow.rows.roles.value.length > 0 && roleName(flow.rows.role.value),
        range.length > 0 && UI_TEXT.stepsFact(range[0], range[range.length - 1]),
        UI_TEXT.cursorFact(flow.cursor.step.value),
        line ? UI_TEXT.layerFact(line.key.replace(/\.\*$/, "")) : null,
        UI_TEXT.scaleFact(
          factor ? TEXT.factors : UI_TEXT[mode],
          tickOf(scale.value, lo),
          tickOf(scale.value, hi),
        ),
        thresholds && TEXT.thresholdFact(tick(thresholds.vanishing), tick(thresholds.exploding)),
        store.view.rowFilter.value !== "" && TEXT.filterFact(store.view.rowFilter.value),
      ],
    };
  };
  return (
    <Exports
      names={{
        png: fileName(...name, stepsPart(range)),
        csv: fileName(...name, stepsPart(range)),
      }}
      picture={picture}
      png={() => document.querySelector<HTMLElement>('[data-testid="stage"]')}
      {...(inColumns && { csvTitle: TEXT.csvEvery })}
      csv={(onProgress, abort) =>
        inColumns
          ? whole(store, flow, client, onProgress, abort)
          : toCsv(grids.value, lines.value, scale.value, reference())
      }
      disabled={flow.picture.grids.value.length === 0}
    />
  );
}

/** Return a CSV file of every logged step. Runs that are shown in columns are fetched one after the other. */
async function whole(
  store: Store,
  flow: Flow,
  client: QueryClient,
  onProgress: OnProgress,
  abort: AbortSignal,
): Promise<Blob> {
  const [runs, ref, zoom] = [flow.steps.windowed.value, store.ref.value, flow.steps.zoom.value];
  const [kind, statistics] = [store.kind.value, [store.source.value]];
  const shown: Shown = {
    kind,
    statistic: store.statistic.value,
    lines: flow.rows.lines.value,
    rows: flow.rows.union.value.rows,
    scale: flow.picture.scale.value,
    comparison: flow.picture.compared.value ? flow.picture.comparison.value : null,
  };
  // A run's values are used only once, so they are not cached.
  const once = { signal: abort, keep: false };
  const range = zoom === null ? {} : { from: zoom[0], to: zoom[1] };
  const every = async (series: RunSeries) =>
    series.reduced
      ? readWhole(await client.fetch("series", { runs: [series.run], kind, statistics, ...range }, once))
      : series;
  const compared = shown.comparison ? runs.find(({ run }) => run === ref) : undefined;
  const reference = compared ? await every(compared) : null;
  // A browser can keep blobs outside of the page's memory, so each part becomes one at once.
  const parts = [new Blob([csvHead(reference !== null)])];
  for (const [i, one] of runs.entries()) {
    const series = one === compared ? reference : await every(one);
    for (const { text, share } of series ? csvChunks(series, shown, reference) : []) {
      parts.push(new Blob([text]));
      onProgress((i + share) / runs.length);
      await new Promise((done) => setTimeout(done));
      abort.throwIfAborted();
    }
  }
  return new Blob(parts, { type: "text/csv" });
}
