import { expect, test } from "vitest";
import { type Facts, flat, moduleTree } from "./model";
import { architecturesOf } from "./model_architectures";

const layer = (name: string, type = "Linear", parameters = 4): Facts => ({
  name,
  type,
  calls: 1,
  output: [4],
  input: [4],
  parameters,
  trainable: parameters,
  shared: 0,
  buffers: 0,
  bytes: 16,
  heldBytes: 16,
});

function compared(runs: Record<string, Facts[]>) {
  const facts = Object.values(runs);
  const names = [...new Set(facts.flatMap((some) => some.map(({ name }) => name)))];
  const none = { graph: null, layers: null, parameters: null };
  return architecturesOf({
    runs: Object.keys(runs).map((run) => ({ run, ...none })),
    modules: flat(moduleTree(facts, names)),
  });
}

test("equal runs are one architecture", () => {
  const run = [layer("a"), layer("b")];
  expect(compared({ x: run, y: [...run] })).toEqual({
    list: [{ runs: ["x", "y"], only: 0 }],
    shared: 2,
    changed: 0,
    some: 0,
  });
});

test("layers are shared, changed, or in one architecture only", () => {
  const x = [layer("a"), layer("b", "ReLU"), layer("c"), layer("e"), layer("f")];
  const y = [layer("a"), layer("b", "Sigmoid"), layer("c", "Linear", 5), layer("d")];
  expect(compared({ x, y, again: x })).toEqual({
    list: [
      { runs: ["x", "again"], only: 2 },
      { runs: ["y"], only: 1 },
    ],
    shared: 1,
    changed: 2,
    some: 0,
  });
});

test("with three architectures, a layer may be in two", () => {
  expect(
    compared({ x: [layer("a"), layer("b")], y: [layer("a"), layer("b"), layer("c")], z: [layer("a")] }),
  ).toEqual({
    list: [
      { runs: ["x"], only: 0 },
      { runs: ["y"], only: 1 },
      { runs: ["z"], only: 0 },
    ],
    shared: 1,
    changed: 0,
    some: 1,
  });
});

test("blocks are not counted, only the layers in them", () => {
  const x = [layer("h", "Block", 0), layer("h.a"), layer("h.b")];
  const y = [layer("h", "Other", 0), layer("h.a")];
  expect(compared({ x, y })).toMatchObject({ shared: 1, changed: 0, list: [{ only: 1 }, { only: 0 }] });
});
