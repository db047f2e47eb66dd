import { batch, effect, untracked } from "@preact/signals";
import { LOG_PREFIX } from "../lib/tags";
import type { Missing, RunInfo, Source } from "../lib/types";
import type { QueryClient } from "./query_client";
import { messageOf } from "./request";
import { RunScalars } from "./run_scalars";
import type { Store } from "./store";

/** Anything that is reloaded after the list of runs has loaded. */
export interface Reloads {
  reload(): Promise<unknown>;
}

/**
 * Loader of the store's list of runs and of their headline values. A reload then reloads whatever depends on the
 * list.
 */
export class RunList {
  private listing = new AbortController();
  private readonly headlines: RunScalars;
  private readonly stops: (() => void)[];

  constructor(
    private readonly store: Store,
    private readonly source: Source,
    private readonly client: QueryClient,
    private readonly dependents: readonly Reloads[],
  ) {
    const request = { tags: null, prefix: LOG_PREFIX, last: true };
    // A pending run is not requested again when the list is scrolled.
    this.headlines = new RunScalars(client, source, request, { adds: true });
    this.stops = [
      effect(() => {
        const runs = store.visible.value;
        if (store.runs.value !== null && !store.replacingRuns)
          untracked(() => void this.headlines.fetch(runs));
      }),
      effect(() => {
        store.scalars.value = [...this.headlines.data.value.values()].flat();
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.headlines.dispose();
    this.listing.abort();
  }

  /** Fetch everything again. In a hidden tab, this is postponed until the tab is shown. */
  async reload(): Promise<void> {
    if (this.client.reload()) await this.load();
  }

  /** Catch up on a postponed reload. */
  async shown(): Promise<void> {
    if (this.client.shown()) await this.load();
  }

  private async load(): Promise<void> {
    this.listing.abort();
    this.listing = new AbortController();
    const { signal } = this.listing;
    const { store } = this;
    try {
      const load = async (abort: AbortSignal) => ({ header: await this.source.runs(abort), bytes: 0 });
      const options = { signal, load, keep: false, priority: "later" } as const;
      const { runs, missing } = await this.client.fetch("runs", {}, options);
      if (signal.aborted) return;
      this.replace(runs, missing);
      await Promise.all([
        ...this.dependents.map((one) => one.reload()),
        this.headlines.fetch(store.visible.value),
      ]);
    } catch (error) {
      if (!signal.aborted) store.runsError.value = messageOf(error);
    }
  }

  /**
   * Replace the list. The reload requests everything that is shown, so effects must not request new runs themselves.
   */
  private replace(runs: RunInfo[], missing: Missing[]): void {
    const { store } = this;
    store.replacingRuns = true;
    batch(() => {
      store.runs.value = runs;
      store.runsMissing.value = missing;
      store.runsError.value = null;
    });
    store.replacingRuns = false;
  }
}
