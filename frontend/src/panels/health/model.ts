import { type Chain, chainsOf, type Finding } from "../../lib/rules/findings";
import { type RuleInfo, type RunHealth, VERDICTS, type Verdict } from "../../lib/rules/health";
import type { RuleSettings } from "../../lib/rules/settings";

/** Return the chains of a run without those findings whose rules are dismissed. */
export const visibleChains = ({ findings }: RunHealth, dismissed: ReadonlySet<string>): Chain[] =>
  chainsOf(findings.filter(({ rule }) => !dismissed.has(rule)));

/** Return the verdict on a run, leaving out dismissed rules. */
export function verdictOf(health: RunHealth, dismissed: ReadonlySet<string>): Verdict {
  const found = new Set<Verdict>(
    health.findings.filter(({ rule }) => !dismissed.has(rule)).map(({ severity }) => severity),
  );
  if (found.size > 0) return VERDICTS.find((one) => found.has(one))!;
  return health.verdict === "not checkable" ? health.verdict : "nothing found";
}

/** Return how many runs have each verdict, the worst first, and the first of these runs. */
export function countVerdicts(
  runs: ReadonlyMap<string, Verdict>,
): { verdict: Verdict; runs: readonly string[] }[] {
  return VERDICTS.map((verdict) => ({
    verdict,
    runs: [...runs].filter(([, own]) => own === verdict).map(([run]) => run),
  })).filter((one) => one.runs.length > 0);
}

/** Return the rules that could not be checked, once per reason, the most frequent reason first. */
export function groupUnchecked(
  unchecked: RunHealth["unchecked"],
): { reason: string; rules: readonly string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { rule, reason } of unchecked) {
    const own = groups.get(reason);
    if (own) own.push(rule);
    else groups.set(reason, [rule]);
  }
  return [...groups]
    .map(([reason, rules]) => ({ reason, rules }))
    .sort((a, b) => b.rules.length - a.rules.length);
}

/** Return names of rules by family, in the order of their first rule. */
export function byFamily(rules: readonly string[]): { family: string; names: readonly string[] }[] {
  const families = new Map<string, string[]>();
  for (const rule of rules) {
    const at = rule.indexOf("/");
    const [family, name] = at < 0 ? [rule, rule] : [rule.slice(0, at), rule.slice(at + 1)];
    const own = families.get(family);
    if (own) own.push(name);
    else families.set(family, [name]);
  }
  return [...families].map(([family, names]) => ({ family, names }));
}

/** Return the number of runs in which each rule has found something. */
export function countFound(healths: Iterable<RunHealth>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { findings } of healths)
    for (const rule of new Set(findings.map((one) => one.rule)))
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return counts;
}

/** Return the settings that belong to no known rule or limit, as `rule` or `rule limit`. */
export function unknownSettings(settings: RuleSettings, rules: readonly RuleInfo[]): string[] {
  const known = new Map(rules.map((one) => [one.name, one]));
  return [...settings].flatMap(([rule, limits]) => {
    const own = known.get(rule);
    if (!own) return [rule];
    return [...(limits ?? new Map<string, string>()).keys()]
      .filter((name) => !own.limits.has(name))
      .map((name) => `${rule} ${name}`);
  });
}

/** Return the layers that a finding names, its own first. */
export function layersOf({ layer, layers }: Finding): string[] {
  return [...new Set([...(layer ? [layer] : []), ...layers])];
}

/** Return the key of a finding, unique within its run. */
export const keyOf = ({ rule, kind, row, since, step }: Finding) => [rule, kind, row, since, step].join("\n");
