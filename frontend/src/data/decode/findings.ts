import { type Finding, type FindingsHeader, SEVERITIES } from "../../lib/rules/findings";
import { Fields, finite, listOf, nullable, oneOf, orElse, text } from "./check";
import { items, missingOf, values } from "./items";

/** Read the answer of `POST findings`. */
export function decodeFindings(header: unknown): FindingsHeader {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const findings = items(answer, "findings", missing, (one, place) => readFinding(one, place));
  return { findings, others: values(answer, "others", missing, text), missing };
}

/**
 * Read a finding, whose run is a key of its own or known otherwise.
 *
 * @param place - its place in the list of findings, which `cause` refers to.
 */
export function readFinding(one: Fields, place: number, run = one.read("run", text)): Finding {
  const [layer, details] = [one.get("layer"), one.get("details")];
  return {
    run,
    rule: one.read("rule", text),
    severity: one.read("severity", oneOf(SEVERITIES)),
    title: one.read("title", text),
    kind: one.read("kind", text),
    statistic: one.read("statistic", text),
    row: one.read("row", text),
    ...(layer != null && { layer: one.read("layer", text) }),
    since: one.read("since", finite),
    step: one.read("step", finite),
    value: one.read("value", nullable(finite)),
    limit: one.read("limit", nullable(finite)),
    usual: one.read("usual", nullable(finite)),
    evidence: one.read("evidence", text),
    advice: one.read("advice", listOf(text)),
    explains: one.read("explains", orElse(listOf(text), [])),
    place,
    cause: one.read("cause", nullable(finite)),
    source: one.read("source", orElse(text, "")),
    layers: layersOf(details),
    scalar: detailOf(details, "scalar"),
    global: detailOf(details, "global"),
    quantity: detailOf(details, "quantity") ?? "",
    usualIs: detailOf(details, "usual_is") ?? "",
    reference: one.read("reference", nullable(finite)),
  };
}

/** Return the names of layers in a finding's details, which are free in form. */
function layersOf(details: unknown): string[] {
  if (typeof details !== "object" || details === null) return [];
  const layers = new Fields(details, "details").get("layers");
  return Array.isArray(layers)
    ? layers.filter((one) => typeof one === "string").map((one) => text(one, "layer"))
    : [];
}

/** Return a text in a finding's details, which are free in form. */
function detailOf(details: unknown, name: string): string | null {
  if (typeof details !== "object" || details === null) return null;
  const found = new Fields(details, "details").get(name);
  return typeof found === "string" ? text(found, name) : null;
}
