import { batch, effect, untracked } from "@preact/signals";
import { MARK_TAGS } from "../derive/marks";
import { CELL, type RunSeries, type ScalarSeries, type Source } from "../types";
import { LOG_PREFIX } from "./constants";
import type { Loaded, Store } from "./store";

/** Most that the route takes in one request. */
const MOST_RUNS = 500;

/**
 * Keeps the store filled: fetches what is chosen and not yet there, drops answers that came too late, and on
 * reload fetches again while the old values stay on the page.
 */
export class Loader {
  private readonly cache = new Map<string, Map<string, Loaded>>();
  private listing: AbortController | null = null;
  private fetching: AbortController | null = null;
  private readonly windows = new Map<string, ScalarSeries[]>();
  private fetchingWindows: AbortController | null = null;
  private readonly stops: (() => void)[];
  private stale = false;
  private reloading = false;

  constructor(
    private readonly store: Store,
    private readonly source: Source,
    private readonly isHidden: () => boolean,
  ) {
    this.stops = [
      effect(() => {
        const kind = store.kind.value;
        const statistic = store.source.value;
        const runs = store.shown.value;
        if (store.runs.value !== null && !this.reloading && store.usesSeries.value)
          untracked(() => void this.want(kind, statistic, runs, false));
      }),
      effect(() => {
        const runs = store.shown.value;
        if (store.runs.value !== null && !this.reloading) untracked(() => void this.wantWindows(runs, false));
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    for (const one of [this.listing, this.fetching, this.fetchingWindows]) one?.abort();
  }

  /** A hidden tab only remembers that it is out of date. */
  async reload(): Promise<void> {
    if (this.isHidden()) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.listing?.abort();
    const controller = new AbortController();
    this.listing = controller;
    const { store } = this;
    try {
      const runs = await this.source.runs(controller.signal);
      if (controller.signal.aborted) return;
      this.cache.clear();
      // What is shown is asked for below, all of it: the effect above need not ask for what is new.
      this.reloading = true;
      batch(() => {
        store.runs.value = runs;
        store.runsError.value = null;
      });
      this.reloading = false;
      const used = store.usesSeries.value;
      const series = used && this.want(store.kind.value, store.source.value, store.shown.value, true);
      const windows = this.wantWindows(store.shown.value, true);
      await Promise.all([series, windows, this.loadScalars(controller)]);
    } catch (error) {
      if (!controller.signal.aborted) store.runsError.value = message(error);
    }
  }

  /** Refresh when the tab is shown again, if there was a reload meanwhile. */
  async shown(): Promise<void> {
    if (this.stale) await this.reload();
  }

  private async loadScalars(controller: AbortController): Promise<void> {
    const runs = this.store.names.value.slice(0, MOST_RUNS);
    if (runs.length === 0) return;
    try {
      const request = { runs, tags: null, prefix: LOG_PREFIX, last: true };
      const scalars = await this.source.scalars(request, controller.signal);
      if (!controller.signal.aborted) this.store.scalars.value = scalars;
    } catch {
      // The figures beside the runs are a courtesy: without them the page is whole.
      if (!controller.signal.aborted) this.store.scalars.value = [];
    }
  }

  /** What happened between logged steps: it is the runs', whatever statistic of theirs is shown. */
  private async wantWindows(runs: readonly string[], again: boolean): Promise<void> {
    const { store, windows } = this;
    if (again) windows.clear();
    const wanted = runs.filter((run) => !windows.has(run)).slice(0, MOST_RUNS);
    this.fetchingWindows?.abort();
    this.fetchingWindows = null;
    if (wanted.length === 0) {
      store.windowsError.value = null;
      return;
    }
    const controller = new AbortController();
    this.fetchingWindows = controller;
    try {
      const request = { runs: wanted, tags: [...MARK_TAGS], prefix: "nnviz/", last: false };
      const series = await this.source.scalars(request, controller.signal);
      if (controller.signal.aborted) return;
      for (const run of wanted)
        windows.set(
          run,
          series.filter((one) => one.run === run),
        );
      batch(() => {
        store.windows.value = new Map([...store.windows.value, ...windows]);
        store.windowsError.value = null;
      });
    } catch (error) {
      if (!controller.signal.aborted) store.windowsError.value = message(error);
    }
  }

  private async want(
    kind: string,
    statistic: string,
    runs: readonly string[],
    again: boolean,
  ): Promise<void> {
    const { store } = this;
    const key = `${kind}/${statistic}`;
    const had = this.cache.get(key) ?? new Map<string, Loaded>();
    this.cache.set(key, had);
    const wanted = again ? [...runs] : runs.filter((run) => !had.has(run));
    this.fetching?.abort();
    this.fetching = null;
    if (!again) this.show(key, had);
    if (wanted.length === 0) {
      store.loading.value = false;
      return;
    }
    const controller = new AbortController();
    this.fetching = controller;
    store.loading.value = true;
    try {
      const request = { runs: wanted.slice(0, MOST_RUNS), kind, statistics: [statistic] };
      const answer = await this.source.series(request, controller.signal);
      if (controller.signal.aborted) return;
      for (const run of wanted) had.delete(run);
      for (const { run, reason } of answer.missing) had.set(run, { reason });
      for (const series of answer.series) if (series.values[statistic]) had.set(series.run, { series });
      for (const run of wanted) if (!had.has(run)) had.set(run, { reason: "" });
      batch(() => {
        store.loading.value = false;
        store.seriesError.value = null;
        this.show(key, had);
      });
      await this.loadNonfinite(kind, statistic, answer.series, controller);
    } catch (error) {
      if (controller.signal.aborted) return;
      batch(() => {
        store.loading.value = false;
        store.seriesError.value = message(error);
      });
    }
  }

  private shownKey = "";

  private show(key: string, values: Map<string, Loaded>): void {
    const { store } = this;
    const sameStatistic = this.shownKey === key;
    this.shownKey = key;
    // Another statistic's values never stand under this one's name; of this one, old values stay until new come.
    const kept = sameStatistic ? [...store.loaded.value].filter(([run]) => store.order.value.has(run)) : [];
    store.loaded.value = new Map([...kept, ...values]);
    store.seriesError.value = null;
  }

  /** How many elements are NaN or Inf, where anything is: asked for only then. */
  private async loadNonfinite(
    kind: string,
    statistic: string,
    series: readonly RunSeries[],
    controller: AbortController,
  ): Promise<void> {
    const counted = this.store.statistics.value.some(
      (one) => one.kind === kind && one.names.includes("nonfinite"),
    );
    const bad = counted ? series.filter((one) => hasNonfinite(one, statistic)).map(({ run }) => run) : [];
    const map = new Map(this.store.nonfinite.value);
    if (bad.length > 0) {
      try {
        const request = { runs: bad, kind, statistics: ["nonfinite", "count"] };
        const answer = await this.source.series(request, controller.signal);
        for (const one of answer.series) map.set(`${kind}/${one.run}`, one);
      } catch {
        // Without them the tooltip says only that something is not finite.
      }
    }
    if (!controller.signal.aborted) this.store.nonfinite.value = map;
  }
}

function hasNonfinite(series: RunSeries, statistic: string): boolean {
  const values = series.values[statistic];
  return values?.some((value, i) => series.absent[i] === CELL.value && !Number.isFinite(value)) ?? false;
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
