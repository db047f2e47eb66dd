import { expect, it } from "vitest";
import { envelopes } from "./layout_envelope";

it("envelopes cover the joined points in each column", () => {
  const xs = Float64Array.from({ length: 400 }, (_, i) => i / 7 + 0.013);
  const ys = Float64Array.from(xs, (x, i) => 50 + 30 * Math.sin(x) + ((i * 7919) % 13));
  const [piece, ...more] = envelopes(xs, ys);
  expect(more).toEqual([]);
  expect([piece.from, piece.from + piece.tops.length - 1]).toEqual([0, Math.floor(xs[399])]);
  // The expected result: the joined points, finely sampled.
  const tops = new Array(piece.tops.length).fill(Number.POSITIVE_INFINITY);
  const bottoms = new Array(piece.tops.length).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i + 1 < xs.length; i++) {
    for (let k = 0; k <= 1000; k++) {
      const x = xs[i] + (k / 1000) * (xs[i + 1] - xs[i]);
      const y = ys[i] + (k / 1000) * (ys[i + 1] - ys[i]);
      const column = Math.floor(x);
      tops[column] = Math.min(tops[column], y);
      bottoms[column] = Math.max(bottoms[column], y);
    }
  }
  for (let i = 0; i < tops.length; i++) {
    expect(Math.abs(piece.tops[i] - tops[i])).toBeLessThan(0.3);
    expect(Math.abs(piece.bottoms[i] - bottoms[i])).toBeLessThan(0.3);
    expect(piece.tops[i]).toBeLessThanOrEqual(tops[i] + 1e-9);
    expect(piece.bottoms[i]).toBeGreaterThanOrEqual(bottoms[i] - 1e-9);
  }
});

it("envelopes keep the height of a spike of one point", () => {
  const xs = Array.from({ length: 100 }, (_, i) => i / 10);
  const ys = xs.map((_, i) => (i === 55 ? 3 : 80));
  const [{ tops, bottoms }] = envelopes(xs, ys);
  expect(tops[5]).toBe(3);
  expect(bottoms[5]).toBe(80);
  expect(tops.filter((top) => top < 80)).toEqual([3]);
});

it("envelopes connect points across empty columns and end at a gap", () => {
  const pieces = envelopes([0.5, 3.5, 5.5, 6.5, 8.5], [0, 30, Number.NaN, 10, 10]);
  expect(pieces).toEqual([
    { from: 0, tops: [0, 5, 15, 25], bottoms: [5, 15, 25, 30] },
    { from: 6, tops: [10, 10, 10], bottoms: [10, 10, 10] },
  ]);
});

it("envelopes use device pixels and accept points at equal x", () => {
  const [{ from, tops, bottoms }] = envelopes([2, 2, 2.2], [5, 9, 1], 0.5);
  expect({ from, tops, bottoms }).toEqual({ from: 4, tops: [1], bottoms: [9] });
  expect(envelopes([], [])).toEqual([]);
});

it("envelopes start a new piece if x decreases", () => {
  expect(envelopes([4.5, 5.5, 1.5, 2.5], [10, 12, 40, 44])).toEqual([
    { from: 4, tops: [10, 11], bottoms: [11, 12] },
    { from: 1, tops: [40, 42], bottoms: [42, 44] },
  ]);
});
