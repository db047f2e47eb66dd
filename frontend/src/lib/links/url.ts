import type { Role, ViewState } from "../types";
import { joinList, splitList } from "./list";
import { decodeRuns, encodeRuns, type RunChoice } from "./run_choice";

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

/** URL keys of nnviz and their values. */
export type Keys = ReadonlyMap<string, string>;

/** Placeholder for an empty list of collapsed blocks, since an empty value may get lost from the URL. */
const NO_FOLDS = "@99";

const ROLES: readonly Role[] = ["weight", "bias", "norm", "embedding", "other", "all"];

/** Return the URL keys of a view, without keys at their defaults. `names` are the names of all runs. */
export function encodeState(state: ViewState, names: readonly string[] = []): Keys {
  const result = new Map<string, string>();
  for (const key of Object.keys(DEFAULTS) as (keyof ViewState)[]) {
    const value = state[key];
    const initial = DEFAULTS[key];
    if (value === null || value === initial) continue;
    if (key === "runs") result.set(key, encodeRuns(state.runs!, names));
    else if (key === "collapsed" && Array.isArray(value) && value.length === 0) result.set(key, NO_FOLDS);
    else if (Array.isArray(value)) result.set(key, joinList(value));
    else result.set(key, String(value));
  }
  return result;
}

/** Return the view that URL keys describe. Invalid values are ignored. */
export function decodeState(keys: Keys): ViewState {
  const state: ViewState = { ...DEFAULTS };
  const text = (key: string) => keys.get(key) ?? null;
  const number = (key: string) => {
    const typed = text(key) ?? "";
    const value = typed.trim() === "" ? Number.NaN : Number(typed);
    return Number.isFinite(value) ? value : null;
  };
  state.panel = text("panel");
  const runs = text("runs");
  if (runs !== null) state.runs = decodeRuns(runs);
  state.ref = text("ref");
  state.kind = text("kind");
  state.statistic = text("statistic");
  state.role = ROLES.find((role) => role === text("role")) ?? null;
  const scale = text("scale");
  if (scale === "linear" || scale === "log") state.scale = scale;
  state.row = text("row");
  state.step = number("step");
  state.runFilter = text("runFilter") ?? "";
  state.rowFilter = text("rowFilter") ?? "";
  const collapsed = text("collapsed");
  if (collapsed) state.collapsed = splitList(collapsed);
  const vanishing = number("vanishing");
  if (vanishing !== null && vanishing > 0) state.vanishing = vanishing;
  const exploding = number("exploding");
  if (exploding !== null && exploding > 0) state.exploding = exploding;
  state.lo = number("lo");
  state.hi = number("hi");
  return state;
}

/** Return the keys that belong to single panels: those with a dot (`act.sample`). */
export const panelKeys = (keys: Keys): Keys => new Map([...keys].filter(([key]) => key.includes(".")));

/** Keys whose changes the back button undoes. It does not undo changes of the cursor, filters and ranges. */
const PLACE = ["panel", "ref", "kind", "statistic", "role"];

/**
 * Return an identifier of the place that a URL leads to. The back button only stops at different places. The same runs
 * may be written in several ways, so they are compared as `runs`, the choice that the URL was written for.
 */
export const placeOf = (keys: Keys, runs: RunChoice | null = null) =>
  JSON.stringify([runs, ...PLACE.map((key) => keys.get(key) ?? null)]);

/** Return nnviz's keys in a hash such as `#nnviz&p.nnviz.step=96`. */
export function readHash(hash: string, prefix: string): Keys {
  const result = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0 || !part.startsWith(prefix)) continue;
    try {
      result.set(part.slice(prefix.length, at), decodeURIComponent(part.slice(at + 1)));
    } catch {
      // The link was cut in the middle of an escape sequence. Only this key is lost.
    }
  }
  return result;
}

/** Escape a value for the URL. Half of a surrogate pair has no escape, so it becomes U+FFFD. */
const escaped = (value: string) => encodeURIComponent(value.replace(/\p{Surrogate}/gu, "\ufffd"));

/** Return the hash with nnviz's keys replaced and everything else unchanged. */
export function writeHash(hash: string, prefix: string, keys: Keys): string {
  const others = hash
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "" && !part.startsWith(prefix));
  const ours = [...keys].map(([key, value]) => `${prefix}${key}=${escaped(value)}`);
  return `#${[...others, ...ours].join("&")}`;
}
