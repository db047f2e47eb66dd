import { signal } from "@preact/signals";
import type { Source } from "../lib/types";
import { LruCache } from "./lru_cache";
import { Query } from "./query";
import { type DecodedResponse, type FetchOptions, keyOf, type QueryOptions } from "./request";

/** Bytes of cached responses. Returning to a step, a layer or a statistic then sends no request. */
const MAX_BYTES = 256e6;

interface Request {
  response: Promise<DecodedResponse<unknown>>;
  abort: AbortController;
  waiting: number;
}

/**
 * Client for all requests of the page. It caches responses, sends equal pending requests once, aborts a request when
 * nobody waits for it any more, and clears the cache on reload.
 *
 *     const client = new QueryClient(new HttpSource(), () => host.isHidden());
 *     const header = await client.fetch("maps", { runs: ["a"], tag: null }, { signal });
 */
export class QueryClient {
  /** Incremented by each reload. */
  readonly generation = signal(0);
  readonly cache: LruCache;
  private readonly requests = new Map<string, Request>();
  private stale = false;
  private unfinished = { first: 0, later: 0, idle: 0 };
  private atRest: (() => void)[] = [];

  constructor(
    private readonly source: Pick<Source, "post">,
    private readonly isHidden: () => boolean,
    maxBytes = MAX_BYTES,
  ) {
    this.cache = new LruCache(maxBytes);
  }

  /** Number of pending requests that block drawing. */
  get pending(): number {
    return this.unfinished.first;
  }

  get hidden(): boolean {
    return this.isHidden();
  }

  /**
   * Clear the cache and return true. In a hidden tab, return false and postpone the reload until the tab is shown.
   */
  reload(): boolean {
    this.stale = this.isHidden();
    if (this.stale) return false;
    this.cache.clear();
    this.requests.clear();
    this.generation.value++;
    return true;
  }

  /** Catch up on a postponed reload and return whether there was one. */
  shown(): boolean {
    return this.stale && this.reload();
  }

  /** Return the cached response to a request, or null. */
  peek(route: string, params: object): unknown {
    return this.cache.peek(keyOf(route, params)) ?? null;
  }

  /** Return a query whose result follows changes of its parameters and reloads. */
  query<T>(route: string, options: QueryOptions = {}): Query<T> {
    return new Query(this, route, options);
  }

  async fetch<T = unknown>(route: string, params: object, options: FetchOptions<T>): Promise<T> {
    const { signal, priority = "first", load } = options;
    // A custom loader decodes its response, so the result differs from that of a plain POST.
    const key = load ? `decoded ${keyOf(route, params)}` : keyOf(route, params);
    const had = this.cache.get(key);
    if (had !== undefined) return had as T;
    if (priority === "idle") await this.rest();
    signal.throwIfAborted();
    const request = this.requests.get(key) ?? this.send(key, route, params, options);
    request.waiting++;
    const leave = () => {
      if (--request.waiting > 0) return;
      this.forget(key, request);
      request.abort.abort();
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return (await request.response).header as T;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  private send<T>(key: string, route: string, params: object, options: FetchOptions<T>): Request {
    const { priority = "first", keep = true } = options;
    const load = options.load ?? ((signal: AbortSignal) => this.source.post(route, params, signal));
    const abort = new AbortController();
    const generation = this.generation.peek();
    const request: Request = { response: load(abort.signal), abort, waiting: 0 };
    this.requests.set(key, request);
    this.unfinished[priority]++;
    const done = () => {
      this.unfinished[priority]--;
      this.forget(key, request);
      if (this.unfinished.first + this.unfinished.later === 0) for (const go of this.atRest.splice(0)) go();
    };
    request.response.then(({ header, bytes, partial = false }) => {
      const isOld = generation !== this.generation.peek() || abort.signal.aborted;
      // What failed is requested again when it is needed again.
      if (keep && !isOld && !partial) this.cache.set(key, header, bytes);
      done();
    }, done);
    return request;
  }

  private forget(key: string, request: Request): void {
    if (this.requests.get(key) === request) this.requests.delete(key);
  }

  /** Wait until only idle requests are pending. */
  private async rest(): Promise<void> {
    while (this.unfinished.first + this.unfinished.later > 0)
      await new Promise<void>((go) => this.atRest.push(go));
  }
}
