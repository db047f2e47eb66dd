import { type ReadonlySignal, untracked } from "@preact/signals";
import { AbortScope, type Following, follow } from "../../../data/follow";
import type { QueryClient } from "../../../data/query_client";
import type { Store } from "../../../data/store";
import { isGain } from "../../../lib/gain";
import type { Line, Row, RunSeries, Source } from "../../../lib/types";
import { type Ask, bandAsks, blockAsks, lineAsks, nearAsks, zoomAsks } from "../model_asks";
import type { Zoom } from "../model_zoom";
import { CursorRest } from "./cursor_rest";
import type { DetailOf, Exact } from "./exact";

/** The part of the picture that decides which exact values are wanted. */
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
 * Questions for what the columns of large runs do not hold: the zoom, the steps around the cursor, the selected line,
 * collapsed blocks, percentiles. Each asks one round at a time, once the cursor rests.
 */
export class ExactQueries {
  private readonly stops: (() => void)[];
  private readonly rest: CursorRest;
  /** Another statistic aborts all questions, and nothing that is there is of use. */
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
      // Each run's answer is a heat map of its own.
      this.follow({
        lacking: () => this.lackingZoom(),
        begin: () => this.taking(series.value, (details, found) => exact.keepZoomed(found, details)),
        each: true,
      }),
      this.follow({
        lacking: () => this.lackingNear(),
        begin: () => this.taking(reduced(), (details, found) => exact.keepNear(found, details)),
      }),
      this.follow({
        lacking: () => this.lackingLine(),
        begin: () => this.taking(reduced(), (details, found) => exact.keepLines("lines", found, details)),
      }),
      this.follow({
        lacking: () => this.lackingBlocks(),
        begin: () => this.taking(reduced(), (details, found) => exact.keepLines("blocks", found, details)),
        each: true,
      }),
      this.follow({
        lacking: () => this.lackingBands(),
        begin: () =>
          this.taking(reduced(), (details, found) => exact.keepBands(found, details, store.source.value)),
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.rest.dispose();
    this.scope.dispose();
  }

  private follow(
    what: Pick<Following<Ask, RunSeries[]>, "lacking" | "begin"> & { each?: boolean },
  ): () => void {
    return follow<Ask, RunSeries[]>({
      ...what,
      ask: (question, signal) => this.ask(question, signal),
      scope: () => this.scope.of(this.wanted.of.value),
      debounce: (since) => this.rest.left(since),
      isHidden: () => this.client.hidden,
      failed: this.failed,
    });
  }

  private async ask(question: Ask, signal: AbortSignal): Promise<RunSeries[]> {
    const { store } = this;
    const request = { kind: store.kind.peek(), statistics: [store.source.peek()], ...question };
    const load = async (abort: AbortSignal) => ({
      header: await this.source.series(request, abort),
      bytes: 0,
    });
    const options = { signal, load, keep: false, priority: "later" } as const;
    return (await this.client.ask("series", request, options)).series;
  }

  /** Return what takes answers: they go with what is there when they are asked for. */
  private taking(
    base: readonly RunSeries[],
    take: (details: DetailOf, found: RunSeries[]) => void,
  ): (answers: RunSeries[][]) => void {
    const runs = new Map(base.map((series) => [series.run, series]));
    const [of, zoom] = [this.wanted.of.peek(), this.wanted.zoom.peek()];
    const details: DetailOf = (run) => ({ base: runs.get(run)!, of, zoom });
    return (answers) => untracked(() => take(details, answers.flat()));
  }

  /** Runs in columns as they are drawn. Within a zoom: those that have come for it. */
  private get reduced(): RunSeries[] {
    const { series, windowed, zoom } = this.wanted;
    const drawn = windowed.value.filter(({ reduced }) => reduced);
    if (zoom.value === null) return drawn;
    const whole = new Map(series.value.map((one) => [one.run, one]));
    return drawn.filter((one) => this.exact.zoomedOf(whole.get(one.run)!, zoom.value) === one);
  }

  private lackingZoom(): Ask[] {
    const zoom = this.wanted.zoom.value;
    if (zoom === null) return [];
    const lacking = this.wanted.series.value.filter(
      (series) => series.reduced && !this.exact.zoomedOf(series, zoom),
    );
    return zoomAsks(lacking, zoom);
  }

  private lackingNear(): Ask[] {
    const near = this.exact.near.value;
    return nearAsks(this.reduced, this.wanted.step.value, (series) => {
      const has = near.get(series.run);
      return has?.base === series ? has.series : undefined;
    });
  }

  private lackingLine(): Ask[] {
    const { wanted, reduced } = this;
    const at = wanted.line.value;
    if (reduced.length === 0 || at < 0 || this.isGain) return [];
    const have = this.exact.lines.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return lineAsks(reduced, wanted.lines.value, at, wanted.rows.value, has, wanted.zoom.value);
  }

  private lackingBlocks(): Ask[] {
    const { wanted } = this;
    const blocks = wanted.lines.value.filter(({ type }) => type === "block");
    if (blocks.length === 0 || this.isGain) return [];
    const have = this.exact.blocks.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return blockAsks(this.reduced, blocks, wanted.rows.value, has, wanted.zoom.value);
  }

  private lackingBands(): Ask[] {
    const { wanted } = this;
    if (!wanted.banded.value) return [];
    const lines = wanted.lines.value.filter(({ type }) => type !== "header");
    const have = this.exact.bands.value;
    const has = (series: RunSeries, key: string) => have.get(series.run)?.get(key)?.base === series;
    return bandAsks(this.reduced, lines, wanted.rows.value, has, wanted.zoom.value);
  }

  /** The page derives gains from several rows: the server knows no lines of them. */
  private get isGain(): boolean {
    return isGain(this.store.kind.value, this.store.statistic.value);
  }
}
