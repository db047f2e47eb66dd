import { expect, test } from "vitest";
import { chainsOf } from "../../lib/rules/findings";
import { decodeHealth } from "./health";

const raw = (rule: string, cause: number | null) => ({
  rule,
  severity: "warning",
  title: rule,
  kind: "",
  statistic: "",
  row: "",
  since: 3,
  step: 4,
  evidence: "",
  advice: [],
  cause,
});

const answer = (findings: readonly object[]) => ({
  runs: [{ run: "a", verdict: "warning", steps: [0, 9], findings, checked: [], unchecked: [] }],
  rules: [],
  missing: [],
});

const rules = (findings: readonly object[]) =>
  chainsOf(decodeHealth(answer(findings)).runs[0].findings).map(({ cause, effects }) => [
    cause.rule,
    ...effects.map(({ rule }) => rule),
  ]);

test("decodeHealth, a finding is unreadable, keeps what the causes of the others refer to", () => {
  const found = [raw("one", null), { rule: 7 }, raw("two", 0), raw("three", null), raw("four", 3)];
  expect(rules(found)).toEqual([
    ["one", "two"],
    ["three", "four"],
  ]);
});

test("decodeHealth, a cause is unreadable or unknown, keeps its effects as causes", () => {
  expect(rules([{ rule: 7 }, raw("one", 0), raw("two", 40)])).toEqual([["one"], ["two"]]);
});

test("decodeHealth without causes keeps each finding", () => {
  const { cause: _, ...old } = raw("one", null);
  expect(rules([old, { ...old, rule: "two" }])).toEqual([["one"], ["two"]]);
});
