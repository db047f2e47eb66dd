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
    drawClipped(g, [{ points, colour: "#000", text: (at) => String(values[at]), extreme }], place);
    return { texts, triangles };
  }
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
