import type { ScalarSeries } from "../../lib/types";
import type { Line } from "./layout";
import type { ChartTag, ScalarChart } from "./model";
import { alignedSteps, type Clock, clockOf, stepAt, wallAt } from "./model_clock";
import { smooth } from "./model_smoothing";

export const X_MODES = ["step", "relative", "wall"] as const;
/** Optimizer steps, seconds since the run's first event, or wall time. */
export type XMode = (typeof X_MODES)[number];

/** One run's scalar in a chart, on the chart's x axis. */
export interface CurveLine extends Line {
  run: string;
  tag: ChartTag;
  /** Steps as logged. */
  steps: Float64Array;
  wallTimes: Float64Array;
  /** True if points are placed by wall time, because `steps` are not optimizer steps. */
  byTime: boolean;
}

export type Clocks = ReadonlyMap<string, Clock | null>;

export function clocksOf(curves: readonly ScalarSeries[]): Map<string, Clock | null> {
  const byRun = new Map<string, ScalarSeries[]>();
  for (const one of curves) {
    const own = byRun.get(one.run);
    if (own) own.push(one);
    else byRun.set(one.run, [one]);
  }
  return new Map([...byRun].map(([run, own]) => [run, clockOf(own)]));
}

/** Minimum number of points of a smoothed line. An average of a few points would be far from all of them. */
const MIN_SMOOTHED = 20;
/** Charts of settings, which have no noise to smooth. */
const SETTINGS = ["learning_rate", "loss_scale", "skipped"];

/** Return the start of a run's relative time, in seconds since 1970. */
const startOf = (clock: Clock | null | undefined, curve: ScalarSeries) =>
  clock ? clock.wall_times[0] : (curve.wall_times[0] ?? 0);

/** Return a chart's lines, ordered by run, then by part. */
export function curveLines(
  chart: ScalarChart,
  curves: readonly ScalarSeries[],
  runs: readonly string[],
  clocks: Clocks,
  mode: XMode,
  weight: number,
): CurveLine[] {
  const find = new Map(curves.map((one) => [`${one.tag}\n${one.run}`, one]));
  return runs.flatMap((run) =>
    chart.tags.flatMap((tag): CurveLine[] => {
      const curve = find.get(`${tag.tag}\n${run}`);
      if (!curve || curve.steps.length === 0) return [];
      const clock = clocks.get(run) ?? null;
      const { steps, byTime } = alignedSteps(curve, clock);
      const start = startOf(clock, curve);
      const x =
        mode === "step"
          ? steps
          : mode === "wall"
            ? curve.wall_times
            : curve.wall_times.map((wall) => wall - start);
      // A wall time that is not finite has no place on an axis of time.
      const order = Array.from(x.keys())
        .filter((i) => Number.isFinite(x[i]))
        .sort((a, b) => x[a] - x[b]);
      const raw = Float32Array.from(order, (i) => curve.values[i]);
      return [
        {
          run,
          tag,
          byTime,
          x: Float64Array.from(order, (i) => x[i]),
          steps: Float64Array.from(order, (i) => curve.steps[i]),
          wallTimes: Float64Array.from(order, (i) => curve.wall_times[i]),
          raw,
          drawn:
            raw.length < MIN_SMOOTHED || SETTINGS.includes(chart.id)
              ? Float64Array.from(raw)
              : smooth(raw, weight),
        },
      ];
    }),
  );
}

/** Return the position of a run's step on the x axis, or null if it is unknown. */
export function xOfStep(step: number, mode: XMode, clock: Clock | null | undefined): number | null {
  if (mode === "step") return step;
  if (!clock) return null;
  const wall = wallAt(clock, step);
  return mode === "wall" ? wall : wall - clock.wall_times[0];
}

/** Return a run's step at a position of the x axis, or null if it is unknown. */
export function stepOfX(x: number, mode: XMode, clock: Clock | null | undefined): number | null {
  if (mode === "step") return x;
  if (!clock) return null;
  return stepAt(clock, mode === "wall" ? x : x + clock.wall_times[0]);
}

/** Return the range from the first to the last x of all lines, with a small margin. */
export function xDomain(lines: readonly Line[]): readonly [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const { x } of lines) {
    if (x.length === 0) continue;
    lo = Math.min(lo, x[0]);
    hi = Math.max(hi, x[x.length - 1]);
  }
  if (!(lo <= hi)) return [0, 1];
  return lo === hi ? [lo - 0.5, hi + 0.5] : [lo - (hi - lo) / 200, hi + (hi - lo) / 200];
}
