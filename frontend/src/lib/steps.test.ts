import { expect, test } from "vitest";
import {
  allSteps,
  cellEdges,
  cellPixels,
  nearest,
  pixelSteps,
  spacing,
  stepDomain,
  toPixel,
  toStep,
} from "./steps";

test("nearest returns the earlier step on a tie", () => {
  const steps = [0, 10, 20, 50];
  expect([-5, 0, 4, 5, 6, 34, 36, 99].map((step) => steps[nearest(steps, step)])).toEqual([
    0, 0, 0, 0, 10, 20, 50, 50,
  ]);
  expect(nearest([], 3)).toBe(-1);
});

test("cellEdges extend halfway to neighbours, at most one spacing", () => {
  expect(spacing([0, 10, 20, 100])).toBe(10);
  expect([...cellEdges([0, 10, 20, 100])]).toEqual([-5, 5, 5, 15, 15, 30, 90, 105]);
  expect([...cellEdges([7])]).toEqual([6.5, 7.5]);
});

test("stepDomain contains all cells of all runs", () => {
  expect(stepDomain([[0, 10, 20], [0, 4], []])).toEqual([-5, 25]);
  expect(stepDomain([])).toEqual([-0.5, 0.5]);
  const domain = stepDomain([[0, 10, 20]]);
  expect(toPixel(10, domain, 300)).toBe(150);
  expect(toStep(150, domain, 300)).toBe(10);
});

test("pixelSteps of a run that ends early is empty after its end", () => {
  expect([...pixelSteps([0, 10], [-5, 35], 4)]).toEqual([0, 0, 1, 1, -1, -1, -1, -1]);
  expect([...cellPixels([0, 10], [-5, 35], 4)]).toEqual([0, 1, 1, 2]);
});

test("pixelSteps keeps all steps of a pixel, and each step has a pixel", () => {
  const spans = pixelSteps([0, 1, 2, 3], [-0.5, 3.5], 2);
  expect([...spans]).toEqual([0, 1, 2, 3]);
});

test("allSteps returns each logged step once", () => {
  expect([
    ...allSteps([
      [0, 10, 20],
      [0, 5, 20, 100],
    ]),
  ]).toEqual([0, 5, 10, 20, 100]);
});
