import { signal } from "@preact/signals";
import type { QueryClient } from "../../../data/query_client";
import { CELL, type RunSeries, type Source } from "../../../lib/types";

/** Query for the numbers of NaN and Inf elements. It requests only runs that contain any and are not in columns. */
export class NonfiniteQuery {
  /** `nonfinite` and `count`, by kind and run. */
  readonly data = signal<ReadonlyMap<string, RunSeries>>(new Map());
  private abort = new AbortController();

  constructor(
    private readonly client: QueryClient,
    private readonly source: Source,
  ) {}

  dispose(): void {
    this.abort.abort();
  }

  async fetch(kind: string, statistic: string, series: readonly RunSeries[]): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const runs = series
      .filter((one) => hasNonfinite(one, statistic))
      // Skip runs whose counts at the same steps have loaded.
      .filter((one) => this.data.peek().get(`${kind}/${one.run}`)?.steps.length !== one.steps.length)
      .map(({ run }) => run);
    if (runs.length === 0) return;
    const request = { runs, kind, statistics: ["nonfinite", "count"] };
    const load = async (abort: AbortSignal) => ({
      header: await this.source.series(request, abort),
      bytes: 0,
    });
    try {
      const options = { signal, load, keep: false, priority: "later" } as const;
      const response = await this.client.fetch("series", request, options);
      if (signal.aborted) return;
      const map = new Map(this.data.peek());
      for (const one of response.series) map.set(`${kind}/${one.run}`, one);
      this.data.value = map;
    } catch {
      // Without counts the tooltip shows only that there are NaN or Inf.
    }
  }
}

function hasNonfinite(series: RunSeries, statistic: string): boolean {
  if (series.reduced) return false;
  const values = series.values.get(statistic);
  return values?.some((value, i) => series.absent[i] === CELL.value && !Number.isFinite(value)) ?? false;
}
