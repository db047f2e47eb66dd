import * as chromatic from "d3-scale-chromatic";
import { expect, test } from "vitest";
import * as ramps from "../src/derive/ramps";

const bytes = (css: string) =>
  css.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16))
    : css.match(/\d+/g)!.map(Number);

test.each(["interpolateViridis", "interpolateMagma", "interpolateCividis", "interpolateRdBu"] as const)(
  "%s is d3's at each of 256 places, and ends at its ends",
  (name) => {
    for (let i = 0; i < 256; i++)
      expect(bytes(ramps[name](i / 255))).toEqual(bytes(chromatic[name](i / 255)));
    expect(ramps[name](-1)).toBe(ramps[name](0));
    expect(ramps[name](2)).toBe(ramps[name](1));
  },
);
