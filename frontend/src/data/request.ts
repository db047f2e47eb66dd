/**
 * Priority of a request. `first`: drawing waits for the response. `later`: the response completes what is already
 * drawn. `idle`: a prefetch, which waits until nothing else is pending.
 */
export type Priority = "first" | "later" | "idle";

/** A decoded response, its size, and whether a part of it could not be loaded. */
export interface DecodedResponse<T> {
  header: T;
  bytes: number;
  partial?: boolean;
}

export interface FetchOptions<T> {
  /** Signal that ends the wait. The request is aborted when nobody waits for it any more. */
  signal: AbortSignal;
  priority?: Priority;
  /** Cache the response; true by default. */
  keep?: boolean;
  /** Send the request and decode its response. By default, send a POST and return the header of its response. */
  load?: (signal: AbortSignal) => Promise<DecodedResponse<T>>;
}

export interface QueryOptions {
  priority?: Priority;
  /** Milliseconds for which the parameters must stay the same before the request is sent. */
  debounce?: number;
}

/** The part of the client that a query uses. */
export interface Fetcher {
  peek(route: string, params: object): unknown;
  fetch<T>(route: string, params: object, options: FetchOptions<T>): Promise<T>;
}

export const keyOf = (route: string, params: object) => `${route} ${JSON.stringify(params)}`;

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
