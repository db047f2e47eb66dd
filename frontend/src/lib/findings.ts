/** What a rule has found in one layer, as `POST findings` answers it. */
export interface Finding {
  run: string;
  rule: string;
  severity: Severity;
  title: string;
  kind: string;
  statistic: string;
  /** What shows it: a parameter's name mostly. */
  row: string;
  layer?: string;
  /** The layer's place in the order of execution. */
  depth?: number | null;
  since: number;
  step: number;
  /** Null where it is NaN or Inf. */
  value: number | null;
  evidence: string;
  advice: string;
}

export const SEVERITIES = ["severe", "warning", "notice"] as const;
type Severity = (typeof SEVERITIES)[number];

/** One trouble in one run that began in several layers at about the same time. */
export interface FindingGroup {
  run: string;
  rule: string;
  title: string;
  severity: Severity;
  since: number;
  /** The layer nearest to the cause. */
  origin: Finding;
  /** By place in the order of execution, the last first. */
  findings: Finding[];
}

export interface FindingsHeader {
  findings: Finding[];
  /** Runs that were not asked for and hold findings. */
  others: string[];
  missing: { run: string; step: number | null; reason: string }[];
}

/** Layers of one trouble that began within so much of the run belong together. */
const TOGETHER = { share: 0.05, least: 20 } as const;

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

/** Gradients run backwards, and so do their troubles: of layers that began together the last one began it. */
const backwards = (a: Finding, b: Finding) =>
  (b.depth ?? -1) - (a.depth ?? -1) || a.since - b.since || a.step - b.step;

/**
 * Findings in few lines, the worst first, then what began first. `reach(run)` is the run's last step. Within a group
 * the origin is the layer that the others got it from: the last in the order of execution of those that began first.
 */
export function groupFindings(
  findings: readonly Finding[],
  reach: (run: string) => number,
  order: (run: string) => number,
): FindingGroup[] {
  const groups: FindingGroup[] = [];
  const open = new Map<string, FindingGroup>();
  for (const one of [...findings].sort((a, b) => a.since - b.since || a.step - b.step)) {
    // Degrees of one trouble (a norm that is small, and one that is 0) are one trouble.
    const key = `${one.run}\n${one.rule}`;
    const last = open.get(key);
    const near = Math.max(TOGETHER.least, TOGETHER.share * reach(one.run));
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

/** Groups of several questions in one list: the worst first, else as they came. */
export const byRank = (groups: readonly FindingGroup[]) =>
  [...groups].sort((a, b) => rank(a.severity) - rank(b.severity));

/** The layer's name as people say it. */
export const layerOf = ({ layer, row }: Finding) => layer ?? row.replace(/\.(weight|bias)$/, "");
