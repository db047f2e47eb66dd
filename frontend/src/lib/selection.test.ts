import { expect, test } from "vitest";
import { choose } from "./selection";

const layer = (name: string) => ({ name, module: name.replace(/[#@].*$/, "") });
const LAYERS = ["stem", "blocks.0.conv1", "blocks.0.conv2", "blocks.10.conv1", "head", "relu", "relu#1"].map(
  layer,
);

test.each([
  ["blocks.0.conv2", "blocks.0.conv2"],
  ["relu#1", "relu#1"],
  ["blocks.0.conv1.weight", "blocks.0.conv1"],
  ["stem.bias", "stem"],
  ["blocks.0.*", "blocks.0.conv1"],
  ["blocks.0~2.*", "blocks.0.conv1"],
  ["blocks.10", "blocks.10.conv1"],
  ["relu#7", "relu"],
  ["head@attention", "head"],
  ["blocks.0.norm1.weight", "blocks.0.conv1"],
  ["blocks.1", "blocks.0.conv1"],
])("choose of %s returns %s", (selected, found) => {
  expect(LAYERS[choose(selected, LAYERS)].name).toBe(found);
});

test("choose without a match returns -1", () => {
  expect(choose(null, LAYERS)).toBe(-1);
  expect(choose("other.weight", LAYERS)).toBe(-1);
  expect(choose("blocks.0", [])).toBe(-1);
});
