import { effect, untracked } from "@preact/signals";
import { pool } from "./pool";
import { messageOf } from "./question";

/** Requests that may be pending at once. */
const AT_ONCE = 4;

export interface Following<Ask, T> {
  /** Return the questions that lack an answer. A change of a signal read here asks again. */
  lacking: () => Ask[];
  ask: (question: Ask, signal: AbortSignal) => Promise<T>;
  /** Called when a round begins; the function that it returns takes answers of that round. */
  begin: () => (answers: T[]) => void;
  /** Take each answer as it comes. By default all of a round are taken at once, so that they are drawn at once. */
  each?: boolean;
  /** Return the signal of the questions asked now. */
  scope: () => AbortSignal;
  /** Return the milliseconds left to wait before a round that was wanted at a time. */
  debounce: (since: number) => number;
  isHidden: () => boolean;
  failed: (message: string) => void;
}

/**
 * Ask until nothing is lacking, one round at a time: after its answers a round looks again at what is lacking by then.
 * A question that fails takes no other's answer. Return a function that stops.
 */
export function follow<Ask, T>(following: Following<Ask, T>): () => void {
  const { lacking, scope } = following;
  let busy = false;
  const rounds = async () => {
    busy = true;
    let before = "";
    for (;;) {
      await rest(following.debounce);
      const asks = untracked(lacking);
      const signal = untracked(scope);
      if (asks.length === 0 || signal.aborted) break;
      // A question that was answered without what it asked for is not asked again.
      const now = JSON.stringify(asks);
      if (now === before || following.isHidden()) break;
      before = now;
      const failures = await round(following, asks, signal);
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
    if (lacking().length > 0 && !busy) untracked(() => void rounds());
  });
}

/** Ask all questions of a round, a few at a time; return what failed. */
async function round<Ask, T>(
  { ask, begin, each }: Following<Ask, T>,
  asks: Ask[],
  signal: AbortSignal,
): Promise<unknown[]> {
  const take = untracked(begin);
  const failures: unknown[] = [];
  const together: T[] = [];
  await pool(asks, AT_ONCE, async (one) => {
    try {
      const answer = await ask(one, signal);
      // Answers that come after the end of their scope are dropped.
      signal.throwIfAborted();
      if (each) take([answer]);
      else together.push(answer);
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

/** The signal of whatever has one key. Another key aborts it. */
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
