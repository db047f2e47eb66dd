import * as chromatic from "d3-scale-chromatic";
import { expect, test } from "vitest";
import * as ramps from "./ramps";

const bytes = (css: string) =>
  css.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16))
    : css.match(/\d+/g)!.map(Number);

test.each([
  ["viridis", ramps.interpolateViridis, chromatic.interpolateViridis],
  ["magma", ramps.interpolateMagma, chromatic.interpolateMagma],
  ["cividis", ramps.interpolateCividis, chromatic.interpolateCividis],
  ["rdbu", ramps.interpolateRdBu, chromatic.interpolateRdBu],
])("ramp %s equals d3's at 256 positions and is clamped", (_name, ours, theirs) => {
  for (let i = 0; i < 256; i++) expect(bytes(ours(i / 255))).toEqual(bytes(theirs(i / 255)));
  expect(ours(-1)).toBe(ours(0));
  expect(ours(2)).toBe(ours(1));
});
