import type { ScalarSeries, ScalarsRequest, Source } from "../lib/types";
import type { QueryClient } from "./query_client";
import { RunsQuery } from "./runs_query";

/** Query for the scalars of some tags, by run. */
export class RunScalars extends RunsQuery<readonly ScalarSeries[]> {
  private readonly runsRequest;

  constructor(
    client: QueryClient,
    source: Source,
    request: Omit<ScalarsRequest, "runs">,
    options: { adds?: boolean } = {},
  ) {
    super(client, { ...options, bytesOf, priority: "later" });
    this.runsRequest = {
      key: `scalars ${JSON.stringify(request)}`,
      load: async (runs: string[], signal: AbortSignal) => {
        const body = { runs, ...request };
        const load = async (abort: AbortSignal) => ({
          header: await source.scalars(body, abort),
          bytes: 0,
        });
        const options = { signal, load, keep: false, priority: "later" } as const;
        const series = await client.fetch("scalars", body, options);
        return new Map(runs.map((run) => [run, series.filter((one) => one.run === run)]));
      },
    };
  }

  fetch(runs: readonly string[]): Promise<boolean> {
    return this.fetchRuns(this.runsRequest, runs);
  }
}

const bytesOf = (series: readonly ScalarSeries[]) =>
  series.reduce((sum, { steps, values }) => sum + steps.byteLength + values.byteLength, 0);
