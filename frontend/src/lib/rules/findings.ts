import { GLOBAL_PREFIX, LOG_PREFIX } from "../tags";
import type { Missing } from "../types";

/** A rule's finding, as sent by `POST findings` and `POST health`. */
export interface Finding {
  run: string;
  /** Family and name, such as `gradient/vanishing`. */
  rule: string;
  severity: Severity;
  title: string;
  kind: string;
  statistic: string;
  /** The name of the row that shows it, usually a parameter. */
  row: string;
  layer?: string;
  since: number;
  step: number;
  /** Null if it is NaN or Inf. */
  value: number | null;
  /** The threshold that the value has crossed, and the value of healthy layers or earlier steps; null if unknown. */
  limit: number | null;
  usual: number | null;
  evidence: string;
  /** Remedies, the most promising first. */
  advice: readonly string[];
  /** Rules of the run's findings that this one has caused. */
  explains: readonly string[];
  /** Place in the list that was sent, and the place there of the finding that explains this one, null if none does. */
  place: number;
  cause: number | null;
  /** Address of the paper or document behind the rule, or an empty string. */
  source: string;
  /** Names of the layers that have the problem. */
  layers: readonly string[];
  /** Name of the logged scalar that shows it, null if none does. */
  scalar: string | null;
  /** Name of the scalar of the whole model that shows it, null if none does. */
  global: string | null;
  /** Quantity of value, limit and usual; empty if it is the statistic of the row. */
  quantity: string;
  /** Meaning of `usual`; empty for the value of healthy layers or earlier steps. */
  usualIs: string;
  /** The reference run's statistic of the row at the same step, if it was requested. */
  reference: number | null;
}

export const SEVERITIES = ["severe", "warning", "notice"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A cause and the findings of the same run that follow from it. */
export interface Chain {
  run: string;
  cause: Finding;
  effects: readonly Finding[];
  /** The worst of them. */
  severity: Severity;
}

export interface FindingsHeader {
  findings: Finding[];
  /** Runs that were not requested and have findings. */
  others: string[];
  missing: Missing[];
}

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

/**
 * Arrange the findings of one run as chains. A finding whose cause is not among them, for example because its rule is
 * dismissed, is a cause of its own.
 */
export function chainsOf(findings: readonly Finding[]): Chain[] {
  const chains: { run: string; cause: Finding; effects: Finding[]; severity: Severity }[] = [];
  for (const one of findings) {
    const own = chains.find(({ cause }) => cause.place === one.cause);
    if (own) {
      own.effects.push(one);
      if (rank(one.severity) < rank(own.severity)) own.severity = one.severity;
    } else chains.push({ run: one.run, cause: one, effects: [], severity: one.severity });
  }
  return chains;
}

/** Sort the chains of several runs: the worst first, then the earliest. The order within a run stays. */
export const byRank = (chains: readonly Chain[]) =>
  [...chains].sort(
    (a, b) => rank(a.severity) - rank(b.severity) || (a.run === b.run ? 0 : a.cause.since - b.cause.since),
  );

/** Return the name of the layer that a finding is about, or an empty string if it is about the whole model. */
export const layerOf = ({ layer, row }: Finding) => layer || row.replace(/\.(weight|bias)$/, "");

/** Return the tag of the scalar that shows a finding of no layer, null if none is known. */
export function scalarOf({ rule, scalar, global, evidence }: Finding): string | null {
  if (scalar !== null) return LOG_PREFIX + scalar;
  if (global !== null) return GLOBAL_PREFIX + global;
  // The evidence begins with the name of the loss.
  return rule.startsWith("loss/") ? LOG_PREFIX + evidence.split(" ")[0] : null;
}

/** The first cause that names a layer. */
export interface LayerFinding {
  since: number;
  titles: readonly string[];
}

/** Return the layers that the severe findings and warnings of a run name, except those that follow from another. */
export function foundLayers(findings: readonly Finding[], run: string): ReadonlyMap<string, LayerFinding> {
  const found = new Map<string, { since: number; titles: string[] }>();
  for (const { cause } of chainsOf(findings.filter((one) => one.run === run))) {
    if (cause.severity === "notice") continue;
    for (const layer of new Set([layerOf(cause), ...cause.layers])) {
      if (layer === "") continue;
      const own = found.get(layer) ?? { since: cause.since, titles: [] };
      own.since = Math.min(own.since, cause.since);
      own.titles.push(cause.title);
      found.set(layer, own);
    }
  }
  return found;
}
