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

/** Placeholder for an empty list of collapsed blocks, since an empty value may get lost from the URL. */
const NO_FOLDS = "@99";

const ROLES: readonly Role[] = ["weight", "bias", "norm", "embedding", "other", "all"];

/** Join a list by commas, and escape commas and backslashes in its items. */
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

/** Return the URL keys of a view, without keys at their defaults. */
export function encodeState(state: ViewState): Record<string, string> {
  const result: Record<string, string> = {};
  for (const key of Object.keys(DEFAULTS) as (keyof ViewState)[]) {
    const value = state[key];
    const initial = DEFAULTS[key];
    if (value === null || value === initial) continue;
    if (key === "collapsed" && Array.isArray(value) && value.length === 0) result[key] = NO_FOLDS;
    else if (Array.isArray(value)) result[key] = joinList(value);
    else result[key] = String(value);
  }
  return result;
}

/** Return the view that URL keys describe. Invalid values are ignored. */
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

/** Return the keys that belong to single panels: those with a dot (`act.sample`). */
export function panelKeys(keys: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key.includes(".") && !(key in DEFAULTS)));
}

/** Keys whose changes the back button undoes. It does not undo changes of the cursor, filters and ranges. */
const PLACE = ["panel", "runs", "ref", "kind", "statistic", "role"];

/** Return an identifier of the place that a URL leads to. The back button only stops at different places. */
export const placeOf = (keys: Readonly<Record<string, string>>) =>
  JSON.stringify(PLACE.map((key) => keys[key] ?? null));

/** Return nnviz's keys in a hash such as `#nnviz&p.nnviz.step=96`. */
export function readHash(hash: string, prefix: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0 || !part.startsWith(prefix)) continue;
    try {
      result[part.slice(prefix.length, at)] = decodeURIComponent(part.slice(at + 1));
    } catch {
      // The link was cut in the middle of an escape sequence. Only this key is lost.
    }
  }
  return result;
}

/** Return the hash with nnviz's keys replaced and everything else unchanged. */
export function writeHash(hash: string, prefix: string, keys: Readonly<Record<string, string>>): string {
  const others = hash
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "" && !part.startsWith(prefix));
  const ours = Object.entries(keys).map(([key, value]) => `${prefix}${key}=${encodeURIComponent(value)}`);
  return `#${[...others, ...ours].join("&")}`;
}
