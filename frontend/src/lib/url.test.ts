import { expect, test } from "vitest";
import type { ViewState } from "./types";
import {
  DEFAULTS,
  decodeState,
  encodeState,
  joinList,
  panelKeys,
  placeOf,
  readHash,
  splitList,
  writeHash,
} from "./url";

const FULL: ViewState = {
  panel: "gradient_flow",
  runs: ["a,b", "c\\d", "ü/e&f=g"],
  ref: "c\\d",
  kind: "update",
  statistic: "ratio",
  role: "all",
  scale: "linear",
  row: "blocks.0.*",
  step: 96,
  runFilter: "lr|sig#%",
  rowFilter: "^b",
  collapsed: ["blocks.0.*", "blocks.1.*"],
  vanishing: 1e-8,
  exploding: 10,
  lo: 1e-9,
  hi: 3,
};

test("encodeState and decodeState restore all values", () => {
  const hash = writeHash("#nnviz&p.other.key=1", "p.nnviz.", encodeState(FULL));
  expect(hash.startsWith("#nnviz&p.other.key=1&p.nnviz.")).toBe(true);
  expect(hash).not.toMatch(/[ü|]/);
  expect(decodeState(readHash(hash, "p.nnviz."))).toEqual(FULL);
  expect(writeHash(hash, "p.nnviz.", encodeState(FULL))).toBe(hash);
});

test("encodeState skips defaults but keeps an empty selection", () => {
  expect(encodeState(DEFAULTS)).toEqual({});
  const none = { ...DEFAULTS, runs: [] };
  expect(encodeState(none)).toEqual({ runs: "" });
  expect(decodeState(encodeState(none)).runs).toEqual([]);
});

test("decodeState ignores invalid values", () => {
  expect(decodeState({ step: "x", role: "king", scale: "cubic", vanishing: "-1", lo: "" })).toEqual(DEFAULTS);
  expect(readHash("#nnviz&p.nnviz.row=%E0%A4%A&p.nnviz.step=3", "p.nnviz.")).toEqual({ step: "3" });
});

test("joinList and splitList escape commas and backslashes", () => {
  for (const list of [[], ["a"], ["a,b", "\\", ",", "c"]]) expect(splitList(joinList(list))).toEqual(list);
});

test("panelKeys returns the keys with a dot", () => {
  expect(panelKeys({ "act.sample": "3", step: "7", nonsense: "1" })).toEqual({ "act.sample": "3" });
});

test("placeOf depends on panel, statistic and runs, not on the cursor", () => {
  const at = { panel: "curves", step: "3", row: "a" };
  expect(placeOf(at)).toBe(placeOf({ ...at, step: "9", row: "b", rowFilter: "x", "act.sample": "2" }));
  expect(placeOf(at)).not.toBe(placeOf({ ...at, panel: "weights" }));
  expect(placeOf(at)).not.toBe(placeOf({ ...at, kind: "update" }));
});
