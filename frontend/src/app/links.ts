import type { Keys } from "../lib/links/url";
import { PANELS, UNNAMED } from "./registry";

const orPanel = (keys: Keys, panel: string): Keys => (keys.size === 0 ? new Map([["panel", panel]]) : keys);

/** Return the keys to read: a link without any key opens the first panel. */
export const opened = (keys: Keys): Keys => orPanel(keys, PANELS[0].id);

/** Return the keys to write: Gradient flow without any choice is named, because the link would open the first panel. */
export const written = (keys: Keys): Keys => orPanel(keys, UNNAMED);
