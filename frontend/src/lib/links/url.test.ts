import { expect, test } from "vitest";
import type { ViewState } from "../types";
import { joinList, splitList } from "./list";
import {
  DEFAULTS,
  decodeState,
  encodeState,
  type Keys,
  panelKeys,
  placeOf,
  readHash,
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

const keys = (of: object): Keys => new Map(Object.entries(of));

test("encodeState and decodeState restore all values", () => {
  const hash = writeHash("#nnviz&p.other.key=1", "p.nnviz.", encodeState(FULL));
  expect(hash.startsWith("#nnviz&p.other.key=1&p.nnviz.")).toBe(true);
  expect(hash).not.toMatch(/[ü|]/);
  expect(decodeState(readHash(hash, "p.nnviz."))).toEqual(FULL);
  expect(writeHash(hash, "p.nnviz.", encodeState(FULL))).toBe(hash);
});

test("encodeState skips defaults but keeps an empty selection", () => {
  expect(encodeState(DEFAULTS)).toEqual(new Map());
  const none = { ...DEFAULTS, runs: [] };
  expect(encodeState(none)).toEqual(keys({ runs: "" }));
  expect(decodeState(encodeState(none)).runs).toEqual([]);
});

test("decodeState ignores invalid values", () => {
  expect(decodeState(keys({ step: "x", role: "king", scale: "cubic", vanishing: "-1", lo: "" }))).toEqual(
    DEFAULTS,
  );
  expect(readHash("#nnviz&p.nnviz.row=%E0%A4%A&p.nnviz.step=3", "p.nnviz.")).toEqual(keys({ step: "3" }));
});

test("joinList and splitList escape commas and backslashes", () => {
  for (const list of [[], ["a"], ["a,b", "\\", ",", "c"]]) expect(splitList(joinList(list))).toEqual(list);
});

test("panelKeys returns the keys with a dot", () => {
  expect(panelKeys(keys({ "act.sample": "3", step: "7", nonsense: "1" }))).toEqual(
    keys({ "act.sample": "3" }),
  );
});

test("placeOf depends on panel, statistic and runs, not on the cursor", () => {
  const at = { panel: "curves", step: "3", row: "a" };
  expect(placeOf(keys(at))).toBe(
    placeOf(keys({ ...at, step: "9", row: "b", rowFilter: "x", "act.sample": "2" })),
  );
  expect(placeOf(keys(at))).not.toBe(placeOf(keys({ ...at, panel: "weights" })));
  expect(placeOf(keys(at))).not.toBe(placeOf(keys({ ...at, kind: "update" })));
});
