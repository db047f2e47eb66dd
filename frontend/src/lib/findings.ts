import type { Missing } from "./types";

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
  /** The layer's position in execution order. */
  depth?: number | null;
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
  /** Address of the paper or document behind the rule, or an empty string. */
  source: string;
  /** Names of the layers that have the problem. */
  layers: readonly string[];
  /** Value of the reference run at the same place and step, if it was requested. */
  reference: number | null;
}

export const SEVERITIES = ["severe", "warning", "notice"] as const;
type Severity = (typeof SEVERITIES)[number];

/** One issue in one run that began in several layers at about the same time. */
export interface FindingGroup {
  run: string;
  rule: string;
  title: string;
  severity: Severity;
  since: number;
  /** The finding of the layer nearest to the cause. */
  origin: Finding;
  /** Sorted by position in execution order, the last layer first. */
  findings: Finding[];
}

export interface FindingsHeader {
  findings: Finding[];
  /** Runs that were not requested and have findings. */
  others: string[];
  missing: Missing[];
}

/** Findings of one rule form one group if they began within this fraction of the run, or this number of steps. */
const SAME_GROUP = { share: 0.05, steps: 20 } as const;

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

/**
 * Compare findings by position in execution order, the last layer first. Gradients flow backward, and so do their
 * issues.
 */
const backwards = (a: Finding, b: Finding) =>
  (b.depth ?? -1) - (a.depth ?? -1) || a.since - b.since || a.step - b.step;

/**
 * Group findings per run and rule, sorted by severity, then by first step. `lastStep(run)` is the run's last step. The
 * origin of a group is the last layer in execution order among the findings that began first.
 */
export function groupFindings(
  findings: readonly Finding[],
  lastStep: (run: string) => number,
  order: (run: string) => number,
): FindingGroup[] {
  const groups: FindingGroup[] = [];
  const open = new Map<string, FindingGroup>();
  for (const one of [...findings].sort((a, b) => a.since - b.since || a.step - b.step)) {
    // Different severities of one rule (a small norm, a norm of 0) are one issue.
    const key = `${one.run}\n${one.rule}`;
    const last = open.get(key);
    const near = Math.max(SAME_GROUP.steps, SAME_GROUP.share * lastStep(one.run));
    if (last && one.since - last.since <= near) last.findings.push(one);
    else {
      const { run, rule, title, severity, since } = one;
      const group = { run, rule, title, severity, since, origin: one, findings: [one] };
      open.set(key, group);
      groups.push(group);
    }
  }
  for (const group of groups) {
    group.findings.sort(backwards);
    const first = group.findings.filter(({ since }) => since === group.since);
    group.origin = first[0];
    const worst = [...group.findings].sort((a, b) => rank(a.severity) - rank(b.severity))[0];
    group.severity = worst.severity;
    group.title = worst.title;
  }
  return groups.sort(
    (a, b) =>
      rank(a.severity) - rank(b.severity) ||
      a.since - b.since ||
      order(a.run) - order(b.run) ||
      backwards(a.origin, b.origin),
  );
}

/** Sort groups by severity, and keep the order of groups of equal severity. */
export const byRank = (groups: readonly FindingGroup[]) =>
  [...groups].sort((a, b) => rank(a.severity) - rank(b.severity));

/** Return the name of the layer that a finding is about. */
export const layerOf = ({ layer, row }: Finding) => layer || row.replace(/\.(weight|bias)$/, "");
