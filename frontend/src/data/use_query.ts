import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import type { Answers, RouteName } from "./decode/answers";
import type { QueryState } from "./query";
import type { QueryClient } from "./query_client";
import type { QueryOptions } from "./request";

export type { QueryState } from "./query";

export const QueryContext = createContext<QueryClient | null>(null);

export function useQueryClient(): QueryClient {
  const client = useContext(QueryContext);
  if (!client) throw new Error("missing query client: no provider above this view");
  return client;
}

/** Return an answer as it is. */
export const asIs = <T>(answer: T): T => answer;

/**
 * Request data from a route and rerender when it arrives; null requests nothing. Late responses for earlier
 * parameters are dropped. A reload sends the request again and keeps the old data meanwhile.
 *
 *     const { data, error, retry } = useQuery("maps", { runs, prefix, tag: null, steps: null }, readListing);
 */
export function useQuery<R extends RouteName, T>(
  route: R,
  params: object | null,
  read: (answer: Answers[R]) => T,
  options?: QueryOptions,
): QueryState<T> {
  const client = useQueryClient();
  const generation = client.generation.value;
  const [attempt, setAttempt] = useState(0);
  const [, redraw] = useState(0);
  const query = useMemo(() => client.query<T>(route, options), [client, route]);
  // The source has checked the answer of the route.
  const readChecked = read as (answer: unknown) => T;
  query.set(params, readChecked);
  useEffect(
    () => query.start(readChecked, () => redraw((n) => n + 1)),
    [query, query.key, generation, attempt],
  );
  return query.state(() => setAttempt((n) => n + 1));
}
