import { csvFile, csvLine } from "../../lib/csv";
import type { Chain } from "../../lib/rules/findings";

const HEAD = [
  ...["run", "severity", "rule", "title", "caused_by", "layer", "kind", "row", "statistic", "since", "step"],
  ...["value", "limit", "usual", "evidence", "layers", "advice", "source"],
];

/** Return findings as CSV, one per line, causes before what follows from them. */
export function findingsCsv(chains: readonly Chain[]): string {
  const lines = chains.flatMap(({ cause, effects }) =>
    [cause, ...effects].map((one) =>
      csvLine([
        ...[one.run, one.severity, one.rule, one.title, one === cause ? "" : cause.rule, one.layer ?? ""],
        ...[one.kind, one.row, one.statistic, one.since, one.step],
        ...[one.value ?? "", one.limit ?? "", one.usual ?? "", one.evidence, one.layers.join("; ")],
        ...[one.advice.join("; "), one.source],
      ]),
    ),
  );
  return csvFile(HEAD, lines);
}
