import { signal } from "@preact/signals";
import type { Source } from "../lib/types";

/** What is kept of answers, so that going back to a step or a layer asks nothing. */
const MOST_BYTES = 96e6;

interface Kept {
  header: unknown;
  bytes: number;
}

/** A question that is on its way, for as long as anybody waits for it. */
interface Asked {
  answer: Promise<Kept>;
  abort: AbortController;
  by: number;
}

/**
 * Answers of the routes that panels ask for themselves, by question: several that ask the same ask once. A
 * reload makes all of them old: they are asked for again when they are next wanted.
 */
export class Answers {
  /** Grows with each reload. */
  readonly generation = signal(0);
  /** Questions that are on their way. */
  pending = 0;
  private kept = new Map<string, Kept>();
  private readonly asked = new Map<string, Asked>();
  private stale = false;

  constructor(
    private readonly source: Pick<Source, "post">,
    private readonly isHidden: () => boolean,
  ) {}

  /** A hidden tab only remembers that it is out of date. */
  reload(): void {
    if (this.isHidden()) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.kept.clear();
    this.asked.clear();
    this.generation.value++;
  }

  shown(): void {
    if (this.stale) this.reload();
  }

  /** The header of an answer that is at hand, or null. */
  peek(route: string, body: object): unknown {
    return this.kept.get(keyOf(route, body))?.header ?? null;
  }

  async ask(route: string, body: object, abort: AbortSignal): Promise<unknown> {
    const key = keyOf(route, body);
    const had = this.kept.get(key);
    if (had) {
      // Last used, last forgotten.
      this.kept.delete(key);
      this.kept.set(key, had);
      return had.header;
    }
    const asked = this.asked.get(key) ?? this.post(key, route, body);
    asked.by++;
    const leave = () => {
      if (--asked.by > 0) return;
      this.forget(key, asked);
      asked.abort.abort();
    };
    abort.addEventListener("abort", leave, { once: true });
    try {
      return (await asked.answer).header;
    } finally {
      abort.removeEventListener("abort", leave);
    }
  }

  private post(key: string, route: string, body: object): Asked {
    const abort = new AbortController();
    const generation = this.generation.value;
    const asked: Asked = { answer: this.source.post(route, body, abort.signal), abort, by: 0 };
    this.asked.set(key, asked);
    this.pending++;
    const done = () => {
      this.pending--;
      this.forget(key, asked);
    };
    asked.answer.then((answer) => {
      if (generation === this.generation.value && !abort.signal.aborted) this.keep(key, answer);
      done();
    }, done);
    return asked;
  }

  private forget(key: string, asked: Asked): void {
    if (this.asked.get(key) === asked) this.asked.delete(key);
  }

  /** An answer that is used once and not kept, such as all values of a run for a file. */
  async once(route: string, body: object, abort: AbortSignal): Promise<unknown> {
    this.pending++;
    try {
      return (await this.source.post(route, body, abort)).header;
    } finally {
      this.pending--;
    }
  }

  private keep(key: string, answer: Kept): void {
    this.kept.set(key, answer);
    let total = 0;
    for (const { bytes } of this.kept.values()) total += bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (total <= MOST_BYTES || oldest === key) break;
      this.kept.delete(oldest);
      total -= bytes;
    }
  }
}

const keyOf = (route: string, body: object) => `${route} ${JSON.stringify(body)}`;
