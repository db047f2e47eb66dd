import { GAIN } from "../lib/gain";
import { sortKinds, sortStatistics } from "../lib/statistics";
import type { RunInfo, ScalarSeries } from "../lib/types";

/** TensorBoard's default palette. Its first colour is too dark for dark mode and has a replacement there. */
const COLOURS = ["#425066", "#12b5cb", "#e52592", "#f9ab00", "#9334e6", "#7cb342", "#e8710a"];
const FIRST_DARK = "#8e98a3";

/** Compare times, of which several may be infinite. */
const byTime = (a: number, b: number) => (a === b ? 0 : a - b);

/** Order runs by the time of their first event, so that a run keeps its colour when runs are added or filtered. */
export function runOrder(runs: readonly RunInfo[]): Map<string, number> {
  const sorted = [...runs].sort(
    (a, b) => byTime(a.first_wall_time, b.first_wall_time) || a.run.localeCompare(b.run),
  );
  return new Map(sorted.map((info, i) => [info.run, i]));
}

export function runColour(order: number, dark: boolean): string {
  const i = order % COLOURS.length;
  return dark && i === 0 ? FIRST_DARK : COLOURS[i];
}

/** Return the selected runs: the reference first, the others in the order of their colours. */
export function shownRuns(
  selected: readonly string[],
  ref: string | null,
  order: ReadonlyMap<string, number>,
): string[] {
  const rest = selected.filter((run) => run !== ref).sort((a, b) => order.get(a)! - order.get(b)!);
  return ref !== null && selected.includes(ref) ? [ref, ...rest] : rest;
}

const PREFERENCES: RegExp[] = [
  /^test_acc(uracy)?$/,
  /^val_acc(uracy)?$/,
  /acc/,
  /^val_loss$/,
  /^loss$/,
  /loss/,
];

/**
 * Return the logged scalar that best summarizes a run, by the same preferences for all runs; null if there is none.
 */
export function headlineTag(tags: readonly string[], prefix: string): string | null {
  const names = [...new Set(tags)].filter((tag) => tag.startsWith(prefix)).sort();
  for (const wanted of PREFERENCES) {
    const found = names.find((tag) => wanted.test(tag.slice(prefix.length)));
    if (found) return found;
  }
  return names[0] ?? null;
}

export interface Headline {
  name: string;
  value: number;
  step: number;
}

/** Return each run's newest value of its preferred tag. */
export function headlines(series: readonly ScalarSeries[], prefix: string): Map<string, Headline> {
  const byRun = new Map<string, ScalarSeries[]>();
  for (const one of series) {
    const own = byRun.get(one.run);
    if (own) own.push(one);
    else byRun.set(one.run, [one]);
  }
  const result = new Map<string, Headline>();
  for (const [run, own] of byRun) {
    const tag = headlineTag(
      own.map((one) => one.tag),
      prefix,
    );
    const chosen = own.find((one) => one.tag === tag);
    if (!chosen || chosen.values.length === 0) continue;
    const last = chosen.values.length - 1;
    result.set(run, {
      name: chosen.tag.slice(prefix.length),
      value: chosen.values[last],
      step: chosen.steps[last],
    });
  }
  return result;
}

/**
 * Remove the leading folders or modules that all names share: `cnn/a`, `cnn/b` become `a`, `b`. The last part always
 * remains.
 */
export function withoutShared(names: readonly string[], separator: "/" | "."): string[] {
  const parts = names.map((name) => name.split(separator));
  const most = Math.min(...parts.map(({ length }) => length - 1));
  let shared = 0;
  while (names.length > 1 && shared < most && parts.every((one) => one[shared] === parts[0][shared]))
    shared++;
  return parts.map((one) => one.slice(shared).join(separator));
}

/** Shorten names by the folders that all of them share: `cnn/a`, `cnn/b` become `a`, `b`. */
export function shortNames(runs: readonly string[]): Map<string, string> {
  const short = withoutShared(runs, "/");
  return new Map(runs.map((run, i) => [run, short[i]]));
}

/** Return the statistics that any run has, by kind, in the order of the select element. */
export function statisticsOf(runs: readonly RunInfo[]): { kind: string; names: string[] }[] {
  const byKind = new Map<string, Set<string>>();
  for (const { kinds } of runs) {
    for (const [kind, names] of kinds) {
      const set = byKind.get(kind) ?? new Set();
      for (const name of names) set.add(name);
      if (kind === GAIN.kind && set.has(GAIN.source)) set.add(GAIN.statistic);
      byKind.set(kind, set);
    }
  }
  return sortKinds([...byKind.keys()]).map((kind) => ({
    kind,
    names: sortStatistics([...byKind.get(kind)!]),
  }));
}
