import { interpolateViridis } from "../../lib/ramps";
import { allSteps } from "../../lib/steps";
import type { RunSeries } from "../../lib/types";
import type { CurveRun, Curves } from "../../plot/layout_curve";

/** A single weight of one run over steps. */
export interface Track {
  run: string;
  name: string;
  steps: Float64Array;
  values: Float32Array;
}

/** Bits of the values in a column, as in docs/http_api.md. */
const BITS = { nonfinite: 4, absent: 8 } as const;

/** The only statistic of the kind `tracked`. */
const VALUE = "value";

/**
 * Read single weights from a response. A column of several steps becomes two points, its minimum and its maximum, so
 * that spikes remain visible. If it contains NaN or Inf, one of the points is NaN. Steps without a value have no point.
 */
export function tracks(series: readonly RunSeries[], names: readonly string[]): Track[] {
  return series.flatMap((one) =>
    names.flatMap((name, row): Track[] => {
      const n = names.length;
      const column = one.reduced?.columns.get(VALUE);
      if (one.reduced && column) {
        const { min, max, states } = column;
        const { starts, steps: all } = one.reduced;
        const points: [step: number, value: number][] = [];
        starts.forEach((start, i) => {
          const at = i * n + row;
          const bits = states[at];
          if (bits === BITS.absent) return;
          const end = starts[i + 1] ?? all.length;
          const second = all[Math.min(all.length - 1, Math.max(start, Math.floor((start + end) / 2)))];
          const bad = (bits & BITS.nonfinite) !== 0;
          const largest = -min[at] > max[at] ? min[at] : max[at];
          points.push([all[start], bad ? largest : min[at]], [second, bad ? Number.NaN : max[at]]);
        });
        return present(one.run, name, points);
      }
      const value = one.values.get(VALUE);
      if (!value) return [];
      const points = Array.from(one.steps, (step, i): [number, number] => [step, value[i * n + row]]);
      return present(
        one.run,
        name,
        points.filter((_, i) => one.absent[i * n + row] !== 1),
      );
    }),
  );
}

function present(run: string, name: string, points: readonly (readonly [number, number])[]): Track[] {
  if (points.length === 0) return [];
  const steps = Float64Array.from(points, ([step]) => step);
  return [{ run, name, steps, values: Float32Array.from(points, ([, value]) => value) }];
}

/** Arrange weights as curves over shared steps. Nonfinite values go to a separate lane. */
export function trackCurves(shown: readonly Track[]): Curves {
  const steps = allSteps(shown.map((one) => one.steps));
  const at = new Map<number, number>();
  steps.forEach((step, i) => {
    at.set(step, i);
  });
  const runs = shown.map((track): CurveRun => {
    const curve: CurveRun = {
      run: track.run,
      values: new Array(steps.length).fill(undefined),
      zeros: [],
      nonfinites: [],
    };
    track.steps.forEach((step, i) => {
      const finite = Number.isFinite(track.values[i]);
      if (!finite) curve.nonfinites.push(step);
      // A column of one step has both points at this step: NaN does not erase the value.
      if (!finite && typeof curve.values[at.get(step)!] === "number") return;
      curve.values[at.get(step)!] = finite ? track.values[i] : null;
    });
    return curve;
  });
  return { steps, runs };
}

/** Return `n` distinguishable colours from viridis. */
export function trackColours(n: number, dark: boolean): string[] {
  const [from, to] = dark ? [0.35, 1] : [0, 0.72];
  return Array.from({ length: n }, (_, i) =>
    interpolateViridis(n === 1 ? from : from + ((to - from) * i) / (n - 1)),
  );
}

/** Multiple of the median run above which a run is clipped instead of extending the range. */
const OUTLIER = 3;

/** Return the y range of all curves, in which a run that explodes is clipped. */
export function trackRange(shown: readonly Track[]): [number, number] {
  const byRun = new Map<string, [number, number]>();
  for (const { run, values } of shown) {
    const range = byRun.get(run) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < range[0]) range[0] = value;
      if (value > range[1]) range[1] = value;
    }
    byRun.set(run, range);
  }
  const ranges = [...byRun.values()].filter(([lo, hi]) => lo <= hi);
  if (ranges.length === 0) return [-1, 1];
  const sizes = ranges.map(([lo, hi]) => Math.max(Math.abs(lo), Math.abs(hi))).sort((a, b) => a - b);
  const limit = Number((OUTLIER * (sizes[Math.floor((sizes.length - 1) / 2)] || 1)).toPrecision(2));
  const lo = Math.max(-limit, Math.min(...ranges.map((range) => range[0])));
  const hi = Math.min(limit, Math.max(...ranges.map((range) => range[1])));
  return lo < hi ? [lo, hi] : [lo - Math.abs(lo || 1) / 2, hi + Math.abs(hi || 1) / 2];
}

/** Return true if any value is outside of the range and drawn at its edge. */
export const isBeyond = (shown: readonly Track[], [lo, hi]: readonly [number, number]) =>
  shown.some(({ values }) => values.some((value) => Number.isFinite(value) && (value < lo || value > hi)));
