import { QueryClient } from "../data/query_client";
import { RunList } from "../data/run_list";
import { Store } from "../data/store";
import type { Source } from "../lib/types";
import { Flow } from "../panels/gradient_flow/state/flow";
import { panelOf } from "./registry";

/** State of the page: the shared store, the client, and Gradient flow. */
export interface PageState {
  store: Store;
  client: QueryClient;
  /** Created before its panel has loaded, so that its first request does not wait for the panel's code. */
  flow: Flow;
  runs: RunList;
}

/** Create the state of the page. `screen` returns the width of the screen in device pixels. */
export function pageState(source: Source, isHidden: () => boolean, screen?: () => number): PageState {
  const store = new Store((panel) => panelOf(panel).maxRuns);
  const client = new QueryClient(source, isHidden);
  const flow = new Flow(store, client, source, screen);
  const runs = new RunList(store, source, client, [flow]);
  return { store, client, flow, runs };
}
