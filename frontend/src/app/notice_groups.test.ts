import { expect, test } from "vitest";
import type { RunInfo } from "../lib/types";
import { groupNotices } from "./notice_groups";

const run = (name: string, ...notices: RunInfo["notices"]): RunInfo => ({
  run: name,
  kinds: new Map(),
  first_wall_time: 0,
  steps: 0,
  notices,
});

test("groupNotices, same reason in two runs, is one group with both", () => {
  const evaluation = { reason: "evaluation mode", kinds: ["activation"], step: 3 };
  const runs = [
    run("a", evaluation, { reason: "no graph", kinds: ["graph"], step: 0 }),
    run("b", { ...evaluation, step: 7 }, { reason: "no step", kinds: [], step: 1 }),
  ];
  expect(groupNotices(runs, (kind) => kind === "activation")).toEqual([
    {
      reason: "evaluation mode",
      runs: [
        { run: "a", step: 3 },
        { run: "b", step: 7 },
      ],
    },
    { reason: "no step", runs: [{ run: "b", step: 1 }] },
  ]);
  expect(groupNotices(runs, () => false).map(({ reason }) => reason)).toEqual(["no step"]);
});
