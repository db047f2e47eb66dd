import { type ReadonlySignal, untracked } from "@preact/signals";
import { AbortScope, type Following, follow } from "../../../data/follow";
import type { QueryClient } from "../../../data/query_client";
import type { Store } from "../../../data/store";
import { isGain } from "../../../lib/gain";
import type { Line, Row, RunSeries, Source } from "../../../lib/types";
import {
  bandRequests,
  blockRequests,
  type ExactRequest,
  lineRequests,
  nearRequests,
  zoomRequests,
} from "../model_requests";
import type { Zoom } from "../model_zoom";
import { CursorRest } from "./cursor_rest";
import type { DetailOf, Exact } from "./exact";

/** Signals that decide which exact values are needed. */
export interface Wanted {
  /** Kind and statistic. */
  of: ReadonlySignal<string>;
  series: ReadonlySignal<readonly RunSeries[]>;
  windowed: ReadonlySignal<readonly RunSeries[]>;
  zoom: ReadonlySignal<Zoom | null>;
  rows: ReadonlySignal<readonly Row[]>;
  lines: ReadonlySignal<readonly Line[]>;
  step: ReadonlySignal<number>;
  line: ReadonlySignal<number>;
  banded: ReadonlySignal<boolean>;
}

/**
 * Queries for the values that the columns of large runs do not contain: the zoom, the steps around the cursor, the
 * selected line, collapsed blocks, percentiles. Each sends one round of requests at a time, once the cursor rests.
 */
export class ExactQueries {
  private readonly stops: (() => void)[];
  private readonly rest: CursorRest;
  /** Selecting another statistic aborts all requests and discards the exact values. */
  private readonly scope = new AbortScope(() => this.exact.forget());

  constructor(
    private readonly store: Store,
    private readonly client: QueryClient,
    private readonly source: Source,
    private readonly wanted: Wanted,
    private readonly exact: Exact,
    private readonly failed: (message: string) => void,
  ) {
    this.rest = new CursorRest(store);
    const { series } = wanted;
    const reduced = () => this.reduced;
    this.stops = [
      // Each run's response updates one heat map, so it is shown at once.
      this.follow({
        missing: () => this.missingZoom(),
        begin: () => this.handlerFor(series.value, (details, found) => exact.keepZoomed(found, details)),
        each: true,
      }),
      this.follow({
        missing: () => this.missingNear(),
        begin: () => this.handlerFor(reduced(), (details, found) => exact.keepNear(found, details)),
      }),
      this.follow({
        missing: () => this.missingLine(),
        begin: () => this.handlerFor(reduced(), (details, found) => exact.keepLines("lines", found, details)),
      }),
      this.follow({
        missing: () => this.missingBlocks(),
        begin: () =>
          this.handlerFor(reduced(), (details, found) => exact.keepLines("blocks", found, details)),
        each: true,
      }),
      this.follow({
        missing: () => this.missingBands(),
        begin: () =>
          this.handlerFor(reduced(), (details, found) => exact.keepBands(found, details, store.source.value)),
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.rest.dispose();
    this.scope.dispose();
  }

  private follow(
    what: Pick<Following<ExactRequest, RunSeries[]>, "missing" | "begin"> & { each?: boolean },
  ): () => void {
    return follow<ExactRequest, RunSeries[]>({
      ...what,
      fetch: (request, signal) => this.fetch(request, signal),
      scope: () => this.scope.of(this.wanted.of.value),
      debounce: (since) => this.rest.left(since),
      isHidden: () => this.client.hidden,
      failed: this.failed,
    });
  }

  private async fetch(request: ExactRequest, signal: AbortSignal): Promise<RunSeries[]> {
    const { store } = this;
    const body = { kind: store.kind.peek(), statistics: [store.source.peek()], ...request };
    const load = async (abort: AbortSignal) => ({
      header: await this.source.series(body, abort),
      bytes: 0,
    });
    const options = { signal, load, keep: false, priority: "later" } as const;
    return (await this.client.fetch("series", body, options)).series;
  }

  /** Return a handler of responses. It labels them with the series, statistic and zoom at the time of the request. */
  private handlerFor(
    base: readonly RunSeries[],
    take: (details: DetailOf, found: RunSeries[]) => void,
  ): (results: RunSeries[][]) => void {
    const runs = new Map(base.map((series) => [series.run, series]));
    const [of, zoom] = [this.wanted.of.peek(), this.wanted.zoom.peek()];
    const details: DetailOf = (run) => ({ base: runs.get(run)!, of, zoom });
    return (results) => untracked(() => take(details, results.flat()));
  }

  /** Runs that are drawn in columns. In a zoom, only those that have loaded for it. */
  private get reduced(): RunSeries[] {
    const { series, windowed, zoom } = this.wanted;
    const drawn = windowed.value.filter(({ reduced }) => reduced);
    if (zoom.value === null) return drawn;
    const whole = new Map(series.value.map((one) => [one.run, one]));
    return drawn.filter((one) => this.exact.zoomedOf(whole.get(one.run)!, zoom.value) === one);
  }

  private missingZoom(): ExactRequest[] {
    const zoom = this.wanted.zoom.value;
    if (zoom === null) return [];
    const lacking = this.wanted.series.value.filter(
      (series) => series.reduced && !this.exact.zoomedOf(series, zoom),
    );
    return zoomRequests(lacking, zoom);
  }

  private missingNear(): ExactRequest[] {
    const near = this.exact.near.value;
    return nearRequests(this.reduced, this.wanted.step.value, (series) => {
      const has = near.get(series.run);
      return has?.base === series ? has.series : undefined;
    });
  }

  private missingLine(): ExactRequest[] {
    const { wanted, reduced } = this;
    const at = wanted.line.value;
    if (reduced.length === 0 || at < 0 || this.isGain) return [];
    const have = this.exact.lines.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return lineRequests(reduced, wanted.lines.value, at, wanted.rows.value, has, wanted.zoom.value);
  }

  private missingBlocks(): ExactRequest[] {
    const { wanted } = this;
    const blocks = wanted.lines.value.filter(({ type }) => type === "block");
    if (blocks.length === 0 || this.isGain) return [];
    const have = this.exact.blocks.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return blockRequests(this.reduced, blocks, wanted.rows.value, has, wanted.zoom.value);
  }

  private missingBands(): ExactRequest[] {
    const { wanted } = this;
    if (!wanted.banded.value) return [];
    const lines = wanted.lines.value.filter(({ type }) => type !== "header");
    const have = this.exact.bands.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return bandRequests(this.reduced, lines, wanted.rows.value, has, wanted.zoom.value);
  }

  /** The page derives gains from several rows, so the server cannot return a line of them. */
  private get isGain(): boolean {
    return isGain(this.store.kind.value, this.store.statistic.value);
  }
}
