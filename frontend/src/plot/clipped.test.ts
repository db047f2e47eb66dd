import { describe, expect, test } from "vitest";
import { clipCurve, drawClipped, extremes } from "./clipped";

const steps = [0, 1, 2, 3, 4];

describe("clipCurve", () => {
  test("within the scale, is unchanged", () => {
    const units = [0, 0.5, null, undefined, 1];
    expect(clipCurve(steps, units)).toEqual({ xs: steps, ys: units, beyond: [] });
  });
  test("beyond the scale, reaches its end and has a gap there", () => {
    const { xs, ys, beyond } = clipCurve(steps, [0.5, 7, 8, 9, 0.5]);
    expect([...(xs as number[])]).toEqual([0, 1, 1.5, 2, 2.5, 3, 4]);
    expect(ys).toEqual([0.5, 1, null, 1, null, 1, 0.5]);
    expect(beyond.map(({ at, side }) => [at, side])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });
  test("zero on a log scale and tolerance, are told apart", () => {
    const { beyond } = clipCurve(steps, [Number.NEGATIVE_INFINITY, -1e-9, 0, 1 + 1e-9, 1.1]);
    expect(beyond.map(({ at, side }) => [at, side])).toEqual([
      [0, -1],
      [4, 1],
    ]);
  });
});

describe("drawClipped", () => {
  /** Draw the curve's clipped points, and return the texts and the number of triangles. */
  function drawn(values: number[], units: number[]) {
    const texts: string[] = [];
    let triangles = 0;
    const g = new Proxy({} as CanvasRenderingContext2D, {
      get: (_, name) => {
        if (name === "measureText") return () => ({ width: 20 });
        if (name === "fillText") return (text: string) => texts.push(text);
        if (name === "closePath") return () => triangles++;
        return () => undefined;
      },
      set: () => true,
    });
    const points = clipCurve(steps, units).beyond;
    const extreme = extremes(points, (at) => values[at]);
    const place = {
      left: 0,
      width: 400,
      top: 10,
      bottom: 110,
      xOf: (x: number) => 100 * x,
      background: "#fff",
    };
    const value = (at: number) => values[at];
    const mark = { points, colour: "#000", value, text: (at: number) => String(values[at]), extreme };
    drawClipped(g, [mark], place);
    return { texts, triangles };
  }
  /** Draw the clipped values of many curves, and return each text with its place. */
  function written(values: readonly number[], bottom: number) {
    const texts: { text: string; x: number; y: number }[] = [];
    const g = new Proxy({} as CanvasRenderingContext2D, {
      get: (_, name) => {
        if (name === "measureText") return () => ({ width: 20 });
        if (name === "fillText") return (text: string, x: number, y: number) => texts.push({ text, x, y });
        return () => undefined;
      },
      set: () => true,
    });
    const marks = values.map((one) => {
      const side: 1 | -1 = one > 0 ? 1 : -1;
      const extreme = side === 1 ? { over: 0, under: -1 } : { over: -1, under: 0 };
      const points = [{ x: 1, side, at: 0 }];
      return { points, colour: "#000", value: () => one, text: () => String(one), extreme };
    });
    drawClipped(g, marks, {
      left: 0,
      width: 400,
      top: 0,
      bottom,
      xOf: (x) => 100 * x,
      background: "#fff",
    });
    return texts;
  }
  test("many clipped curves, write the most extreme values only", () => {
    const texts = written([1, 9, 3, 7, 5, -1, -9, -3, -7, -5], 200).map(({ text }) => text);
    expect(texts).toEqual(["9", "7", "5", "-9", "-7", "-5"]);
  });
  test.each([30, 40, 55, 70])("values of both ends in %i pixels, do not overlap", (bottom) => {
    const texts = written([1, 9, 3, 7, 5, -1, -9, -3, -7, -5], bottom);
    expect(texts.length).toBeGreaterThan(0);
    for (const one of texts)
      for (const other of texts) if (one !== other) expect(Math.abs(one.y - other.y)).toBeGreaterThan(10);
  });
  test("clipped values, have triangles and the extreme value", () => {
    expect(drawn([1, 1e31, 3e30, 4e-17, 1], [0.5, 5, 4, -3, 0.5])).toEqual({
      texts: ["1e+31", "4e-17"],
      triangles: 3,
    });
  });
  test("no clipped value, draws nothing", () => {
    expect(drawn([1, 2, 3, 4, 5], [0, 0.2, 0.4, 0.6, 1])).toEqual({ texts: [], triangles: 0 });
  });
});
