import type { QueryClient } from "../../data/query_client";
import type { HealthAnswer } from "../../lib/rules/health";
import type { RunInfo } from "../../lib/types";

/** Least milliseconds between two diagnoses of a run that grows. */
const LEAST_MS = 10_000;
/** Largest share of the time that diagnoses of growing runs may take. */
const SHARE = 0.1;

/** Maximum number of requests whose answers are kept. */
const MAX_ENTRIES = 1000;

/** The newest answer to a request for a diagnosis. */
interface Entry {
  answer: HealthAnswer | null;
  error: string | null;
  /** The list of runs for which it was requested. */
  listing: unknown;
  /** State of the run in that list. */
  mark: string;
  /** True if the run had not grown since the request before, so that the log was complete. */
  isSettled: boolean;
  /** Time of the answer in milliseconds. */
  ended: number;
}

/** Return a text that changes when a run grows or is written again. */
export const markOf = (info: RunInfo | undefined): string =>
  info
    ? JSON.stringify([
        info.steps,
        info.first_wall_time,
        [...info.kinds].map(([kind, names]) => [kind, names.length]),
      ])
    : "";

/**
 * Diagnoses that all views of the page share. It decides when a run is diagnosed again. After a reload, a run that has
 * not grown is asked for once more, because its last events may have been read only in part. A run that grows waits
 * until its diagnosis is `LEAST_MS` old, or older if diagnoses take long.
 */
export class DiagnosisBook {
  private readonly entries = new Map<string, Entry>();
  private readonly newest = new Map<string, HealthAnswer>();
  private round = { listing: null as unknown, ms: 0 };
  private wait = LEAST_MS;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get(key: string): Readonly<Pick<Entry, "answer" | "error" | "ended">> | undefined {
    return this.entries.get(key);
  }

  /** Return the newest diagnosis of a run, possibly by other settings. */
  newestOf(place: string): HealthAnswer | null {
    return this.newest.get(place) ?? null;
  }

  /** Return true if a diagnosis does not have to be requested again now. */
  isCurrent(key: string, listing: unknown, mark: string): boolean {
    const one = this.entries.get(key);
    if (!one) return false;
    if (one.listing === listing) return true;
    if (one.error !== null) return false;
    return (one.isSettled && one.mark === mark) || this.now() < one.ended + this.wait;
  }

  /** Return the milliseconds after which a diagnosis is to be requested again, null if it is not known when. */
  dueIn(key: string, listing: unknown, mark: string): number | null {
    const one = this.entries.get(key);
    if (!one || one.listing === listing || one.error !== null || (one.isSettled && one.mark === mark))
      return null;
    return Math.max(0, one.ended + this.wait - this.now());
  }

  /** Keep an answer, or the error in place of one. `ms` is the time that it took. */
  put(
    key: string,
    place: string,
    { answer, error, listing, mark }: Pick<Entry, "answer" | "error" | "listing" | "mark">,
    ms: number,
  ): void {
    const old = this.entries.get(key);
    const isSettled = error === null && old?.mark === mark && old.error === null;
    this.entries.delete(key);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < MAX_ENTRIES) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, {
      answer: answer ?? old?.answer ?? null,
      error,
      listing,
      mark,
      isSettled,
      ended: this.now(),
    });
    if (answer) this.newest.set(place, answer);
    if (this.round.listing !== listing) this.round = { listing, ms: 0 };
    this.round.ms += ms;
    this.wait = Math.max(LEAST_MS, this.round.ms / SHARE);
  }

  /** Forget errors, so that the requests are sent again. */
  retry(): void {
    for (const [key, { error }] of this.entries) if (error !== null) this.entries.delete(key);
  }
}

const BOOKS = new WeakMap<QueryClient, DiagnosisBook>();

/** Return the diagnoses of the page that a client serves. */
export function bookOf(client: QueryClient): DiagnosisBook {
  const known = BOOKS.get(client);
  if (known) return known;
  const made = new DiagnosisBook();
  BOOKS.set(client, made);
  return made;
}
