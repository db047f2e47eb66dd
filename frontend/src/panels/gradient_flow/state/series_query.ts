import type { QueryClient } from "../../../data/query_client";
import { entryKey, keyPrefix, RunsQuery, type RunsRequest } from "../../../data/runs_query";
import type { Store } from "../../../data/store";
import { asColumns, bytesOf } from "../../../lib/columns";
import { isGain } from "../../../lib/gain";
import type { RunSeries, Source } from "../../../lib/types";
import { NonfiniteQuery } from "./nonfinite_query";

/** A statistic of one run, or the reason why it is missing. */
export type Loaded = { series: RunSeries } | { reason: string };

/** Number of requests among which runs are divided. */
const REQUESTS = 12;
/** Maximum number of bytes of statistics in the cache up to which others are prefetched. */
const AHEAD_BYTES = 160e6;
/** Milliseconds to wait before prefetching, so that drawing comes first. */
const IDLE_MS = 400;

const KEY = "series";
const keyOf = (kind: string, statistic: string) => `${KEY} ${kind}/${statistic}`;

/**
 * Query for the selected statistic of the shown runs, the reference first. If there are runs in columns, it
 * prefetches the kind's other statistics.
 */
export class SeriesQuery extends RunsQuery<Loaded> {
  /** Counts of NaN and Inf, by kind and run. */
  readonly nonfinite: NonfiniteQuery;

  constructor(
    private readonly store: Store,
    client: QueryClient,
    private readonly source: Source,
  ) {
    super(client, { bytesOf: (one) => ("series" in one ? bytesOf(one.series) : 0), requests: REQUESTS });
    this.nonfinite = new NonfiniteQuery(client, source);
  }

  override dispose(): void {
    super.dispose();
    this.nonfinite.dispose();
  }

  async fetch(kind: string, statistic: string, runs: readonly string[], width: number): Promise<void> {
    const hasLoaded = await this.fetchRuns(this.requestFor(kind, statistic, width), runs);
    if (!hasLoaded) return;
    void this.prefetchOthers(kind, statistic, runs, width).catch(() => {});
    const counted = this.store.statistics
      .peek()
      .some((one) => one.kind === kind && one.names.includes("nonfinite"));
    await this.nonfinite.fetch(kind, statistic, counted ? this.seriesOf(runs) : []);
  }

  private seriesOf(runs: readonly string[]): RunSeries[] {
    return runs.flatMap((run) => {
      const one = this.data.peek().get(run);
      return one && "series" in one ? [one.series] : [];
    });
  }

  private requestFor(kind: string, statistic: string, width: number): RunsRequest<Loaded> {
    return {
      key: keyOf(kind, statistic),
      isEnough: (one) => isEnough(one, width),
      load: async (runs, signal, priority) => {
        const request = { runs, kind, statistics: [statistic], width };
        const load = async (abort: AbortSignal) => ({
          header: await this.source.series(request, abort),
          bytes: 0,
        });
        const response = await this.client.fetch("series", request, { signal, load, keep: false, priority });
        const values = new Map<string, Loaded>(runs.map((run) => [run, { reason: "" }]));
        for (const { run, reason } of response.missing) if (run !== null) values.set(run, { reason });
        for (const one of response.series.map(asColumns))
          if (one.values.has(statistic)) values.set(one.run, { series: one });
        return values;
      },
    };
  }

  /** Prefetch the kind's other statistics one by one, up to `AHEAD_BYTES`. */
  private async prefetchOthers(
    kind: string,
    statistic: string,
    runs: readonly string[],
    width: number,
  ): Promise<void> {
    const { signal } = this;
    if (!this.seriesOf(runs).some(({ reduced }) => reduced)) return;
    const { cache } = this.client;
    const names = this.store.statistics.peek().find((one) => one.kind === kind)?.names ?? [];
    const shown = cache.bytesOf(entryKey(keyOf(kind, statistic)));
    await new Promise((done) => setTimeout(done, IDLE_MS));
    for (const name of names) {
      if (name === "count" || isGain(kind, name) || this.client.hidden || signal.aborted) continue;
      if (shown + cache.bytesOf(keyPrefix(KEY)) > AHEAD_BYTES) return;
      await this.prefetch(this.requestFor(kind, name, width), runs, signal);
    }
  }
}

/** Return whether a run has all steps, or at least the requested number of columns. */
function isEnough(one: Loaded, width: number): boolean {
  if (!("series" in one) || !one.series.reduced) return true;
  const { starts, steps } = one.series.reduced;
  return starts.length >= Math.min(width, steps.length);
}
