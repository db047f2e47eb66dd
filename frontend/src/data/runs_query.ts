import { batch, signal } from "@preact/signals";
import { chunks, pool } from "./pool";
import type { QueryClient } from "./query_client";
import { messageOf, type Priority } from "./request";

/** Maximum number of runs per request. */
const MAX_RUNS = 500;
/** Maximum number of pending requests. */
const AT_ONCE = 4;

/** Request about runs, without the runs. */
export interface RunsRequest<T> {
  /** Key that is equal for equal requests. */
  key: string;
  /** Send one request for some runs and return a value per run. */
  load: (runs: string[], signal: AbortSignal, priority: Priority) => Promise<ReadonlyMap<string, T>>;
  /** Return whether a cached value is sufficient; by default any is. */
  isEnough?: (value: T) => boolean;
}

interface RunsOptions<T> {
  bytesOf: (value: T) => number;
  /** Number of requests among which runs are divided. */
  requests?: number;
  /** If true, a new request leaves pending ones running. By default it aborts them. */
  adds?: boolean;
  priority?: Priority;
}

/**
 * Query with a value per run. It requests only missing runs, a few runs per request, and caches each run's value in
 * the client. On reload, old values stay until new ones arrive. Values of another request never stay.
 */
export class RunsQuery<T> {
  readonly data = signal<ReadonlyMap<string, T>>(new Map());
  readonly pending = signal(false);
  /** Number of runs that have loaded, of all requested runs; null if none is pending. */
  readonly progress = signal<{ done: number; of: number } | null>(null);
  readonly error = signal<string | null>(null);
  private key: string | null = null;
  private generation = -1;
  /** Values of the current request since the last reload. */
  private fresh = new Map<string, T>();
  private readonly requested = new Set<string>();
  private abort = new AbortController();

  constructor(
    protected readonly client: QueryClient,
    private readonly options: RunsOptions<T>,
  ) {}

  /** Abort signal of the current request. The next request aborts it. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  dispose(): void {
    this.abort.abort();
  }

  /** Request runs. Return whether all of them have loaded, which is false if another request replaced this one. */
  async fetchRuns(request: RunsRequest<T>, runs: readonly string[]): Promise<boolean> {
    const { key } = request;
    const isOther = key !== this.key;
    const isReload = this.generation !== this.client.generation.peek();
    if (isOther || isReload) {
      this.fresh = new Map();
      this.requested.clear();
    }
    if (!this.options.adds || isReload) {
      this.abort.abort();
      this.abort = new AbortController();
    }
    this.key = key;
    this.generation = this.client.generation.peek();
    const known = this.fresh.size;
    for (const run of runs) {
      const cached = this.client.cache.get(entryKey(key, run)) as T | undefined;
      if (cached !== undefined) this.fresh.set(run, cached);
    }
    const missing = this.missing(request, this.fresh, runs).filter(
      (run) => !(this.options.adds && this.requested.has(run)),
    );
    const { length } = missing;
    batch(() => {
      this.pending.value = length > 0;
      this.progress.value = length > 0 ? { done: runs.length - length, of: runs.length } : null;
      this.error.value = null;
      if (isOther) this.data.value = new Map(this.fresh);
      else if (this.fresh.size > known) this.publish();
    });
    if (length === 0) return true;
    return this.fetchMissing(request, missing, runs.length);
  }

  private async fetchMissing(request: RunsRequest<T>, missing: string[], of: number): Promise<boolean> {
    const { abort, requested } = this;
    const { priority = "first" } = this.options;
    for (const run of missing) requested.add(run);
    try {
      await this.fetchGroups(request, missing, abort.signal, priority, (values) => {
        for (const [run, value] of values) this.fresh.set(run, value);
        batch(() => {
          const done = (this.progress.value?.done ?? 0) + values.size;
          this.progress.value = { done, of };
          this.publish();
        });
      });
      if (abort.signal.aborted) return false;
      this.rest();
      return true;
    } catch (error) {
      if (abort.signal.aborted) return false;
      if (!this.options.adds) abort.abort();
      batch(() => {
        this.rest();
        this.error.value = messageOf(error);
      });
      return false;
    } finally {
      if (!abort.signal.aborted) for (const run of missing) requested.delete(run);
    }
  }

  /** Fetch runs into the cache while nothing else is pending. */
  async prefetch(request: RunsRequest<T>, runs: readonly string[], signal: AbortSignal): Promise<void> {
    const cached = new Map<string, T>();
    for (const run of runs) {
      const one = this.client.cache.peek(entryKey(request.key, run)) as T | undefined;
      if (one !== undefined) cached.set(run, one);
    }
    const missing = this.missing(request, cached, runs);
    if (missing.length > 0) await this.fetchGroups(request, missing, signal, "idle", () => {});
  }

  private async fetchGroups(
    request: RunsRequest<T>,
    runs: readonly string[],
    signal: AbortSignal,
    priority: Priority,
    took: (values: ReadonlyMap<string, T>) => void,
  ): Promise<void> {
    const { requests = 1, bytesOf } = this.options;
    const generation = this.client.generation.peek();
    const one = async (some: string[]) => {
      if (signal.aborted) return;
      const values = await request.load(some, signal, priority);
      if (signal.aborted) return;
      if (generation === this.client.generation.peek())
        for (const [run, value] of values)
          this.client.cache.set(entryKey(request.key, run), value, bytesOf(value));
      took(values);
    };
    const groups = chunks(runs, Math.min(MAX_RUNS, Math.ceil(runs.length / requests)));
    // Send the first request alone. Beside others, the server would take as long for it as for all of them.
    await one(groups[0]);
    await pool(groups.slice(1), AT_ONCE, one);
  }

  private missing(request: RunsRequest<T>, values: ReadonlyMap<string, T>, runs: readonly string[]) {
    const { isEnough = () => true } = request;
    return runs.filter((run) => {
      const value = values.get(run);
      return value === undefined || !isEnough(value);
    });
  }

  /** Publish the new values. Old ones stay until theirs arrive. */
  private publish(): void {
    this.data.value = new Map([...this.data.peek(), ...this.fresh]);
  }

  private rest(): void {
    batch(() => {
      this.pending.value = false;
      this.progress.value = null;
    });
  }
}

/** Return the cache key of a run, or without a run the prefix of the keys of all runs. */
export const entryKey = (key: string, run = "") => `runs of ${key}\n${run}`;

/** Return the prefix of the cache keys of all requests whose keys begin with `text`. */
export const keyPrefix = (text: string) => `runs of ${text} `;
