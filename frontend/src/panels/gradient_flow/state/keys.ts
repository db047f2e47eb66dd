import type { Store } from "../../../data/store";

/** The panel's keys of the address. */
export const flowKeys = (store: Store) => ({
  /** `ref`: every run is compared with the reference. */
  against: store.key("flow.vs"),
  /** `on`: the profile shows percentile bands. With several runs they would overlap, so they are off by default. */
  band: store.key("flow.band"),
  order: store.key("flow.order"),
  from: store.key("flow.from"),
  to: store.key("flow.to"),
});

export type FlowKeys = ReturnType<typeof flowKeys>;
