import { expect, test } from "vitest";
import { unionRows } from "../../lib/row_union";
import { row } from "../../testing/helpers";
import { folder } from "./model_folds";
import { lineOf, treeLines } from "./model_tree";

const rows = (...names: string[]) => names.map((name) => row(name));
const names = (list: { name: string }[]) => list.map(({ name }) => name);

test("unionRows, row missing in the reference, follows its predecessor", () => {
  const union = unionRows([rows("a", "b", "c"), rows("a", "x", "y", "b", "c", "z")]);
  expect(names(union.rows)).toEqual(["a", "x", "y", "b", "c", "z"]);
  expect([...union.index[0]]).toEqual([0, -1, -1, 1, 2, -1]);
  expect([...union.index[1]]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("unionRows, first row or another order, keeps rows once", () => {
  const union = unionRows([rows("b", "c"), rows("a", "c", "b", "d")]);
  expect(names(union.rows)).toEqual(["a", "b", "d", "c"]);
  expect([...union.index[1]]).toEqual([0, 2, 3, 1]);
});

test("unionRows, no layouts, is empty", () => {
  expect(unionRows([]).rows).toEqual([]);
});

function tree(list: ReturnType<typeof rows>, collapsed: string[] = [], dropWeight = true) {
  return treeLines(
    list,
    list.map((_, i) => i),
    { isFolded: folder(collapsed), dropWeight },
  );
}
const show = (lines: ReturnType<typeof tree>) =>
  lines.map(
    ({ label, depth, type }) =>
      `${"  ".repeat(depth)}${type === "row" ? "" : type === "block" ? "+" : "-"}${label}`,
  );

const NETWORK = rows(
  "stem.weight",
  "blocks.0.conv1.weight",
  "blocks.0.conv2.weight",
  "blocks.1.conv1.weight",
  "blocks.1.conv2.weight",
  "head.weight",
);

test("treeLines, numbered blocks, take their container's name", () => {
  expect(show(tree(NETWORK))).toEqual([
    "stem",
    "-blocks.0",
    "  conv1",
    "  conv2",
    "-blocks.1",
    "  conv1",
    "  conv2",
    "head",
  ]);
});

test("treeLines, collapsed block, is one line with all rows", () => {
  const lines = tree(NETWORK, ["blocks.0.*"]);
  expect(show(lines)).toEqual(["stem", "+blocks.0", "-blocks.1", "  conv1", "  conv2", "head"]);
  expect(lines[1].rows).toEqual([1, 2]);
});

test("treeLines, parameters of one module, make no block", () => {
  const lines = tree(rows("fc.weight", "fc.bias", "out.last.weight"), [], false);
  expect(show(lines)).toEqual(["fc.weight", "fc.bias", "out.last.weight"]);
});

test("treeLines, chain of single blocks, is one name", () => {
  expect(show(tree(rows("enc.layers.a.weight", "enc.layers.b.weight", "x.weight")))).toEqual([
    "-enc.layers",
    "  a",
    "  b",
    "x",
  ]);
});

test("treeLines, block that runs twice, has two lines", () => {
  const lines = tree(rows("a.x.weight", "a.y.weight", "b.weight", "a.z.weight", "a.w.weight"));
  expect(lines.filter(({ type }) => type === "header").map(({ key }) => key)).toEqual(["a.*", "a~2.*"]);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
});

test("treeLines, rows of a container and its content, do not collide", () => {
  const lines = tree(rows("blocks.0.conv1", "blocks.0.conv2", "blocks.0"), [], false);
  expect(show(lines)).toEqual(["-blocks.0", "  conv1", "  conv2", "blocks.0"]);
});

test("lineOf, key, is its line, its block, or the first row", () => {
  const open = tree(NETWORK);
  expect(lineOf(open, NETWORK, "blocks.1.conv1.weight")).toBe(5);
  expect(lineOf(open, NETWORK, "blocks.1.*")).toBe(5);
  expect(lineOf(open, NETWORK, null)).toBe(0);
  expect(lineOf(open, NETWORK, "gone")).toBe(0);
  const folded = tree(NETWORK, ["blocks.0.*"]);
  expect(lineOf(folded, NETWORK, "blocks.0.conv2.weight")).toBe(1);
  expect(lineOf([], NETWORK, null)).toBe(-1);
});

test("lineOf, layer or hidden bias, is a row of that layer", () => {
  const open = tree(NETWORK, []);
  expect(lineOf(open, NETWORK, "blocks.1.conv1")).toBe(5);
  expect(lineOf(open, NETWORK, "blocks.1.conv1.bias")).toBe(5);
  expect(lineOf(tree(NETWORK, ["blocks.0.*"]), NETWORK, "blocks.0.conv2")).toBe(1);
});
