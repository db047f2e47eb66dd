import type { Store } from "../../../data/store";

/** Return the signals of the panel's URL keys. */
export const flowKeys = (store: Store) => ({
  /** `ref` compares every run with the reference. */
  against: store.key("flow.vs"),
  /** `on` shows percentile bands in the profile. By default they are off, since those of several runs overlap. */
  band: store.key("flow.band"),
  order: store.key("flow.order"),
  from: store.key("flow.from"),
  to: store.key("flow.to"),
});

export type FlowKeys = ReturnType<typeof flowKeys>;
