import {
  type HealthAnswer,
  type LimitWords,
  PARTED,
  type RuleInfo,
  type RunHealth,
  VERDICTS,
} from "../../lib/rules/health";
import type { Missing } from "../../lib/types";
import { array, Fields, finite, invalid, listOf, mapOf, nullable, oneOf, orElse, text } from "./check";
import { readFinding } from "./findings";
import { items, missingOf } from "./items";

/** Read the answer of `POST health`. */
export function decodeHealth(header: unknown): HealthAnswer {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  return {
    runs: items(answer, "runs", missing, (one) => readRun(one, missing)),
    rules: items(answer, "rules", missing, readRule),
    missing,
  };
}

function readRun(one: Fields, missing: Missing[]): RunHealth {
  const run = one.read("run", text);
  const faults: Missing[] = [];
  const all = items(one, "findings", faults, (item, place) => readFinding(item, place, run));
  missing.push(...faults.map((fault) => ({ ...fault, run })));
  return {
    run,
    verdict: one.read("verdict", oneOf(VERDICTS)),
    steps: one.read("steps", pair),
    findings: all.filter(({ rule }) => rule !== PARTED),
    parted: all.find(({ rule }) => rule === PARTED) ?? null,
    checked: one.read("checked", listOf(text)),
    unchecked: one.read("unchecked", listOf(readUnchecked)),
    unread: one.read("missing", orElse(listOf(text), [])),
  };
}

function pair(value: unknown, thing: string): [number | null, number | null] {
  const both = array(value, thing);
  if (both.length !== 2) throw invalid(thing, value, "two steps");
  const [first, last] = both.map((step) => nullable(finite)(step, thing));
  return [first, last];
}

function readUnchecked(value: unknown, thing: string) {
  const one = new Fields(value, thing);
  return { rule: one.read("rule", text), reason: one.read("reason", text) };
}

function readWords(value: unknown, thing: string): LimitWords {
  const one = new Fields(value, thing);
  return { text: one.read("text", text), unit: one.read("unit", orElse(text, "")) };
}

const readRule = (one: Fields): RuleInfo => ({
  name: one.read("name", text),
  title: one.read("title", text),
  limits: one.read("limits", mapOf(finite)),
  words: one.read("words", orElse(mapOf(readWords), new Map())),
  source: one.read("source", orElse(text, "")),
});
