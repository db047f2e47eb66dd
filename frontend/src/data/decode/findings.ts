import { type Finding, type FindingsHeader, SEVERITIES } from "../../lib/findings";
import { Fields, finite, nullable, oneOf, text } from "./check";
import { items, missingOf, values } from "./items";

/** Read the answer of `POST findings`. */
export function decodeFindings(header: unknown): FindingsHeader {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const findings = items(answer, "findings", missing, readFinding);
  return { findings, others: values(answer, "others", missing, text), missing };
}

function readFinding(one: Fields): Finding {
  const [layer, depth] = [one.get("layer"), one.get("depth")];
  return {
    run: one.read("run", text),
    rule: one.read("rule", text),
    severity: one.read("severity", oneOf(SEVERITIES)),
    title: one.read("title", text),
    kind: one.read("kind", text),
    statistic: one.read("statistic", text),
    row: one.read("row", text),
    ...(layer != null && { layer: one.read("layer", text) }),
    ...(depth !== undefined && { depth: one.read("depth", nullable(finite)) }),
    since: one.read("since", finite),
    step: one.read("step", finite),
    value: one.read("value", nullable(finite)),
    evidence: one.read("evidence", text),
    advice: one.read("advice", text),
  };
}
