import { effect, untracked } from "@preact/signals";
import { pool } from "./pool";
import { messageOf } from "./request";

/** Maximum number of pending requests. */
const AT_ONCE = 4;

/** Requests that follow signals. */
export interface Following<Request, T> {
  /** Return the requests whose results are missing. A change of a signal that is read here starts a round. */
  missing: () => Request[];
  fetch: (request: Request, signal: AbortSignal) => Promise<T>;
  /** Begin a round and return a handler of its results. */
  begin: () => (results: T[]) => void;
  /** Handle each result as soon as it arrives. By default, all results of a round are handled and drawn together. */
  each?: boolean;
  /** Return the abort signal of the requests that are sent now. */
  scope: () => AbortSignal;
  /** Return the milliseconds left to wait for a round that has been needed since a time. */
  debounce: (since: number) => number;
  isHidden: () => boolean;
  failed: (message: string) => void;
}

/**
 * Send requests until no results are missing, one round at a time. After each round, `missing` decides what to
 * request next. A failed request does not affect the others. Return a function that stops.
 */
export function follow<Request, T>(following: Following<Request, T>): () => void {
  const { missing, scope } = following;
  let busy = false;
  const rounds = async () => {
    busy = true;
    let before = "";
    for (;;) {
      await rest(following.debounce);
      const requests = untracked(missing);
      const signal = untracked(scope);
      if (requests.length === 0 || signal.aborted) break;
      // Requests that did not yield what is missing are not repeated.
      const now = JSON.stringify(requests);
      if (now === before || following.isHidden()) break;
      before = now;
      const failures = await round(following, requests, signal);
      if (failures.length === 0) continue;
      if (signal.aborted) before = "";
      else {
        following.failed(messageOf(failures[0]));
        break;
      }
    }
    busy = false;
  };
  return effect(() => {
    scope();
    if (missing().length > 0 && !busy) untracked(() => void rounds());
  });
}

/** Send all requests of a round, a few at a time, and return the errors. */
async function round<Request, T>(
  { fetch, begin, each }: Following<Request, T>,
  requests: Request[],
  signal: AbortSignal,
): Promise<unknown[]> {
  const take = untracked(begin);
  const failures: unknown[] = [];
  const together: T[] = [];
  await pool(requests, AT_ONCE, async (one) => {
    try {
      const result = await fetch(one, signal);
      // Results that arrive after the end of their scope are dropped.
      signal.throwIfAborted();
      if (each) take([result]);
      else together.push(result);
    } catch (error) {
      failures.push(error);
    }
  });
  if (!signal.aborted && together.length > 0) take(together);
  return failures;
}

async function rest(debounce: (since: number) => number): Promise<void> {
  const since = performance.now();
  for (let left = debounce(since); left > 0; left = debounce(since))
    await new Promise((done) => setTimeout(done, Math.ceil(left)));
}

/** Abort signal of the current key. A change of the key aborts it. */
export class AbortScope {
  private key: string | null = null;
  private controller = new AbortController();
  private disposed = false;

  constructor(private readonly changed: () => void) {}

  of(key: string): AbortSignal {
    if (key !== this.key && !this.disposed) {
      this.key = key;
      this.controller.abort();
      this.controller = new AbortController();
      untracked(this.changed);
    }
    return this.controller.signal;
  }

  dispose(): void {
    this.disposed = true;
    this.controller.abort();
  }
}
