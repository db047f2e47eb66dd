import { QueryClient } from "../data/query_client";
import { RunList } from "../data/run_list";
import { Store } from "../data/store";
import type { Source } from "../lib/types";
import { Flow } from "../panels/gradient_flow/state/flow";

/** The state of a page: the shared store, the way to the server, and Gradient flow, which opens first. */
export interface PageState {
  store: Store;
  client: QueryClient;
  /** Made before its panel has loaded, so that its first question does not wait for the code that draws it. */
  flow: Flow;
  runs: RunList;
}

/** Return the state of a page. `screen` returns the width of the screen in device pixels. */
export function pageState(source: Source, isHidden: () => boolean, screen?: () => number): PageState {
  const store = new Store();
  const client = new QueryClient(source, isHidden);
  const flow = new Flow(store, client, source, screen);
  const runs = new RunList(store, source, client, [flow]);
  return { store, client, flow, runs };
}
