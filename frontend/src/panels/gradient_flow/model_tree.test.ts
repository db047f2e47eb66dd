import { expect, test } from "vitest";
import { unionRows } from "../../lib/row_union";
import { row } from "../../testing/helpers";
import { folder } from "./model_folds";
import { lineOf, treeLines } from "./model_tree";

const rows = (...names: string[]) => names.map((name) => row(name));
const names = (list: { name: string }[]) => list.map(({ name }) => name);

test("a row that the reference lacks goes after its predecessor in its own run", () => {
  const union = unionRows([rows("a", "b", "c"), rows("a", "x", "y", "b", "c", "z")]);
  expect(names(union.rows)).toEqual(["a", "x", "y", "b", "c", "z"]);
  expect([...union.index[0]]).toEqual([0, -1, -1, 1, 2, -1]);
  expect([...union.index[1]]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a row before all of the reference's rows comes first; another order does not double rows", () => {
  const union = unionRows([rows("b", "c"), rows("a", "c", "b", "d")]);
  expect(names(union.rows)).toEqual(["a", "b", "d", "c"]);
  expect([...union.index[1]]).toEqual([0, 2, 3, 1]);
});

test("no layouts, no rows", () => {
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

test("numbered blocks stand on their own with their container's name", () => {
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

test("a collapsed block is one line with all its rows", () => {
  const lines = tree(NETWORK, ["blocks.0.*"]);
  expect(show(lines)).toEqual(["stem", "+blocks.0", "-blocks.1", "  conv1", "  conv2", "head"]);
  expect(lines[1].rows).toEqual([1, 2]);
});

test("parameters of one module make no block of their own, and one row makes none", () => {
  const lines = tree(rows("fc.weight", "fc.bias", "out.last.weight"), [], false);
  expect(show(lines)).toEqual(["fc.weight", "fc.bias", "out.last.weight"]);
});

test("a chain of single blocks is one name", () => {
  expect(show(tree(rows("enc.layers.a.weight", "enc.layers.b.weight", "x.weight")))).toEqual([
    "-enc.layers",
    "  a",
    "  b",
    "x",
  ]);
});

test("a block that execution comes back to has two lines with keys of their own", () => {
  const lines = tree(rows("a.x.weight", "a.y.weight", "b.weight", "a.z.weight", "a.w.weight"));
  expect(lines.filter(({ type }) => type === "header").map(({ key }) => key)).toEqual(["a.*", "a~2.*"]);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
});

test("activation rows of a container and of what is in it do not collide", () => {
  const lines = tree(rows("blocks.0.conv1", "blocks.0.conv2", "blocks.0"), [], false);
  expect(show(lines)).toEqual(["-blocks.0", "  conv1", "  conv2", "blocks.0"]);
});

test("the cursor's line: itself, the collapsed block that holds it, the block's first row, or the first", () => {
  const open = tree(NETWORK);
  expect(lineOf(open, NETWORK, "blocks.1.conv1.weight")).toBe(5);
  expect(lineOf(open, NETWORK, "blocks.1.*")).toBe(5);
  expect(lineOf(open, NETWORK, null)).toBe(0);
  expect(lineOf(open, NETWORK, "gone")).toBe(0);
  const folded = tree(NETWORK, ["blocks.0.*"]);
  expect(lineOf(folded, NETWORK, "blocks.0.conv2.weight")).toBe(1);
  expect(lineOf([], NETWORK, null)).toBe(-1);
});

test("a layer that was selected elsewhere is its own row here, and a hidden bias its weight", () => {
  const open = tree(NETWORK, []);
  expect(lineOf(open, NETWORK, "blocks.1.conv1")).toBe(5);
  expect(lineOf(open, NETWORK, "blocks.1.conv1.bias")).toBe(5);
  expect(lineOf(tree(NETWORK, ["blocks.0.*"]), NETWORK, "blocks.0.conv2")).toBe(1);
});
