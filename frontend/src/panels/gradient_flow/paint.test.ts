import { expect, test } from "vitest";
import { colourOf, labelOf, palette, tableColour } from "../../lib/palette";
import { pixelSteps } from "../../lib/steps";
import { CELL, type Scale } from "../../lib/types";
import { grid } from "../../testing/helpers";
import { paint } from "./paint";

const LOG: Scale = { mode: "log", lo: 1e-4, hi: 1, diverging: false };
const { value, zero, nonfinite, absent, header } = CELL;

test("colourOf, ends and states, are viridis and other colours", () => {
  const light = palette(false, false);
  expect(tableColour(light, 0)).toEqual([68, 1, 84]);
  expect(tableColour(light, 1)).toEqual([253, 231, 37]);
  expect(colourOf(value, 1e-9, LOG, light)).toEqual([24, 0, 40]);
  expect(colourOf(value, 9, LOG, light)).toEqual([255, 200, 168]);
  expect(colourOf(zero, 0, LOG, light)).toEqual([205, 208, 214]);
  expect(colourOf(zero, 0, LOG, palette(false, true))).toEqual([70, 72, 78]);
  expect(colourOf(nonfinite, Number.NaN, LOG, light)).toEqual([200, 30, 160]);
  expect(colourOf(absent, Number.NaN, LOG, light)).toBeNull();
});

test("labelOf, value at the very end, is not clipped", () => {
  expect([1e-4, 1, 0.99e-4, 1.01].map((v) => labelOf(value, Math.fround(v), LOG))).toEqual([
    "value",
    "value",
    "under",
    "over",
  ]);
});

test("colourOf, zero on a diverging scale, has its own colour", () => {
  const scale: Scale = { mode: "linear", lo: -1, hi: 1, diverging: true };
  const colours = palette(true, false);
  expect(colourOf(zero, 0, scale, colours)).toEqual(colours.zero);
  expect(tableColour(colours, 0.5)).not.toEqual(colours.zero);
});

/** One letter per pixel: z zero, N NaN or Inf, u under, o over, v on the scale, . transparent. */
function picture(made: ReturnType<typeof paint>, width: number, lines: number): string[] {
  const colours = palette(false, false);
  const names = new Map([
    [colours.zero.join(), "z"],
    [colours.nonfinite.join(), "N"],
    [colours.under.join(), "u"],
    [colours.over.join(), "o"],
  ]);
  return Array.from({ length: lines }, (_, l) =>
    Array.from({ length: width }, (_, p) => {
      const [r, g, b, a] = made.pixels.slice((l * width + p) * 4, (l * width + p) * 4 + 4);
      return a === 0 ? "." : (names.get([r, g, b].join()) ?? "v");
    }).join(""),
  );
}

test("paint, every state, equals the golden picture", () => {
  const one = grid(
    "r",
    [0, 1, 2],
    [
      [0.1, 0, Number.NaN],
      [0, 0, 0],
      [1e-9, 5, Number.NaN],
    ],
    [
      [value, zero, nonfinite],
      [header, header, header],
      [value, value, absent],
    ],
  );
  const made = paint(one, pixelSteps(one.steps, [-0.5, 3.5], 8), LOG, palette(false, false));
  expect(picture(made, 8, 3)).toEqual(["vvzzNN..", "........", "uuoo...."]);
  const alpha = (mask: Uint8ClampedArray | null) =>
    [...mask!]
      .filter((_, i) => i % 4 === 3)
      .map((a) => (a ? 1 : 0))
      .join("");
  expect(alpha(made.nonfinite)).toBe("000011000000000000000000");
  expect(alpha(made.absent)).toBe("000000000000000000001100");
});

test("paint, steps that share a pixel, shows NaN, largest, zero", () => {
  const one = grid(
    "r",
    [0, 1, 2, 3, 4, 5],
    [[0.1, Number.NaN, 0.01, 5, 0, 0]],
    [[value, nonfinite, value, value, zero, absent]],
  );
  const made = paint(one, Int32Array.of(0, 1, 2, 3, 4, 5), LOG, palette(false, false));
  expect(picture(made, 3, 1)).toEqual(["Noz"]);
});
