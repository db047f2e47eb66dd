/**
 * `first`: a picture waits for the answer. `later`: the answer completes a picture that is already there. `idle`: the
 * answer is fetched ahead, and the request waits until nothing else is pending.
 */
export type Priority = "first" | "later" | "idle";

/** A decoded answer and its size. */
export interface Answer<T> {
  header: T;
  bytes: number;
}

export interface AskOptions<T> {
  /** Ends the wait. The request is aborted once nobody waits for it. */
  signal: AbortSignal;
  priority?: Priority;
  /** Put the answer into the cache; true by default. */
  keep?: boolean;
  /** Send the request and decode its answer. By default a POST, answered by its header. */
  load?: (signal: AbortSignal) => Promise<Answer<T>>;
}

export interface QueryOptions {
  priority?: Priority;
  /** Milliseconds for which a question must stay the same before it is sent. */
  debounce?: number;
}

/** The part of the client that a question needs. */
export interface Asker {
  peek(route: string, params: object): unknown;
  ask<T>(route: string, params: object, options: AskOptions<T>): Promise<T>;
}

export const keyOf = (route: string, params: object) => `${route} ${JSON.stringify(params)}`;

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
