import { interpolateMagma } from "d3-scale-chromatic";
import { expect, test } from "vitest";
import type { MapEvent, MapHeader } from "../../lib/answers/maps";
import { mapsToCsv } from "./csv";
import { type MapGrid, mapGridOf } from "./model";
import { histories, historyRange, unitCurves, withoutOutliers } from "./model_history";
import { inputPicture, sameInput } from "./model_input";
import { pictureOf } from "./model_picture";
import {
  difference,
  fixedRange,
  isMismatch,
  layerRange,
  outlierLimit,
  suggestedMaximum,
  unitRange,
} from "./model_scale";
import { clipped, mapColour, mapPalette, paintSheet, paintUnit } from "./paint";

const NAN = Number.NaN;

/** Return a map with these codes, with scale 1 and offset 0 by default. */
function event(
  run: string,
  axes: string[],
  shape: number[],
  codes: number[],
  more: Partial<MapHeader> = {},
  step = 0,
): MapEvent {
  const rest = { nonfinite: 0, downsampled: null, unit_order: null, unit_orders: null };
  const header = { axes, shape, scale: 1, offset: 0, ...rest, ...more };
  const units = {
    min: Float64Array.of(0),
    max: Float64Array.of(codes[0]),
    mean: Float64Array.of(codes[0] / 2),
  };
  return { run, step, header, values: Uint8Array.from(codes), units };
}

const CHANNELS = ["channel", "height", "width"];
const grid = (codes: number[], more: Partial<MapHeader> = {}, run = "a"): MapGrid =>
  mapGridOf(event(run, CHANNELS, [codes.length / 2, 1, 2], codes, more))!;

test("layerRange spans the finite values of all runs", () => {
  expect(layerRange([grid([2, 5]), grid([3, 9])], false)).toEqual({ lo: 2, hi: 9 });
  expect(layerRange([grid([2, 255], { nonfinite: 1 })], false)).toEqual({ lo: 0, hi: 2 });
  expect(layerRange([grid([0, 5], { offset: -2 })], true)).toEqual({ lo: -3, hi: 3 });
  expect(layerRange([], false)).toEqual({ lo: 0, hi: 1 });
  expect(layerRange([grid([255, 255], { nonfinite: 2 })], true)).toEqual({ lo: -1, hi: 1 });
  expect(layerRange([grid([4, 4])], false)).toEqual({ lo: 0, hi: 4 });
});

test("layerRange clips a run far beyond the reference", () => {
  // A few of its values are within the limit. They are ignored, too.
  const grids = [grid([0, 4]), grid([0, 200, 30, 200])];
  const range = layerRange(grids, false);
  expect(range).toEqual({ lo: 0, hi: 4 });
  expect(clipped(grids, range)).toEqual({ under: false, over: true });
  // Up to five times as large, a run is included.
  expect(layerRange([grid([0, 4]), grid([0, 20])], false).hi).toBe(20);
  // A reference that contains only zeros sets no limit.
  expect(layerRange([grid([0, 0]), grid([0, 200], { scale: 1e9 })], false).hi).toBe(Math.fround(200e9));
  expect(outlierLimit([])).toBe(Number.POSITIVE_INFINITY);
  expect(outlierLimit([1, 2, 3, 1e12])).toBe(15);
});

test("layerRange of attention starts at 0", () => {
  const one = mapGridOf(event("a", ["head", "query", "key"], [1, 1, 2], [3, 9]))!;
  expect(layerRange([one], false)).toEqual({ lo: 0, hi: 9 });
});

test("unitRange spans one unit of tiles and sheets", () => {
  expect(unitRange(grid([2, 5, 7, 9]), 1, false)).toEqual({ lo: 7, hi: 9 });
  const sheet = mapGridOf(event("a", ["sample", "unit"], [2, 2], [1, 6, 3, 8]))!;
  expect(unitRange(sheet, 1, false)).toEqual({ lo: 6, hi: 8 });
  expect(unitRange(sheet, 1, true)).toEqual({ lo: -8, hi: 8 });
  // A constant unit has a colour in the middle of the scale, or at 0 if it is zero.
  expect(unitRange(grid([3, 3]), 0, false)).toEqual({ lo: 0, hi: 6 });
  expect(unitRange(grid([0, 0], { offset: -2 }), 0, false)).toEqual({ lo: -4, hi: 0 });
  expect(unitRange(grid([0, 0]), 0, false)).toEqual({ lo: 0, hi: 1 });
  expect(fixedRange(3, false)).toEqual({ lo: 0, hi: 3 });
  expect(fixedRange(3, true)).toEqual({ lo: -3, hi: 3 });
  expect(suggestedMaximum([grid([2, 7])])).toBe(10);
});

test("difference matches units by index, also for other orders and precisions", () => {
  const downsampled = new Map([["channel", [8, 2, "every"] as const]]);
  const reference = grid([1, 2, 3, 4], { unit_order: [0, 5], downsampled });
  const other = grid([10, 20, 30, 40], { unit_order: [5, 7], scale: 0.5, downsampled }, "b");
  const result = difference(other, reference);
  if (isMismatch(result)) throw new Error("no difference");
  expect(result.ids).toEqual([5]);
  expect([...result.values]).toEqual([5 - 3, 10 - 4]);
  expect(result.precision).toBe(0.75);
  const nan = difference(grid([255, 1], { nonfinite: 1 }, "b"), grid([0, 1]));
  expect(isMismatch(nan) ? [] : [...nan.values]).toEqual([NAN, 0]);
});

test("difference of other sizes or axes returns a mismatch", () => {
  const small = mapGridOf(event("a", CHANNELS, [1, 1, 2], [1, 2]))!;
  const large = mapGridOf(event("b", CHANNELS, [1, 2, 2], [1, 2, 3, 4]))!;
  expect(difference(large, small)).toEqual({ own: [1, 2, 2], other: [1, 1, 2] });
  expect(isMismatch(difference(grid([1, 2, 3, 4]), grid([1, 2])))).toBe(true);
  const heads = mapGridOf(event("b", ["head", "query", "key"], [1, 1, 2], [1, 2]))!;
  expect(isMismatch(difference(heads, small))).toBe(true);
});

test("mapColour returns palette, clipped and nonfinite colours", () => {
  const magma = mapPalette("magma", false);
  const hex = (rgb: readonly number[]) =>
    `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  expect(hex(mapColour(0, { lo: 0, hi: 1 }, magma))).toBe(interpolateMagma(0));
  expect(hex(mapColour(1, { lo: 0, hi: 1 }, magma))).toBe(interpolateMagma(1));
  expect(hex(mapColour(0.4, { lo: 0, hi: 1 }, magma))).toBe(interpolateMagma(102 / 255));
  expect(mapColour(2, { lo: 0, hi: 1 }, magma)).toEqual(magma.over);
  expect(mapColour(-1, { lo: 0, hi: 1 }, magma)).toEqual(magma.under);
  expect(mapColour(NAN, { lo: 0, hi: 1 }, magma)).toEqual(magma.nonfinite);
  expect(mapColour(0.5, { lo: 0, hi: 1 }, mapPalette("grey", true))).toEqual([128, 128, 128]);
});

test("paintUnit paints one pixel per value and masks nonfinite ones", () => {
  const pixels = paintUnit(
    grid([0, 1, 0, 255], { nonfinite: 1 }),
    1,
    { lo: 0, hi: 1 },
    mapPalette("grey", false),
  );
  expect([pixels.width, pixels.height]).toEqual([2, 1]);
  expect([...pixels.rgba]).toEqual([0, 0, 0, 255, 200, 30, 160, 255]);
  expect([...pixels.nonfinite!]).toEqual([0, 0, 0, 0, 0, 0, 0, 255]);
});

test("paintSheet paints one column per slot, transparent if missing and grey if dead", () => {
  const sheet = mapGridOf(event("a", ["sample", "unit"], [1, 2], [0, 1]))!;
  const grey = mapPalette("grey", false);
  const pixels = paintSheet(
    sheet,
    [1, -1, 0],
    () => ({ lo: 0, hi: 1 }),
    grey,
    (unit) => unit === 0,
  );
  expect([...pixels.rgba]).toEqual([255, 255, 255, 255, 0, 0, 0, 0, ...grey.zero, 255]);
  expect(pixels.dead?.[11]).toBe(255);
});

const OPTIONS = {
  runs: ["a", "b", "c"],
  colours: "viridis",
  scale: "layer",
  fixed: null,
  differ: false,
  order: null,
  dark: false,
} as const;
const maps = (...events: MapEvent[]) => new Map(events.map((one) => [one.run, one]));

test("pictureOf shares scale and order among runs", () => {
  const a = event("a", CHANNELS, [1, 1, 2], [1, 2]);
  const b = event("b", CHANNELS, [1, 1, 2], [3, 5]);
  const picture = pictureOf(maps(a, b), maps(a, b), OPTIONS);
  expect(picture.shown.map(({ grid: one }) => one?.run)).toEqual(["a", "b", undefined]);
  expect(picture.shown[0].rangeOf(0)).toEqual({ lo: 1, hi: 5 });
  expect(picture.legends).toMatchObject([{ isDifference: false, range: { lo: 1, hi: 5 } }]);
});

test("pictureOf of differences keeps the reference's values and adds a legend", () => {
  const a = event("a", CHANNELS, [1, 1, 2], [1, 2]);
  const b = event("b", CHANNELS, [1, 1, 2], [3, 0]);
  const c = event("c", CHANNELS, [1, 1, 1], [3]);
  const picture = pictureOf(maps(a, b, c), maps(a, b, c), { ...OPTIONS, differ: true });
  expect([...picture.shown[0].grid!.values]).toEqual([1, 2]);
  expect([...picture.shown[1].grid!.values]).toEqual([2, -2]);
  expect(picture.shown[2].mismatch).toEqual({ own: [1, 1, 1], other: [1, 1, 2] });
  expect(picture.legends.map(({ isDifference, range }) => [isDifference, range])).toEqual([
    [false, { lo: 1, hi: 2 }],
    [true, { lo: -2, hi: 2 }],
  ]);
});

test("pictureOf has no range per unit, and the given range if fixed", () => {
  const a = event("a", CHANNELS, [2, 1, 2], [1, 2, 5, 9]);
  const own = pictureOf(maps(a), maps(a), { ...OPTIONS, scale: "channel" });
  expect(own.legends[0].range).toBeNull();
  expect(own.shown[0].rangeOf(1)).toEqual({ lo: 5, hi: 9 });
  const fixed = pictureOf(maps(a), maps(a), { ...OPTIONS, scale: "fixed", fixed: 4 });
  expect(fixed.legends[0]).toMatchObject({ range: { lo: 0, hi: 4 }, over: true, under: false });
});

test("histories and unitCurves return a unit's maps and statistics per step", () => {
  const at = (run: string, step: number, code: number) =>
    event(run, ["height", "width"], [1, 2], [code, 0], {}, step);
  const all = [at("a", 0, 1), at("a", 10, 3), at("b", 5, 2)];
  all[1].units.max![0] = NAN;
  const found = histories(all, ["a", "b"], "channel");
  expect(found.map(({ run, frames }) => [run, frames.map(({ step }) => step)])).toEqual([
    ["a", [0, 10]],
    ["b", [5]],
  ]);
  expect(found[0].frames[1].grid).toMatchObject({ form: "tiles", rows: 1, columns: 2, ids: [0] });
  expect(historyRange(found, false)).toEqual({ lo: 0, hi: 3 });
  const curves = unitCurves(all, ["a", "b"], "max");
  expect([...curves.steps]).toEqual([0, 5, 10]);
  expect(curves.runs[0]).toMatchObject({ values: [1, undefined, null], nonfinites: [10] });
  expect(curves.runs[1].values).toEqual([undefined, 2, undefined]);
});

test("histories of a sheet's unit are one column", () => {
  const one = event("a", ["token"], [3], [1, 2, 3]);
  const [{ frames }] = histories([one], ["a"], "feature");
  expect(frames[0].grid).toMatchObject({ rows: 3, columns: 1 });
  const strip = histories([event("a", ["length"], [3], [1, 2, 3])], ["a"], "channel");
  expect(strip[0].frames[0].grid).toMatchObject({ rows: 1, columns: 3 });
});

test("withoutOutliers drops exploding values", () => {
  const at = (run: string, step: number, max: number) => {
    const one = event(run, ["height", "width"], [1, 1], [1], {}, step);
    one.units.max = Float64Array.of(max);
    return one;
  };
  const curves = unitCurves([at("a", 0, 2), at("b", 0, 9), at("b", 1, 1e9)], ["a", "b"], "max");
  expect(withoutOutliers(curves).runs[1].values).toEqual([9, null]);
});

test("inputPicture is grey, or coloured for three channels, and null for tokens", () => {
  const axes = ["sample", "channel", "height", "width"];
  const grey = inputPicture(event("a", axes, [2, 1, 1, 2], [9, 9, 2, 4]), 1)!;
  expect([...grey.pixels.rgba]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  const colour = inputPicture(event("a", axes, [1, 3, 1, 1], [10, 0, 5]), 0)!;
  expect([...colour.pixels.rgba]).toEqual([255, 0, 128, 255]);
  expect(inputPicture(event("a", ["sample", "token"], [1, 2], [1, 2]), 0)).toBeNull();
  expect(inputPicture(event("a", axes, [1, 1, 1, 1], [1]), 1)).toBeNull();
  const one = event("a", axes, [1, 1, 1, 1], [1]);
  expect(sameInput(one, event("b", axes, [1, 1, 1, 1], [1]))).toBe(true);
  expect(sameInput(one, event("b", axes, [1, 1, 1, 1], [2]))).toBe(false);
});

test("mapsToCsv writes one line per value", () => {
  const one = mapGridOf(event('a "1"', CHANNELS, [1, 1, 2], [1, 2], { unit_order: [7] }, 40))!;
  expect(mapsToCsv([one], "fc,1", 3, false).split("\n")).toEqual([
    "run,layer,step,sample,channel,height,width,value",
    '"a ""1""","fc,1",40,3,7,0,0,1',
    '"a ""1""","fc,1",40,3,7,0,1,2',
    "",
  ]);
  const raster = mapGridOf(event("a", ["sample", "unit"], [2, 1], [1, 2]))!;
  expect(mapsToCsv([raster], "fc", 0, true).split("\n").slice(1, 3)).toEqual([
    "a,fc,0,0,0,0,0,1",
    "a,fc,0,1,0,1,0,2",
  ]);
});

test("inputPicture, NaN in any colour of a pixel, is not finite", () => {
  const axes = ["sample", "channel", "height", "width"];
  const one = event("a", axes, [1, 3, 1, 2], [10, 20, 0, 255, 5, 30]);
  one.header = { ...one.header, nonfinite: 1 };
  const { pixels } = inputPicture(one, 0)!;
  expect([pixels.nonfinite?.[3], pixels.nonfinite?.[7]]).toEqual([0, 255]);
});
