import { expect, test } from "vitest";
import { fontsAt, placeLabels, SMALLEST } from "./readable";

test("texts are readable at every zoom or left out", () => {
  for (let zoom = 0.05; zoom <= 3; zoom += 0.05) {
    const { title, small, join } = fontsAt(zoom);
    for (const size of [title, small, join]) expect(size === 0 || size * zoom >= SMALLEST - 1e-9).toBe(true);
    if (small > 0) expect(title).toBeGreaterThan(0);
  }
  expect(fontsAt(1)).toEqual({ title: 12, small: 10, join: 11 });
  expect(fontsAt(0.1)).toEqual({ title: 0, small: 0, join: 0 });
});

test("labels avoid boxes and each other, or are left out", () => {
  const points = [
    { x: 50, y: 0 },
    { x: 50, y: 24 },
  ];
  const label = { points, width: 30, height: 12 };
  const [first, second, third] = placeLabels([label, label, label], []);
  expect(first).toEqual({ x: 55, y: 6, width: 30, height: 12 });
  expect(second).toEqual({ x: 15, y: 6, width: 30, height: 12 });
  expect(third).toBeNull();
  expect(placeLabels([label], [{ x: 0, y: 0, width: 100, height: 30 }])).toEqual([null]);
  expect(placeLabels([{ ...label, width: 0 }], [])).toEqual([null]);
});
