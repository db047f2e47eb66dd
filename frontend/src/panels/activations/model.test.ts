import { expect, test } from "vitest";
import type { MapEvent, MapHeader } from "../../lib/answers/maps";
import { row } from "../../testing/helpers";
import { tileLayout, visibleLines } from "./layout";
import {
  cutsSample,
  dequantize,
  layersOf,
  type MapGrid,
  mapGridOf,
  samplesOf,
  sizesOf,
  valueIndex,
} from "./model";
import { placeLabel, sampleLabel, tokensOf, visible } from "./model_labels";
import { countStates, peakOf, positionsOf, slotsOf, unitState } from "./model_units";

const header = (axes: string[], shape: number[], more: Partial<MapHeader> = {}): MapHeader => ({
  axes,
  shape,
  scale: 0.5,
  offset: -1,
  nonfinite: 0,
  downsampled: null,
  unit_order: null,
  unit_orders: null,
  ...more,
});

function event(axes: string[], shape: number[], codes: number[], more: Partial<MapHeader> = {}): MapEvent {
  return { run: "a", step: 0, header: header(axes, shape, more), values: Uint8Array.from(codes), units: {} };
}

const grid = (...arguments_: Parameters<typeof event>): MapGrid => mapGridOf(event(...arguments_))!;

test("dequantize maps codes to values, and 255 to NaN only if the header has nonfinite values", () => {
  expect([...dequantize(Uint8Array.of(0, 3, 255), header([], []))]).toEqual([-1, 0.5, 126.5]);
  expect([...dequantize(Uint8Array.of(0, 3, 255), header([], [], { nonfinite: 1 }))]).toEqual([
    -1,
    0.5,
    Number.NaN,
  ]);
  expect([...dequantize(Uint8Array.of(0, 0), header([], [], { scale: 0, offset: 7 }))]).toEqual([7, 7]);
});

test("mapGridOf chooses tiles or a sheet by the axes", () => {
  const of = (axes: string[], shape: number[]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const { form, unitAxis, rowAxis, columnAxis, rows, columns, ids } = grid(
      axes,
      shape,
      Array(size).fill(0),
    );
    return [form, unitAxis, rowAxis, columnAxis, rows, columns, ids.length];
  };
  expect(of(["channel", "height", "width"], [3, 4, 5])).toEqual([
    "tiles",
    "channel",
    "height",
    "width",
    4,
    5,
    3,
  ]);
  expect(of(["head", "query", "key"], [2, 6, 6])).toEqual(["tiles", "head", "query", "key", 6, 6, 2]);
  expect(of(["channel", "length"], [3, 9])).toEqual(["tiles", "channel", "", "length", 1, 9, 3]);
  expect(of(["token", "feature"], [4, 7])).toEqual(["sheet", "feature", "token", "", 4, 1, 7]);
  expect(of(["sample", "unit"], [8, 10])).toEqual(["sheet", "unit", "sample", "", 8, 1, 10]);
  expect(of(["unit"], [10])).toEqual(["sheet", "unit", "", "", 1, 1, 10]);
  expect(mapGridOf(event(["sample", "channel", "height", "width"], [1, 1, 1, 1], [0]))).toBeNull();
});

test("valueIndex addresses tiles and sheets", () => {
  const tiles = grid(["channel", "height", "width"], [2, 2, 3], [...Array(12).keys()]);
  expect(tiles.values[valueIndex(tiles, 1, 0, 2)]).toBe(-1 + 0.5 * 8);
  const sheet = grid(["token", "feature"], [2, 3], [0, 1, 2, 3, 4, 5]);
  expect(sheet.values[valueIndex(sheet, 2, 1, 0)]).toBe(-1 + 0.5 * 5);
});

test("mapGridOf keeps the original indices of units", () => {
  const some = grid(["channel", "height", "width"], [2, 1, 1], [0, 0], { unit_order: [0, 4] });
  expect(some.ids).toEqual([0, 4]);
  expect(positionsOf(some, [4, 1, 0])).toEqual([1, -1, 0]);
});

test("cutsSample and samplesOf depend on the axes", () => {
  expect(cutsSample(header(["sample", "unit"], [8, 10]))).toBe(false);
  expect(cutsSample(header(["sample", "token", "feature"], [8, 10, 3]))).toBe(true);
  expect(samplesOf(header(["sample", "unit"], [8, 10]))).toBe(8);
  expect(sizesOf(header(["sample", "channel", "height", "width"], [8, 16, 4, 5]))).toBe("16 × 4 × 5");
});

const unitStatistics = (min: number[], max: number[]) => ({
  min: Float64Array.from(min),
  max: Float64Array.from(max),
  mean: Float64Array.from(min),
});

test("unitState separates dead, constant and nonfinite units", () => {
  const nan = Number.NaN;
  const one: MapGrid = {
    ...grid(["channel", "length"], [5, 1], [0, 0, 0, 0, 0]),
    units: unitStatistics([0, 0, 2, nan, -1e-30], [0, 1e-30, 2, nan, 0]),
  };
  expect([0, 1, 2, 3, 4].map((unit) => unitState(one, unit))).toEqual([
    "dead",
    "live",
    "constant",
    "nonfinite",
    "live",
  ]);
  expect(countStates(one)).toEqual({ live: 2, dead: 1, constant: 1, nonfinite: 1, unknown: 0 });
  expect(unitState({ ...one, units: {} }, 0)).toBe("unknown");
});

test("slotsOf sorts by the reference's activity or by index, other runs' units last", () => {
  const reference: MapGrid = {
    ...grid(["channel", "length"], [4, 1], [0, 0, 0, 0]),
    units: unitStatistics([0, -5, 0, 0], [1, 2, 5, 0]),
  };
  const other = grid(["channel", "length"], [2, 1], [0, 0], { unit_order: [1, 9] });
  expect(slotsOf([reference, other], "activity")).toEqual([1, 2, 0, 3, 9]);
  expect(slotsOf([reference, other], "index")).toEqual([0, 1, 2, 3, 9]);
  expect(slotsOf([], "activity")).toEqual([]);
  const bad = { ...reference, units: unitStatistics([0, 0, 0, Number.NaN], [9, 0, 0, Number.NaN]) };
  expect(slotsOf([bad], "activity")[0]).toBe(3);
});

test("peakOf keeps sign and NaN", () => {
  const one = grid(["channel", "length"], [2, 2], [0, 1, 2, 255], { nonfinite: 1 });
  expect(peakOf(one, 0)).toBe(-1);
  expect(peakOf(one, 1)).toBeNaN();
});

test("layersOf follows the reference's order and inserts extra layers", () => {
  const of = (run: string, ...tags: string[]) =>
    tags.map((tag) => ({ run, tag: `p/${tag}`, step: 1, header: header([], []), row: null }));
  const listing = {
    maps: [...of("a", "stem", "b.c", "head"), ...of("b", "stem", "b.c", "b.d@attention", "head")],
    missing: [],
  };
  expect(layersOf(listing, ["a", "b"], "p/").map(({ name }) => name)).toEqual([
    "stem",
    "b.c",
    "b.d@attention",
    "head",
  ]);
  expect(layersOf(listing, ["a", "b"], "p/")[2].module).toBe("b.d");
  listing.maps[0].row = row("x.stem", { module: "x" }) as never;
  expect(layersOf(listing, ["a"], "p/")[0].module).toBe("x");
});

test("tokensOf and sampleLabel use the probe's labels, else token ids", () => {
  const labelled = header(["sample", "token"], [2, 3], {
    labels: [
      ["a", " ", "\n"],
      ["", "b", "c"],
    ],
  });
  const codes = Uint8Array.of(0, 1, 2, 3, 4, 5);
  expect(tokensOf({ header: labelled, values: codes }, 0)).toEqual(["a", " ", "\n"]);
  const plain = header(["sample", "token"], [2, 3], { scale: 1, offset: 10 });
  expect(tokensOf({ header: plain, values: codes }, 1)).toEqual(["13", "14", "15"]);
  expect(tokensOf({ header: plain, values: codes }, 2)).toBeNull();
  const large = { ...plain, values: [[7, 50256, 3]] };
  expect(tokensOf({ header: large, values: codes }, 0)).toEqual(["7", "50256", "3"]);
  const image = header(["sample", "channel", "height", "width"], [2, 1, 1, 1], { labels: ["cat", "dog"] });
  expect(tokensOf({ header: image, values: codes }, 0)).toBeNull();
  expect([sampleLabel(image, 1), sampleLabel(image, 2), sampleLabel(null, 0)]).toEqual(["dog", null, null]);
  expect([visible(" a"), visible("\n"), visible("")]).toEqual(["␣a", "⏎", "∅"]);
  expect(placeLabel("key", 1, ["x", " y"], null)).toBe("␣y");
  expect(placeLabel("key", 5, ["x"], null)).toBe("5");
  expect(placeLabel("sample", 1, null, image)).toBe("dog");
  expect(placeLabel("sample", 1, null, null)).toBe("2");
});

test("tileLayout enlarges few tiles and scrolls many", () => {
  const few = tileLayout(300, 600, 16, 8, 8);
  expect(few.lines * few.pitch).toBeLessThanOrEqual(600);
  expect(few.columns * few.width + 8 * (few.columns - 1)).toBeLessThanOrEqual(300);
  const many = tileLayout(300, 600, 512, 8, 8);
  expect(many.columns).toBe(4);
  expect(many.lines).toBe(128);
  expect(many.lines * many.pitch).toBeGreaterThan(600);
  const strips = tileLayout(300, 600, 8, 1, 64);
  expect([strips.columns, strips.width]).toEqual([1, 300]);
  expect(tileLayout(100, 100, 0, 1, 1).lines).toBe(0);
});

test("visibleLines adds one line at each end", () => {
  expect(visibleLines(0, 100, 20, 50)).toEqual([0, 6]);
  expect(visibleLines(200, 100, 20, 50)).toEqual([9, 16]);
  expect(visibleLines(9000, 100, 20, 50)).toEqual([50, 50]);
});
