import { expect, test } from "vitest";
import { foundLayers } from "../../lib/rules/findings";
import { finding } from "../../testing/findings";
import { line, row } from "../../testing/helpers";
import { outlinesOf } from "./model_outline";

const rows = ["a.weight", "a.bias", "b.weight", "c.weight", "d.weight"].map((name) => row(name));
const lines = [
  line("a.weight", [0]),
  line("a.bias", [1]),
  line("h", [], "header"),
  line("b.weight", [2]),
  line("c.*", [3, 4], "block"),
];
const titles: string[] = [];

test("outlinesOf joins neighbouring lines that began at one step", () => {
  const layers = new Map([
    ["a", { since: 3, titles }],
    ["b", { since: 3, titles }],
    ["d", { since: 9, titles }],
  ]);
  expect(outlinesOf(lines, rows, layers)).toEqual([
    { first: 0, last: 1, since: 3 },
    { first: 3, last: 3, since: 3 },
    { first: 4, last: 4, since: 9 },
  ]);
  expect(outlinesOf(lines, rows, new Map())).toEqual([]);
});

test("foundLayers has all layers of causes, without notices and effects", () => {
  const found = foundLayers(
    [
      finding("a", "one", { layer: "x", layers: ["x", "y"], since: 5, place: 0 }),
      finding("a", "two", { layer: "z", since: 6, place: 1, cause: 0 }),
      finding("a", "three", { layer: "y", since: 2 }),
      finding("a", "four", { layer: "w", severity: "notice" }),
      finding("b", "one", { layer: "v" }),
    ],
    "a",
  );
  expect([...found].map(([layer, { since }]) => [layer, since])).toEqual([
    ["x", 5],
    ["y", 2],
  ]);
  expect(found.get("y")?.titles).toHaveLength(2);
});
