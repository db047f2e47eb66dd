import { describe, expect, test } from "vitest";
import type { MapEvent, MapHeader } from "../../lib/answers/maps";
import { palette } from "../../lib/palette";
import { CELL } from "../../lib/types";
import { weightsCsv } from "./csv";
import { cellIndex, cellValues, decodeCells, difference, fold, layerReach, reach } from "./model";
import { barReach, bars, facts, unchanged } from "./model_facts";
import { isBeyond, trackCurves, trackRange, tracks } from "./model_tracks";
import { cellAt, centred, edge, labelsOf, paintCells, placeCells, sheetOf } from "./paint";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function map(shape: number[], axes: string[], values: number[], more: Partial<MapHeader> = {}): MapEvent {
  const header: MapHeader = {
    shape,
    axes,
    scale: 0.5,
    offset: -63.5,
    zero: 127,
    downsampled: null,
    unit_order: null,
    unit_orders: null,
    nonfinite: 0,
    ...more,
  };
  return { run: "a", step: 0, header, values: Uint8Array.from(values), units: {} };
}

const matrix = (rows: number, values: number[], more?: Partial<MapHeader>) =>
  map([rows, values.length / rows], ["row", "column"], values, more);

/** Two rows by three columns of tiles of 2 by 4 weights, from a matrix of 3 by 10: the last tiles are smaller. */
const TILED = map(
  [3, 2, 3],
  ["reduction", "row", "column"],
  [127, 128, 129, 127, 127, 255, 125, 126, 129, 127, 120, 127, 129, 130, 129, 127, 140, 255],
  {
    downsampled: new Map([
      ["row", [3, 2, "mean"]],
      ["column", [10, 3, "mean"]],
    ]),
    nonfinite: 2,
    norms: new Map([
      ["row", { min: [1, 0], max: [2, null] }],
      ["column", { min: [1, 1, 0], max: [1, 9, 0] }],
    ]),
  },
);

test("decodeCells maps codes to weights, exact zero and nonfinite states", () => {
  const cells = decodeCells(matrix(2, [127, 128, 0, 255, 126, 254], { nonfinite: 1 }));
  expect([...cells.mean]).toEqual([0, 0.5, -63.5, nan, -0.5, 63.5]);
  expect(cells.min).toBe(cells.mean);
  expect([cells.rows, cells.columns, cells.tile, cells.size]).toEqual([2, 3, [1, 1], [2, 3]]);
  const { states } = cellValues(cells, "mean");
  expect([...states]).toEqual([CELL.zero, 0, 0, CELL.nonfinite, 0, 0]);
  // Without a count of nonfinite values, code 255 is an ordinary value.
  expect(decodeCells(matrix(1, [255])).mean[0]).toBe(64);
});

test("tiles have three values and a label", () => {
  const cells = decodeCells(TILED);
  expect([cells.tile, cells.size]).toEqual([
    [2, 4],
    [3, 10],
  ]);
  expect([...cells.min].slice(0, 3)).toEqual([-1, -0.5, 1]);
  expect([...cells.max].slice(3)).toEqual([0, 6.5, nan]);
  expect(cellIndex(cells, 0, 0)).toBe("0–1, 0–3");
  expect(cellIndex(cells, 1, 2)).toBe("2, 8–9");
  // A tile with a mean of 0 is not a tile of zeros.
  expect([...cellValues(cells, "mean").states]).toEqual([0, 0, 0, CELL.zero, 0, CELL.nonfinite]);
  expect([...cellValues(cells, "min").states]).toEqual([0, 0, 0, CELL.zero, 0, 0]);
});

const KERNELS = map(
  [2, 2, 1, 2],
  ["out", "in", "height", "width"],
  [127, 129, 131, 133, 135, 137, 139, 141],
  { downsampled: new Map([["out", [9, 2, "every"]]]), unit_orders: new Map([["out", [0, 4]]]) },
);

test("kernels are arranged by output and input index", () => {
  const cells = decodeCells(KERNELS);
  expect([cells.rows, cells.columns]).toEqual([2, 4]);
  expect([...cells.mean]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(cellIndex(cells, 1, 3)).toBe("4, 1, 0, 1");
  const tall = decodeCells(map([1, 2, 2, 1], ["out", "in", "height", "width"], [127, 129, 131, 133]));
  expect([tall.rows, tall.columns, [...tall.mean]]).toEqual([2, 2, [0, 2, 1, 3]]);
});

test("kernels of few inputs are wrapped into stacks", () => {
  // 7 outputs of 1 input, kernels of 1 by 2: four stacks of two.
  const codes = Array.from({ length: 14 }, (_, i) => 127 + 2 * i);
  const stacked = map([7, 1, 1, 2], ["out", "in", "height", "width"], codes);
  const cells = decodeCells(stacked);
  expect([cells.rows, cells.columns]).toEqual([4, 4]);
  expect([...cells.mean]).toEqual([0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, nan, nan]);
  expect(cellIndex(cells, 2, 3)).toBe("6, 0, 0, 1");
  expect([...cellValues(cells, "mean").states].map((state) => state === CELL.absent)).toEqual(
    Array.from({ length: 16 }, (_, i) => i >= 14),
  );
  expect(sheetOf(stacked.header)).toMatchObject({ rows: 4, columns: 4 });
  expect(unchanged(difference(cells, cells)!)).toEqual({ count: 7, all: 7 });
  expect(
    weightsCsv("w", [{ run: "r", step: 3, cells }])
      .trim()
      .split("\n").length,
  ).toBe(1 + 14);
  const painted = paintCells(
    cells,
    cellValues(cells, "mean"),
    placeCells(cells, 400, 400),
    centred(26),
    palette(true, false),
    1,
  );
  const alpha = (x: number, y: number) => painted.pixels[4 * (y * painted.width + x) + 3];
  expect([alpha(1, painted.height - 2), alpha(painted.width - 2, painted.height - 2)]).toEqual([255, 0]);
  expect(labelsOf([cellValues(cells, "mean")], centred(26))).not.toContain("absent");
});

test("fold averages means by weight and keeps extremes", () => {
  const folded = fold(decodeCells(matrix(3, [127, 129, 131, 127, 127, 119])), 2, 1);
  expect([folded.rows, folded.columns, folded.tile]).toEqual([2, 1, [2, 2]]);
  expect([...folded.mean]).toEqual([(0 + 1 + 2 + 0) / 4, (0 - 4) / 2]);
  expect([...folded.min]).toEqual([0, -4]);
  expect([...folded.max]).toEqual([2, 0]);
  expect(cellIndex(folded, 1, 0)).toBe("2, 0–1");
  const uneven = fold(decodeCells(TILED), 1, 3);
  expect(uneven.mean[1]).toBeCloseTo((8 * 0.5 + 4 * 0) / 12);
  expect(uneven.max[2]).toBe(nan);
  for (const values of [
    [255, 127],
    [127, 255],
  ]) {
    const bad = fold(decodeCells(matrix(1, values, { nonfinite: 1 })), 1, 1);
    expect([bad.mean[0], bad.min[0], bad.max[0]]).toEqual([nan, nan, nan]);
  }
  const kernels = decodeCells(KERNELS);
  expect(fold(kernels, 1, 1)).toBe(kernels);
});

test("a difference below the rounding is zero", () => {
  const a = decodeCells(matrix(1, [127, 130, 128, 255], { nonfinite: 1 }));
  const b = decodeCells(matrix(1, [127, 128, 127, 127]));
  expect([...difference(a, b)!.mean]).toEqual([0, 1, 0.5, nan]);
  const coarse = decodeCells(matrix(1, [127, 127, 127, 127], { scale: 1 }));
  expect([...difference(b, coarse)!.mean]).toEqual([0, 0, 0, 0]);
  expect(difference(a, decodeCells(matrix(2, [127, 127, 127, 127])))).toBeNull();
  expect(
    difference(
      decodeCells(KERNELS),
      decodeCells({ ...KERNELS, header: { ...KERNELS.header, unit_orders: new Map([["out", [0, 5]]]) } }),
    ),
  ).toBeNull();
});

test("the scale ignores a run that explodes", () => {
  expect(reach(Float64Array.from([0, -3, 2, nan, inf]))).toBe(3);
  expect(reach(Float64Array.from([nan]))).toBe(0);
  const many = Float64Array.from({ length: 1000 }, (_, i) => (i === 7 ? 900 : i / 1000));
  expect(reach(many)).toBeLessThan(1);
  expect(layerReach([[1, 1, 1, 500], [0.5]])).toBe(1);
  expect(layerReach([[1], [1.5], [400]])).toBe(3);
  expect(layerReach([[0], []])).toBe(0);
  expect(centred(0.25)).toEqual({ mode: "linear", lo: -0.25, hi: 0.25, diverging: true });
});

test("facts list zero rows and exploding columns", () => {
  const header = matrix(4, new Array(8).fill(127), {
    norms: new Map([
      ["row", { max: [1, 0, 1.2, 0.9] }],
      ["column", { max: [7, 1] }],
    ]),
  }).header;
  expect(facts(header)).toEqual([
    { axis: "row", zero: 1, isLowerBound: false, large: [] },
    { axis: "column", zero: 0, isLowerBound: false, large: [] },
  ]);
  const wide = matrix(1, [127, 127, 127], { norms: new Map([["column", { max: [1, 12, 1] }]]) }).header;
  expect(facts(wide)[0].large).toEqual([{ line: "1", times: 12 }]);
  // A tile with some zero rows counts as one, and a tile of zero rows counts in full.
  expect(facts(TILED.header)).toEqual([
    { axis: "row", zero: 1, isLowerBound: true, large: [] },
    { axis: "column", zero: 2, isLowerBound: false, large: [] },
  ]);
});

test("unchanged counts kernels and rows without change", () => {
  const still = decodeCells(map([2, 1, 1, 2], ["out", "in", "height", "width"], [127, 127, 127, 130]));
  expect(unchanged(still)).toEqual({ count: 1, all: 2 });
  expect(unchanged(decodeCells(matrix(3, [127, 127, 127, 128, 126, 127])))).toEqual({ count: 1, all: 3 });
});

test("bars fold with the map and limit one large norm", () => {
  expect(bars(TILED.header, "row", 2)).toEqual({
    low: Float64Array.from([1, 0]),
    high: Float64Array.from([2, nan]),
  });
  const folded = bars(TILED.header, "column", 2)!;
  expect([[...folded.low], [...folded.high]]).toEqual([
    [1, 0],
    [9, 0],
  ]);
  expect(bars(KERNELS.header, "out", 2)).toBeNull();
  const one = (...high: number[]) => ({ low: Float64Array.from(high), high: Float64Array.from(high) });
  expect(barReach([one(1, 1, 1, 50), one(2), null])).toBe(4);
  expect(barReach([one(0, nan)])).toBe(0);
});

test("cellAt finds painted cells", () => {
  for (const cells of [decodeCells(KERNELS), decodeCells(TILED)]) {
    const at = placeCells(cells, 200, 300);
    for (const axis of [0, 1] as const) {
      const n = axis === 0 ? cells.columns : cells.rows;
      for (let i = 0; i < n; i++) expect(cellAt(at, axis, edge(at, axis, i) + at.cell[axis] / 2)).toBe(i);
      expect(cellAt(at, axis, -1)).toBe(-1);
      expect(cellAt(at, axis, (axis === 0 ? at.width : at.height) + 1)).toBe(-1);
    }
  }
  const kernels = placeCells(decodeCells(KERNELS), 200, 300);
  expect([kernels.cell, kernels.gap]).toEqual([[18, 18], 2]);
  expect(cellAt(kernels, 0, 36.5)).toBe(-1);
});

test("paintCells matches the golden pixels", () => {
  const codes = [127, 255, 127 + 20, 127 - 20, 127 + 1, 127, 127, 128];
  const cells = decodeCells(map([2, 2, 1, 2], ["out", "in", "height", "width"], codes, { nonfinite: 1 }));
  const at = { cell: [2, 1], block: [2, 1], gap: 1, width: 9, height: 3 } as const;
  const scale = centred(2);
  const colours = palette(true, false);
  const shown = cellValues(cells, "mean");
  const { pixels, width, height } = paintCells(cells, shown, at, scale, colours, 1);
  const names = new Map([
    [colours.zero.join(), "0"],
    [colours.nonfinite.join(), "N"],
    ["255,255,255", "/"],
    [colours.over.join(), "+"],
    [colours.under.join(), "-"],
  ]);
  const lines = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [r, g, b, a] = pixels.slice(4 * (y * width + x));
      return a === 0 ? "." : (names.get(`${r},${g},${b}`) ?? "v");
    }).join(""),
  );
  expect(lines).toEqual(["00NN.++--", ".........", "vv00.00vv"]);
  const bad = decodeCells(matrix(1, [255], { nonfinite: 1 }));
  const wide = { cell: [10, 2], block: [1, 1], gap: 0, width: 10, height: 2 } as const;
  const hatched = paintCells(bad, cellValues(bad, "mean"), wide, scale, colours, 1).pixels;
  const green = Array.from({ length: 20 }, (_, i) => hatched[4 * i + 1]);
  const [n, line] = [colours.nonfinite[1], 255];
  expect(green.slice(0, 10)).toEqual([line, n, n, n, n, line, n, n, n, n]);
  expect(green.slice(10)).toEqual([n, n, n, n, line, n, n, n, n, line]);
  expect(labelsOf([shown], scale)).toEqual(new Set(["zero", "nonfinite", "over", "under", "value"]));
});

test("weightsCsv writes each cell with its three values", () => {
  const lines = weightsCsv("fc,1", [
    { run: "a", step: 20, cells: decodeCells(TILED) },
    { run: "b", step: 20, cells: null },
  ]).split("\n");
  expect(lines[0]).toBe("run,parameter,step,index,mean,min,max");
  expect(lines[2]).toBe('a,"fc,1",20,"0–1, 4–7",0.5,-0.5,1.5');
  expect(lines[6]).toBe('a,"fc,1",20,"2, 8–9",NaN,0,NaN');
  expect(lines.length).toBe(8);
});

const REST = { rows: [], wallTimes: new Float64Array(0) };

test("tracks read steps, columns and missing runs", () => {
  const raw = {
    run: "a",
    steps: Float64Array.from([0, 2]),
    absent: Uint8Array.from([0, 1, 0, 1]),
    values: new Map([["value", Float32Array.from([1, nan, nan, nan])]]),
    ...REST,
  };
  const steps = Float64Array.from([0, 1, 2, 3, 4]);
  const [min, max] = [Float32Array.from([1, 5, 2, 6]), Float32Array.from([9, 5, 3, 7])];
  const column = { min, max, mean: min, states: new Uint8Array(4), at: new Uint8Array(4) };
  const dense = {
    run: "b",
    steps,
    absent: new Uint8Array(0),
    values: new Map(),
    reduced: { steps, starts: Float64Array.from([0, 2]), columns: new Map([["value", column]]) },
    ...REST,
  };
  const found = tracks([raw, dense], ["x", "y"]);
  expect(found.map(({ run, name }) => run + name)).toEqual(["ax", "bx", "by"]);
  expect([[...found[1].steps], [...found[1].values]]).toEqual([
    [0, 1, 2, 3],
    [1, 9, 2, 3],
  ]);
  const curves = trackCurves(found.slice(0, 2));
  expect([...curves.steps]).toEqual([0, 1, 2, 3]);
  expect(curves.runs[0].values).toEqual([1, undefined, null, undefined]);
  expect(curves.runs[0].nonfinites).toEqual([2]);
});

test("tracks clip a run that explodes and report it", () => {
  const track = (run: string, ...values: number[]) => ({
    run,
    name: "w",
    steps: Float64Array.from(values, (_, i) => i),
    values: Float32Array.from(values),
  });
  const calm = [track("a", 0.5, 1), track("b", -1, 0)];
  expect(trackRange(calm)).toEqual([-1, 1]);
  expect(isBeyond(calm, [-1, 1])).toBe(false);
  const wild = [...calm, track("c", 5, -1e9, nan)];
  expect(trackRange(wild)).toEqual([-3, 3]);
  expect(isBeyond(wild, [-3, 3])).toBe(true);
  expect(trackRange([track("a", 2, 2)])).toEqual([1, 3]);
  expect(trackRange([])).toEqual([-1, 1]);
});

describe("tracks of columns", () => {
  const rest = { rows: [], wallTimes: new Float64Array(0) };
  const columns = (min: number[], max: number[], states: number[]) => {
    const column = {
      min: Float32Array.from(min),
      mean: Float32Array.from(min),
      max: Float32Array.from(max),
      states: Uint8Array.from(states),
      at: new Uint8Array(states.length),
    };
    const steps = Float64Array.from([0, 1, 2, 3, 4, 5]);
    const reduced = { steps, starts: Float64Array.from([0, 2, 4]), columns: new Map([["value", column]]) };
    return tracks(
      [{ run: "a", steps, absent: new Uint8Array(0), values: new Map(), reduced, ...rest }],
      ["w[0]"],
    );
  };
  test("tracks, NaN beside values of a column, are kept", () => {
    const [track] = columns([1, -7, 3], [2, 3, 4], [1, 5, 1]);
    expect([...track.values]).toEqual([1, 2, -7, Number.NaN, 3, 4]);
    expect(trackCurves([track]).runs[0].nonfinites).toEqual([3]);
  });
  test("tracks, absent columns and steps, have no point", () => {
    const no = Number.NaN;
    const [track] = columns([1, no, 3], [2, no, 4], [1, 8, 1]);
    expect([...track.steps]).toEqual([0, 1, 4, 5]);
    const absent = Uint8Array.from([0, 1, 0]);
    const value = Float32Array.from([1, no, no]);
    const [single] = tracks(
      [
        {
          run: "a",
          steps: Float64Array.from([0, 1, 2]),
          absent,
          values: new Map([["value", value]]),
          ...rest,
        },
      ],
      ["w[0]"],
    );
    expect([...single.steps]).toEqual([0, 2]);
    expect(trackCurves([single]).runs[0].nonfinites).toEqual([2]);
  });
});
