import { expect, test } from "vitest";
import { chosenRuns, decodeRuns, encodeRuns } from "./run_choice";

const names = Array.from({ length: 600 }, (_, i) => `sweep/learning_rate_1e-${i % 7}/trial_${i}`);
const again = (chosen: string[], all: readonly string[]) =>
  chosenRuns(decodeRuns(encodeRuns(chosen, all)), all);

test.each([
  ["all", names],
  ["all but some", names.filter((_, i) => i % 100 > 3)],
  ["half", names.filter((_, i) => i % 2 === 0)],
  ["few", names.slice(3, 9)],
  ["none", []],
])("encodeRuns, %s of 600, leads to the same runs", (_, chosen) => {
  expect(again(chosen, names)).toEqual(chosen);
  expect(encodeRuns(chosen, names).length).toBeLessThan(2200);
});

test("encodeRuns, a few runs, are named in full", () => {
  expect(encodeRuns(["a", "b,c"], ["a", "b,c", "d"])).toBe("a,b\\,c");
  expect(decodeRuns("a,b\\,c")).toEqual(["a", "b,c"]);
});

test("encodeRuns, names that begin like its texts, are names", () => {
  const odd = ["!all", "!but,x", "!ids,0000000", "__proto__", "constructor", "\\", ",", "!"];
  for (const one of odd) expect(again([one], odd)).toEqual([one]);
  expect(again(odd, odd)).toEqual(odd);
});

test("encodeRuns, runs that are not in the list, stay in the text", () => {
  const gone = names.map((name) => `${name}/gone`);
  expect(decodeRuns(encodeRuns(gone, names))).toEqual(gone);
});

test("chosenRuns, all runs of a link, include runs that began later", () => {
  const choice = decodeRuns(encodeRuns(names, names));
  expect(chosenRuns(choice, [...names, "new"])).toEqual([...names, "new"]);
  expect(encodeRuns(choice, ["other"])).toBe("!all");
});
