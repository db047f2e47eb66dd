import { type Fetcher, keyOf, messageOf, type QueryOptions } from "./request";

/** State of a query. */
export interface QueryState<T> {
  /** Result for the current parameters. During a reload, the old result stays until the new one arrives. */
  data: T | null;
  /** Newest result for any parameters, to show faded instead of an empty space. */
  previous: T | null;
  pending: boolean;
  error: string | null;
  retry: () => void;
}

type Read<T> = (header: unknown) => T;

/** Query of a route. Its parameters may change, and a reload sends it again. */
export class Query<T> {
  /** Route and parameters; null if nothing is requested. */
  key: string | null = null;
  private params: object | null = null;
  private loaded: { key: string; header: unknown; data: T } | null = null;
  private failed: { key: string; message: string } | null = null;

  constructor(
    private readonly client: Fetcher,
    private readonly route: string,
    private readonly options: QueryOptions,
  ) {}

  /** Set the parameters; null requests nothing. A cached response is used at once, without a pending state. */
  set(params: object | null, read: Read<T>): void {
    const key = params && keyOf(this.route, params);
    if (key !== this.key) this.params = params;
    this.key = key;
    const cached = params && this.client.peek(this.route, params);
    if (key === null || cached === null) return;
    try {
      this.take(key, cached, read);
    } catch (error) {
      this.failed = { key, message: messageOf(error) };
    }
  }

  /** Send the request and report each change. Return a function that cancels it. */
  start(read: Read<T>, changed: () => void): () => void {
    const { key, params, options } = this;
    const abort = new AbortController();
    if (key === null || params === null) return () => {};
    const send = async () => {
      try {
        const { priority = "first" } = options;
        const header = await this.client.fetch(this.route, params, { signal: abort.signal, priority });
        if (!abort.signal.aborted) this.take(key, header, read);
      } catch (error) {
        if (!abort.signal.aborted) this.failed = { key, message: messageOf(error) };
      }
      if (!abort.signal.aborted) changed();
    };
    const cached = this.client.peek(this.route, params) !== null;
    const timer = options.debounce && !cached ? setTimeout(send, options.debounce) : void send();
    return () => {
      clearTimeout(timer ?? undefined);
      abort.abort();
    };
  }

  state(retry: () => void): QueryState<T> {
    const { key, loaded, failed } = this;
    const data = key !== null && loaded?.key === key ? loaded.data : null;
    const error = key !== null && failed?.key === key ? failed.message : null;
    return {
      data,
      previous: loaded?.data ?? null,
      pending: key !== null && data === null && error === null,
      error,
      retry: () => {
        this.failed = null;
        retry();
      },
    };
  }

  /** Keep the data if the response is the same object, so that values derived from the data stay the same objects. */
  private take(key: string, header: unknown, read: Read<T>): void {
    if (this.loaded?.header === header) return;
    this.loaded = { key, header, data: read(header) };
    this.failed = null;
  }
}
