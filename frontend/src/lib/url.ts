import type { Role, ViewState } from "./types";

export const DEFAULTS: ViewState = {
  panel: null,
  runs: null,
  ref: null,
  kind: null,
  statistic: null,
  role: null,
  scale: null,
  row: null,
  step: null,
  runFilter: "",
  rowFilter: "",
  collapsed: null,
  vanishing: 1e-6,
  exploding: 100,
  lo: null,
  hi: null,
};

/** Folds of blocks deeper than any. */
const NO_FOLDS = "@99";

const ROLES: readonly Role[] = ["weight", "bias", "norm", "embedding", "other", "all"];

/** Lists are joined by commas; commas and backslashes in names are escaped. */
export const joinList = (items: readonly string[]) =>
  items.map((item) => item.replace(/[\\,]/g, "\\$&")).join(",");

export function splitList(text: string): string[] {
  if (text === "") return [];
  const items = [""];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && i + 1 < text.length) items[items.length - 1] += text[++i];
    else if (text[i] === ",") items.push("");
    else items[items.length - 1] += text[i];
  }
  return items;
}

/** Keys of the address with their values; what is at its default is left out. */
export function encodeState(state: ViewState): Record<string, string> {
  const result: Record<string, string> = {};
  for (const key of Object.keys(DEFAULTS) as (keyof ViewState)[]) {
    const value = state[key];
    const initial = DEFAULTS[key];
    if (value === null || value === initial) continue;
    // Nothing folded: an empty value would not survive in every address.
    if (key === "collapsed" && Array.isArray(value) && value.length === 0) result[key] = NO_FOLDS;
    else if (Array.isArray(value)) result[key] = joinList(value);
    else result[key] = String(value);
  }
  return result;
}

/** What an address says; anything that it says wrongly is as if it said nothing. */
export function decodeState(keys: Readonly<Record<string, string>>): ViewState {
  const state: ViewState = { ...DEFAULTS };
  const text = (key: string) => keys[key] ?? null;
  const number = (key: string) => {
    const value = keys[key] === undefined || keys[key].trim() === "" ? Number.NaN : Number(keys[key]);
    return Number.isFinite(value) ? value : null;
  };
  state.panel = text("panel");
  if (keys.runs !== undefined) state.runs = splitList(keys.runs);
  state.ref = text("ref");
  state.kind = text("kind");
  state.statistic = text("statistic");
  if (ROLES.includes(keys.role as Role)) state.role = keys.role as Role;
  if (keys.scale === "linear" || keys.scale === "log") state.scale = keys.scale;
  state.row = text("row");
  state.step = number("step");
  state.runFilter = keys.runFilter ?? "";
  state.rowFilter = keys.rowFilter ?? "";
  if (keys.collapsed) state.collapsed = splitList(keys.collapsed);
  const vanishing = number("vanishing");
  if (vanishing !== null && vanishing > 0) state.vanishing = vanishing;
  const exploding = number("exploding");
  if (exploding !== null && exploding > 0) state.exploding = exploding;
  state.lo = number("lo");
  state.hi = number("hi");
  return state;
}

/** Keys that are none of the shared view: the panels' own, which have a dot in them (`act.sample`). */
export function panelKeys(keys: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key.includes(".") && !(key in DEFAULTS)));
}

/** Keys whose change the back button undoes; cursor, filters and ranges move within a place. */
const PLACE = ["panel", "runs", "ref", "kind", "statistic", "role"];

/** Where in the page an address leads: equal for views between which the back button need not stop. */
export const placeOf = (keys: Readonly<Record<string, string>>) =>
  JSON.stringify(PLACE.map((key) => keys[key] ?? null));

/** Our keys in a hash such as `#nnviz&p.nnviz.step=96`. */
export function readHash(hash: string, prefix: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0 || !part.startsWith(prefix)) continue;
    try {
      result[part.slice(prefix.length, at)] = decodeURIComponent(part.slice(at + 1));
    } catch {
      // A link that was cut in the middle of an escape: that key is lost, the others are not.
    }
  }
  return result;
}

/** The hash with our keys replaced and everything else left as it is. */
export function writeHash(hash: string, prefix: string, keys: Readonly<Record<string, string>>): string {
  const others = hash
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "" && !part.startsWith(prefix));
  const ours = Object.entries(keys).map(([key, value]) => `${prefix}${key}=${encodeURIComponent(value)}`);
  return `#${[...others, ...ours].join("&")}`;
}
