import { type Asker, keyOf, messageOf, type QueryOptions } from "./question";

/** The state of a question. */
export interface QueryState<T> {
  /** The answer to exactly this question. During a reload the old one stays until the new one comes. */
  data: T | null;
  /** The newest answer to any question asked before, to show faded instead of an empty place. */
  previous: T | null;
  pending: boolean;
  error: string | null;
  retry: () => void;
}

type Read<T> = (header: unknown) => T;

/** One question to a route. It may change its parameters and is asked again after a reload. */
export class Query<T> {
  /** Route and parameters; null if nothing is asked. */
  key: string | null = null;
  private params: object | null = null;
  private answered: { key: string; header: unknown; data: T } | null = null;
  private failed: { key: string; message: string } | null = null;

  constructor(
    private readonly asker: Asker,
    private readonly route: string,
    private readonly options: QueryOptions,
  ) {}

  /** Set the parameters; null asks nothing. A cached answer is there at once, without a state of "pending". */
  set(params: object | null, read: Read<T>): void {
    const key = params && keyOf(this.route, params);
    if (key !== this.key) this.params = params;
    this.key = key;
    const cached = params && this.asker.peek(this.route, params);
    if (key === null || cached === null) return;
    try {
      this.take(key, cached, read);
    } catch (error) {
      this.failed = { key, message: messageOf(error) };
    }
  }

  /** Ask and report each change; return a function that gives up. */
  start(read: Read<T>, changed: () => void): () => void {
    const { key, params, options } = this;
    const abort = new AbortController();
    if (key === null || params === null) return () => {};
    const ask = async () => {
      try {
        const { priority = "first" } = options;
        const header = await this.asker.ask(this.route, params, { signal: abort.signal, priority });
        if (!abort.signal.aborted) this.take(key, header, read);
      } catch (error) {
        if (!abort.signal.aborted) this.failed = { key, message: messageOf(error) };
      }
      if (!abort.signal.aborted) changed();
    };
    const cached = this.asker.peek(this.route, params) !== null;
    const timer = options.debounce && !cached ? setTimeout(ask, options.debounce) : void ask();
    return () => {
      clearTimeout(timer ?? undefined);
      abort.abort();
    };
  }

  state(retry: () => void): QueryState<T> {
    const { key, answered, failed } = this;
    const data = key !== null && answered?.key === key ? answered.data : null;
    const error = key !== null && failed?.key === key ? failed.message : null;
    return {
      data,
      previous: answered?.data ?? null,
      pending: key !== null && data === null && error === null,
      error,
      retry: () => {
        this.failed = null;
        retry();
      },
    };
  }

  /** An answer that was read before is not read again: what is derived from it stays the same object. */
  private take(key: string, header: unknown, read: Read<T>): void {
    if (this.answered?.header === header) return;
    this.answered = { key, header, data: read(header) };
    this.failed = null;
  }
}
