import { batch, computed, effect, type ReadonlySignal, untracked } from "@preact/signals";
import type { Loaded } from "../data/shapes";
import type { Store } from "../data/store";
import { asColumns, bytesOf, widthFor } from "../lib/columns";
import { isGain } from "../lib/gain";
import { MARK_TAGS } from "../lib/marks";
import { LOG_PREFIX, NNVIZ_PREFIX } from "../lib/tags";
import { CELL, type RunSeries, type ScalarSeries, type Source } from "../lib/types";
import { chunks, Details } from "../panels/gradient_flow/state/details";

/** Most that the route takes in one request. */
const MOST_RUNS = 500;
/** Requests for series that may be under way at once, and into how many the runs are divided at most. */
const AT_ONCE = 4;
const MOST_REQUESTS = 12;
/** What is kept of statistics that are not shown. */
const MOST_BYTES = 160e6;

/**
 * Keeps the store filled: fetches what is chosen and not yet there, a few runs at a time and the reference first,
 * drops answers that came too late, and on reload fetches again while the old values stay on the page. Where runs
 * are so large that they come in columns, the other statistics are fetched ahead when there is nothing else to do.
 */
export class Loader {
  private readonly cache = new Map<string, Map<string, Loaded>>();
  private listing: AbortController | null = null;
  private fetching: AbortController | null = null;
  private readonly windows = new Map<string, ScalarSeries[]>();
  private fetchingWindows: AbortController | null = null;
  private fetchingScalars = new AbortController();
  private readonly details: Details;
  /** Columns that are asked for. */
  private readonly width: ReadonlySignal<number>;
  private readonly stops: (() => void)[];
  private stale = false;
  private reloading = false;

  constructor(
    private readonly store: Store,
    private readonly source: Source,
    private readonly isHidden: () => boolean,
    screen: () => number = () => 0,
  ) {
    this.width = computed(() => widthFor(store.shown.value.length, store.mapPixels.value, screen()));
    this.stops = [
      effect(() => {
        const kind = store.kind.value;
        const statistic = store.source.value;
        const runs = store.shown.value;
        const width = this.width.value;
        // All of them are read, whatever comes of it: what is not read here does not bring us back.
        const wanted = store.runs.value !== null && store.usesSeries.value;
        if (wanted && !this.reloading) untracked(() => void this.want(kind, statistic, runs, false, width));
      }),
      effect(() => {
        const runs = store.shown.value;
        if (store.runs.value !== null && !this.reloading) untracked(() => void this.wantWindows(runs, false));
      }),
      effect(() => {
        const runs = store.visible.value;
        if (store.runs.value !== null && !this.reloading) untracked(() => void this.wantScalars(runs, false));
      }),
    ];
    this.details = new Details(store, source, isHidden);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.details.dispose();
    for (const one of [
      this.listing,
      this.fetching,
      this.fetchingWindows,
      this.fetchingScalars,
      this.fetchingNonfinite,
    ])
      one?.abort();
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
      // What is shown is asked for below, all of it: the effects above need not ask for what is new.
      this.reloading = true;
      batch(() => {
        store.runs.value = runs;
        store.runsError.value = null;
      });
      this.reloading = false;
      const { kind, source, shown } = store;
      const series =
        store.usesSeries.value && this.want(kind.value, source.value, shown.value, true, this.width.value);
      const windows = this.wantWindows(shown.value, true);
      await Promise.all([series, windows, this.wantScalars(store.visible.value, true)]);
    } catch (error) {
      if (!controller.signal.aborted) store.runsError.value = message(error);
    }
  }

  /** Refresh when the tab is shown again, if there was a reload meanwhile. */
  async shown(): Promise<void> {
    if (this.stale) await this.reload();
  }

  private readonly scalars = new Map<string, ScalarSeries[]>();
  private readonly askedScalars = new Set<string>();

  /** The figures beside the runs, of those that can be seen. */
  private async wantScalars(runs: readonly string[], again: boolean): Promise<void> {
    const { store, scalars, askedScalars: asked } = this;
    if (again) {
      this.fetchingScalars.abort();
      this.fetchingScalars = new AbortController();
      scalars.clear();
      asked.clear();
    }
    // What is on its way is not asked for again when the list is scrolled.
    const wanted = runs.filter((run) => !asked.has(run)).slice(0, MOST_RUNS);
    if (wanted.length === 0) return;
    for (const run of wanted) asked.add(run);
    const controller = this.fetchingScalars;
    try {
      const request = { runs: wanted, tags: null, prefix: LOG_PREFIX, last: true };
      const series = await this.source.scalars(request, controller.signal);
      if (controller.signal.aborted) return;
      keepByRun(scalars, wanted, series);
      store.scalars.value = [...scalars.values()].flat();
    } catch {
      if (controller.signal.aborted) return;
      // The figures beside the runs are a courtesy: without them the page is whole.
      for (const run of wanted) asked.delete(run);
      if (again) store.scalars.value = [];
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
      const request = { runs: wanted, tags: [...MARK_TAGS], prefix: NNVIZ_PREFIX, last: false };
      const series = await this.source.scalars(request, controller.signal);
      if (controller.signal.aborted) return;
      keepByRun(windows, wanted, series);
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
    width: number,
  ): Promise<void> {
    const { store } = this;
    const key = `${kind}/${statistic}`;
    const had = this.at(key);
    const wanted = again ? [...runs] : runs.filter((run) => !isEnough(had.get(run), width));
    this.fetching?.abort();
    this.fetching = null;
    batch(() => {
      store.loading.value = wanted.length > 0;
      store.progress.value =
        wanted.length > 0 ? { done: runs.length - wanted.length, of: runs.length } : null;
      if (again) store.seriesError.value = null;
      else this.show(key, had);
    });
    if (wanted.length === 0) {
      this.ahead(runs, width);
      void this.loadNonfinite(kind, statistic, runs);
      return;
    }
    const controller = new AbortController();
    this.fetching = controller;
    try {
      await this.fetch(kind, statistic, wanted, width, controller.signal, (some) => {
        batch(() => {
          const done = store.progress.value!.done + some.length;
          store.progress.value = { done, of: runs.length };
          this.show(key, had);
        });
      });
      this.rest();
      this.ahead(runs, width);
      await this.loadNonfinite(kind, statistic, runs);
    } catch (error) {
      if (controller.signal.aborted) return;
      controller.abort();
      batch(() => {
        this.rest();
        store.seriesError.value = message(error);
      });
    }
  }

  private rest(): void {
    batch(() => {
      this.store.loading.value = false;
      this.store.progress.value = null;
    });
  }

  /** Statistics of runs into the cache, in groups; `came` is told of each. */
  private async fetch(
    kind: string,
    statistic: string,
    runs: readonly string[],
    width: number,
    signal: AbortSignal,
    came: (runs: string[]) => void,
  ): Promise<void> {
    const had = this.at(`${kind}/${statistic}`);
    const queue = chunks(runs, Math.min(MOST_RUNS, Math.ceil(runs.length / MOST_REQUESTS)));
    const worker = async (most = queue.length) => {
      for (let i = 0; i < most; i++) {
        const some = queue.shift();
        if (some === undefined) break;
        const request = { runs: some, kind, statistics: [statistic], width };
        const answer = await this.source.series(request, signal);
        if (signal.aborted) return;
        const series = answer.series.map(asColumns);
        for (const run of some) had.set(run, { reason: "" });
        for (const { run, reason } of answer.missing) had.set(run, { reason });
        for (const one of series) if (one.values[statistic]) had.set(one.run, { series: one });
        came(some);
      }
    };
    // The first one alone: beside others, the server would take as long for it as for all of them.
    await worker(1);
    const others = signal.aborted ? 0 : Math.min(AT_ONCE, queue.length);
    await Promise.all(Array.from({ length: others }, () => worker()));
    if (signal.aborted) throw new DOMException("something else was chosen", "AbortError");
  }

  private at(key: string): Map<string, Loaded> {
    const had = this.cache.get(key) ?? new Map<string, Loaded>();
    // Last used, last forgotten.
    this.cache.delete(key);
    this.cache.set(key, had);
    let total = 0;
    for (const one of this.cache.values()) total += bytesIn(one);
    for (const [oldest, one] of this.cache) {
      if (total <= MOST_BYTES || oldest === key) break;
      this.cache.delete(oldest);
      total -= bytesIn(one);
    }
    return had;
  }

  /** The kind's other statistics of large runs, one after the other, while there is room and nothing else to do. */
  private ahead(runs: readonly string[], width: number): void {
    const { store } = this;
    if (!store.series.value.some(({ reduced }) => reduced)) return;
    const controller = new AbortController();
    this.fetching = controller;
    const kind = store.kind.value;
    const names = store.statistics.value.find((one) => one.kind === kind)?.names ?? [];
    const shown = bytesIn(this.at(`${kind}/${store.source.value}`));
    const work = async () => {
      for (const name of names) {
        if (name === "count" || isGain(kind, name) || this.isHidden() || controller.signal.aborted) continue;
        let total = shown;
        for (const one of this.cache.values()) total += bytesIn(one);
        if (total > MOST_BYTES) return;
        const had = this.cache.get(`${kind}/${name}`);
        const lacking = runs.filter((run) => !isEnough(had?.get(run), width));
        if (lacking.length > 0) await this.fetch(kind, name, lacking, width, controller.signal, () => {});
      }
    };
    // Nobody has asked for them: when one is chosen, it is asked for again and its error shown.
    setTimeout(() => void work().catch(() => {}), IDLE_MS);
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

  private fetchingNonfinite: AbortController | null = null;

  /** How many elements are NaN or Inf, where anything is: asked for only then, and not of runs in columns. */
  private async loadNonfinite(kind: string, statistic: string, runs: readonly string[]): Promise<void> {
    const { store } = this;
    this.fetchingNonfinite?.abort();
    this.fetchingNonfinite = null;
    const counted = store.statistics.value.some(
      (one) => one.kind === kind && one.names.includes("nonfinite"),
    );
    const had = this.cache.get(`${kind}/${statistic}`);
    const bad = runs.filter((run) => {
      const one = had?.get(run);
      if (!counted || !one || !("series" in one) || !hasNonfinite(one.series, statistic)) return false;
      // Counts at the same steps are known already.
      return store.nonfinite.value.get(`${kind}/${run}`)?.steps.length !== one.series.steps.length;
    });
    if (bad.length === 0) return;
    const controller = new AbortController();
    this.fetchingNonfinite = controller;
    try {
      const request = { runs: bad, kind, statistics: ["nonfinite", "count"] };
      const answer = await this.source.series(request, controller.signal);
      if (controller.signal.aborted) return;
      const map = new Map(store.nonfinite.value);
      for (const one of answer.series) map.set(`${kind}/${one.run}`, one);
      store.nonfinite.value = map;
    } catch {
      // Without them the tooltip says only that something is not finite.
    }
  }
}

/** The page draws and settles first. */
const IDLE_MS = 400;

const bytesIn = (runs: ReadonlyMap<string, Loaded>) =>
  [...runs.values()].reduce((sum, one) => sum + ("series" in one ? bytesOf(one.series) : 0), 0);

/** Whether what is there has a column for each that is wanted, or all steps. */
function isEnough(one: Loaded | undefined, width: number): boolean {
  if (!one) return false;
  if (!("series" in one) || !one.series.reduced) return true;
  const { starts, steps } = one.series.reduced;
  return starts.length >= Math.min(width, steps.length);
}

function keepByRun(kept: Map<string, ScalarSeries[]>, runs: readonly string[], series: ScalarSeries[]): void {
  for (const run of runs) kept.set(run, []);
  for (const one of series) kept.get(one.run)?.push(one);
}

function hasNonfinite(series: RunSeries, statistic: string): boolean {
  if (series.reduced) return false;
  const values = series.values[statistic];
  return values?.some((value, i) => series.absent[i] === CELL.value && !Number.isFinite(value)) ?? false;
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
