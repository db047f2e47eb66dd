import { describe, expect, test } from "vitest";
import { histogramCsv } from "./csv";
import { ridgeAt, stepLayout } from "./layout";
import {
  binAt,
  fromX,
  partOf,
  toX,
  type ValueRange,
  valueAxis,
  valueRange,
  valueTicks,
} from "./layout_value_axis";
import { countOf, densityOf, hasUnknown, isUnknown, peakOf, readHistograms, shareOf, usage } from "./model";
import { binEnds, DECADES, snap } from "./model_bins";
import { densityScale, highest, partShares, pixelBins } from "./model_density";

/** Return one run's histograms as sent by the route. `items` are counts per bin. */
function histogramsOf(items: Record<number, number>[], more: { rows?: string[]; steps?: number[] } = {}) {
  const rows = more.rows ?? ["fc.weight"];
  const [first, width] = [3, 515];
  const counts = new Int32Array(items.length * width);
  const special = new Float32Array(items.length * 5);
  const absent = new Uint8Array(items.length);
  items.forEach((bins, i) => {
    absent[i] = Object.keys(bins).length === 0 ? 1 : 0;
    for (const [bin, n] of Object.entries(bins)) {
      const at = [0, 1, 2, 518, 519].indexOf(Number(bin));
      if (at >= 0) special[5 * i + at] = n;
      else counts[i * width + Number(bin) - first] = n;
    }
  });
  const header = {
    missing: [],
    series: [
      {
        run: "run",
        source: "nnviz",
        rows,
        steps: Float64Array.from(more.steps ?? items.map((_, i) => 10 * i)),
        first_bin: first,
        counts,
        special,
        absent,
        quantiles: new Float32Array(5 * items.length).fill(Number.NaN),
      },
    ],
  };
  return readHistograms(header).series[0];
}

describe("binEnds", () => {
  test.each([
    [260, 0, 0],
    [261, 0, 2 ** -40],
    [262, 2 ** -40, 1.25 * 2 ** -40],
    [265, 1.75 * 2 ** -40, 2 ** -39],
    [422, 1, 1.25],
    [423, 1.25, 1.5],
    [425, 1.75, 2],
    [517, 1.75 * 2 ** 23, 2 ** 24],
    [518, 2 ** 24, Number.POSITIVE_INFINITY],
    [98, -1.25, -1],
    [2, Number.NEGATIVE_INFINITY, -(2 ** 24)],
  ])("of bin %i are %d and %d", (bin, low, high) => {
    const ends = binEnds(bin);
    expect(ends[0] + 0).toBe(low);
    expect(ends[1] + 0).toBe(high);
  });

  test("of adjacent bins are equal", () => {
    for (let bin = 3; bin < 517; bin++) expect(binEnds(bin)[1] + 0).toBe(binEnds(bin + 1)[0] + 0);
  });

  test("contain the values of the bin", () => {
    for (let bin = 3; bin <= 517; bin++) {
      if (bin === 260) continue;
      const [low, high] = binEnds(bin);
      expect(binAt((low + high) / 2)).toBe(bin);
      const inner = bin > 260 ? low : high;
      if (inner !== 0) expect(binAt(inner)).toBe(bin);
    }
    expect([binAt(1e30), binAt(-1e30), binAt(1e-30)]).toEqual([518, 2, 261]);
  });

  test("round a typed range outward to bin edges", () => {
    expect([snap(1.1), snap(-1.2), snap(0), snap(1e9)]).toEqual([1, -1.25, 0, 2 ** 24]);
  });
});

describe("densities", () => {
  test("integrate to the shares of bins of unequal width", () => {
    const one = histogramsOf([{ 422: 50, 425: 50 }]);
    expect(densityOf(one, 0, 422)).toBeCloseTo(0.5 / Math.log10(1.25), 12);
    expect(densityOf(one, 0, 425)).toBeCloseTo(0.5 / Math.log10(2 / 1.75), 12);
    expect(densityOf(one, 0, 425) / densityOf(one, 0, 422)).toBeGreaterThan(1.6);
    expect(densityOf(one, 0, 422) * DECADES[422] + densityOf(one, 0, 425) * DECADES[425]).toBeCloseTo(1, 12);
    expect(peakOf(one, 0)).toBe(densityOf(one, 0, 425));
  });

  test("of log-uniform samples are flat", () => {
    const bins: Record<number, number> = {};
    const n = 40_000;
    for (let i = 0; i < n; i++) {
      const bin = binAt(2 ** (-10 + (10 * (i + 0.5)) / n));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const one = histogramsOf([bins]);
    for (let bin = 382; bin < 422; bin++)
      expect(densityOf(one, 0, bin)).toBeCloseTo(1 / Math.log10(2 ** 10), 2);
  });

  test("count NaN, zero and overflow as elements", () => {
    const one = histogramsOf([{ 0: 10, 1: 5, 260: 30, 261: 1, 422: 50, 518: 3, 519: 1 }]);
    expect(one.totals[0]).toBe(100);
    expect([0, 1, 260, 422, 519, 300].map((bin) => shareOf(one, 0, bin))).toEqual([
      0.1, 0.05, 0.3, 0.5, 0.01, 0,
    ]);
    expect(countOf(one, 0, 518)).toBe(3);
    const range: ValueRange = { from: -1, to: 1, floor: 0.001 };
    const shares = partShares(one, 0, range);
    expect(Object.fromEntries(shares)).toEqual({
      nan: 0.1,
      negative_infinity: 0.05,
      zero: 0.3,
      near_positive: 0.01,
      above: 0.53,
      positive_infinity: 0.01,
    });
  });

  test("weight items equally when finding used bins, except empty ones", () => {
    const sum = usage([histogramsOf([{ 422: 1000 }, { 423: 1, 0: 1 }, {}])]);
    expect([sum[422], sum[423], sum[0]]).toEqual([0.5, 0.25, 0.25]);
  });

  test("scale spans three decades below the highest density", () => {
    expect(densityScale(highest([histogramsOf([{ 422: 1 }])]))).toEqual({
      mode: "log",
      lo: 0.02,
      hi: 20,
      diverging: false,
    });
  });
});

describe("valueAxis", () => {
  const both = usage([histogramsOf([{ 422: 40, 98: 40, 382: 10, 260: 10 }])]);

  test("spans the used values symmetrically about zero", () => {
    expect(valueRange(both)).toEqual({ from: -1.25, to: 1.25, floor: 2 ** -10 });
  });

  test("is logarithmic with zero in the middle, and invertible", () => {
    const axis = valueAxis(valueRange(both), both, 320);
    expect(toX(axis, 0)).toBeCloseTo(160, 6);
    expect(toX(axis, 1) + toX(axis, -1)).toBeCloseTo(320, 6);
    const decade = toX(axis, 1) - toX(axis, 0.1);
    expect(toX(axis, 0.1) - toX(axis, 0.01)).toBeCloseTo(decade, 6);
    for (const value of [-1, -0.01, 0.002, 0.5]) {
      expect(fromX(axis, toX(axis, value)).value).toBeCloseTo(value, 9);
    }
    expect(fromX(axis, 160).part).toBe("zero");
  });

  test("has one side for values of one sign", () => {
    const used = usage([histogramsOf([{ 422: 40, 400: 40, 260: 20 }])]);
    const axis = valueAxis(valueRange(used), used, 300);
    expect(axis.pieces.map(({ part }) => part)).toEqual(["zero", "positive"]);
  });

  test("has special bins that are not empty", () => {
    const used = usage([histogramsOf([{ 0: 1, 1: 1, 2: 1, 260: 1, 422: 1, 98: 1, 518: 1, 519: 1 }])]);
    const parts = valueAxis(valueRange(used), used, 300).pieces.map(({ part }) => part);
    expect(parts).toEqual([
      "nan",
      "negative_infinity",
      "below",
      "negative",
      "zero",
      "positive",
      "above",
      "positive_infinity",
    ]);
  });

  test("exists for NaN only", () => {
    const used = usage([histogramsOf([{ 0: 7 }])]);
    const axis = valueAxis(valueRange(used), used, 300);
    expect(axis.pieces.map(({ part }) => part)).toEqual(["nan", "negative", "zero", "positive"]);
    expect(valueTicks(axis, 30).length).toBeGreaterThan(1);
  });

  test("keeps zero and values outside of a zoom as special bins", () => {
    const range = valueRange(both, 0.01, 2);
    expect([range.from, range.to]).toEqual([binEnds(binAt(0.01))[0], 2]);
    expect([partOf(98, range), partOf(260, range), partOf(422, range), partOf(382, range)]).toEqual([
      "below",
      "zero",
      "positive",
      "below",
    ]);
    const negative = valueRange(both, -2, -0.5);
    expect(valueAxis(negative, both, 300).pieces.map(({ part }) => part)).toEqual([
      "negative",
      "zero",
      "above",
    ]);
  });

  test("spans at most nine decades if one run explodes", () => {
    const used = usage([histogramsOf([{ 422: 90, 300: 5, 500: 5 }])]);
    const { to, floor } = valueRange(used);
    expect(to / floor).toBeLessThanOrEqual(1e9 * 1.001);
    expect(partOf(422, valueRange(used))).toBe("positive");
  });

  test("has ticks at decades", () => {
    const axis = valueAxis({ from: -1, to: 1, floor: 1 / 1024 }, both, 400);
    const ticks = valueTicks(axis, 30);
    expect(ticks.map(({ value }) => value)).toEqual([-0.001, -0.01, -0.1, -1, 0.001, 0.01, 0.1, 1]);
    for (const { value, x } of ticks) expect(x).toBeCloseTo(toX(axis, value), 9);
  });

  test("maps each pixel of the log part to a bin", () => {
    const axis = valueAxis(valueRange(both), both, 320);
    const bins = pixelBins(axis, 640);
    expect(bins[Math.floor(2 * toX(axis, 1.1))]).toBe(422);
    expect(bins[Math.floor(2 * toX(axis, -1.1))]).toBe(98);
    expect(bins[320]).toBe(-1);
  });
});

describe("ridges", () => {
  test("are in the order of steps, thinned if too dense", () => {
    const steps = Float64Array.from({ length: 300 }, (_, i) => 10 * i);
    const { items, baselines, rise } = stepLayout(steps, [-5, 2995], 300);
    expect(items[items.length - 1]).toBe(299);
    expect(items.length).toBeLessThan(45);
    expect(baselines[0]).toBeGreaterThanOrEqual(rise);
    for (let i = 1; i < items.length; i++)
      expect(baselines[items[i]] - baselines[items[i - 1]]).toBeGreaterThanOrEqual(7);
  });

  test("in front hide those behind", () => {
    const one = histogramsOf([{ 422: 1 }, { 422: 1 }, { 423: 1 }]);
    const axis = valueAxis(valueRange(usage([one])), usage([one]), 300);
    const layout = stepLayout(one.steps, [-5, 25], 200);
    const x = toX(axis, 1.1);
    expect(ridgeAt(one, axis, layout, peakOf(one, 2), x, layout.baselines[1] - 3)).toBe(1);
    expect(ridgeAt(one, axis, layout, peakOf(one, 2), x, layout.baselines[0] - layout.rise / 2)).toBe(0);
    // The last ridge is empty at this value, so the next lower baseline decides.
    expect(ridgeAt(one, axis, layout, peakOf(one, 2), x, layout.baselines[2] - 1)).toBe(2);
  });

  test("histogramCsv writes one line per bin", () => {
    const csv = histogramCsv([histogramsOf([{ 0: 1, 422: 3 }, {}], { steps: [0, 20] })]);
    expect(csv.split("\n")).toEqual([
      "run,row,step,bin_from,bin_to,count,share",
      "run,fc.weight,0,NaN,NaN,1,0.25",
      "run,fc.weight,0,1,1.25,3,0.75",
      "",
    ]);
    const rows = histogramCsv([histogramsOf([{ 260: 2 }, { 98: 1 }], { rows: ["a,b", "c"], steps: [40] })]);
    expect(rows.split("\n").slice(1, 3)).toEqual(['run,"a,b",40,0,0,2,1', "run,c,40,-1.25,-1,1,1"]);
  });

  test("an unknown number of NaN is neither 0 nor part of the total", () => {
    const one = histogramsOf([{ 0: Number.NaN, 422: 3, 424: 1, 519: 2 }, { 422: 1 }]);
    expect(Array.from(one.totals)).toEqual([6, 1]);
    expect([hasUnknown(one, 0), hasUnknown(one, 1)]).toEqual([true, false]);
    expect([isUnknown(one, 0, 0), isUnknown(one, 0, 519), isUnknown(one, 0, 422)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(shareOf(one, 0, 422)).toBe(0.5);
    expect(highest([one])).toBeGreaterThan(0);
    expect(histogramCsv([one]).split("\n")[1]).toBe("run,fc.weight,0,NaN,NaN,,");
  });
});
