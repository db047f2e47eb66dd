import { cellPixels, type Domain, nearest, toStep } from "../../lib/steps";
import { binAt, fromX, isLog, type ValueAxis } from "./layout_value_axis";
import { densityOf, type Histograms, peakOf } from "./model";

/** Positions of one run's steps in a ridgeline and in a heat map. */
export interface StepLayout {
  height: number;
  /** Top and bottom of each step's cells. */
  spans: Int32Array;
  /** Baseline of each step's ridge. */
  baselines: Float64Array;
  /** Height of the highest ridge in pixels. */
  rise: number;
  /** Steps whose ridges are drawn, including the last one. More ridges would be indistinguishable. */
  items: number[];
  itemAt: (y: number) => number;
}

/** Minimum distance between two ridges in pixels. */
const MIN_RIDGE_DISTANCE = 7;

export function stepLayout(steps: Float64Array, domain: Domain, height: number): StepLayout {
  const n = steps.length;
  const spans = cellPixels(steps, domain, height);
  const usual = (height / Math.max(1, n)) * 3.4;
  const rise = Math.min(0.42 * height, Math.max(30, usual));
  const baselines = new Float64Array(n);
  const room = height - rise - 3;
  for (let i = 0; i < n; i++) {
    const t = domain[1] > domain[0] ? (steps[i] - domain[0]) / (domain[1] - domain[0]) : 1;
    baselines[i] = rise + 1 + t * room;
  }
  const items: number[] = [];
  for (let i = n - 1; i >= 0; i--) {
    const last = items[items.length - 1];
    if (last === undefined || baselines[last] - baselines[i] >= MIN_RIDGE_DISTANCE) items.push(i);
  }
  items.reverse();
  const itemAt = (y: number) => nearest(steps, toStep(y, domain, height));
  return { height, spans, baselines, rise, items, itemAt };
}

/** Return the ridge at a position: the frontmost one that covers it, else the one with the next lower baseline. */
export function ridgeAt(
  all: Histograms,
  axis: ValueAxis,
  { items, baselines, rise }: StepLayout,
  peak: number | null,
  x: number,
  y: number,
): number {
  const { part, value } = fromX(axis, x);
  if (isLog(part)) {
    const bin = binAt(value);
    for (let k = items.length - 1; k >= 0; k--) {
      const i = items[k];
      const height = (densityOf(all, i, bin) * rise) / ((peak ?? peakOf(all, i)) || 1);
      if (y <= baselines[i] && y >= baselines[i] - height) return i;
    }
  }
  return items.find((i) => baselines[i] >= y - 1) ?? items[items.length - 1] ?? -1;
}
