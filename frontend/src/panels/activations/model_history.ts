import type { MapEvent } from "../../lib/answers/maps";
import { allSteps } from "../../lib/steps";
import type { Curves } from "../../plot/layout_curve";
import { type MapGrid, mapGridOf } from "./model";
import { gridPeak, layerRange, outlierLimit, type Range } from "./model_scale";

export interface Frame {
  step: number;
  grid: MapGrid;
}

interface History {
  run: string;
  frames: Frame[];
}

/** Arrange a map of one unit. */
function unitGrid(event: MapEvent, unitAxis: string): MapGrid | null {
  const { axes, shape } = event.header;
  const rest =
    axes.length === 0
      ? { axes: ["", ""], shape: [1, 1] }
      : axes.length === 1
        ? strip(axes, shape)
        : event.header;
  const header = {
    ...event.header,
    axes: [unitAxis, ...rest.axes],
    shape: [1, ...rest.shape],
    unit_order: null,
  };
  return mapGridOf({ ...event, header });
}

/**
 * Add an axis to a one-dimensional map. An axis `length` is horizontal. Tokens and samples are vertical, as in the
 * layer's map.
 */
const strip = (axes: string[], shape: number[]) =>
  axes[0] === "length"
    ? { axes: ["", ...axes], shape: [1, ...shape] }
    : { axes: [...axes, ""], shape: [...shape, 1] };

/** Return one unit's maps at all steps, per run in the order of `runs`. */
export function histories(maps: readonly MapEvent[], runs: readonly string[], unitAxis: string): History[] {
  return runs.map((run) => ({
    run,
    frames: maps.flatMap((event) => {
      const grid = event.run === run ? unitGrid(event, unitAxis) : null;
      return grid ? [{ step: event.step, grid }] : [];
    }),
  }));
}

/** Return one range for all runs and steps, in which outliers relative to the first run are clipped. */
export function historyRange(all: readonly History[], signed: boolean): Range {
  const peaks = all.map(({ frames }) => frames.map(({ grid }) => gridPeak(grid)).filter(Boolean));
  const grids = all.flatMap(({ frames }) => frames.map(({ grid }) => grid));
  return layerRange(grids, signed, outlierLimit(peaks.find((own) => own.length > 0) ?? []));
}

/** Return the curves without outliers relative to the first run, from which their scale is determined. */
export function withoutOutliers(curves: Curves): Curves {
  const numbers = (values: Curves["runs"][number]["values"]) =>
    values.filter((value): value is number => typeof value === "number");
  const first = curves.runs.map(({ values }) => numbers(values)).find((own) => own.some(Boolean));
  const limit = outlierLimit(first ?? []);
  const runs = curves.runs.map((run) => ({
    ...run,
    values: run.values.map((value) => (typeof value === "number" && Math.abs(value) > limit ? null : value)),
  }));
  return { ...curves, runs };
}

/** Return a unit's statistic over steps, one curve per run. Nonfinite values go to a separate lane. */
export function unitCurves(
  maps: readonly MapEvent[],
  runs: readonly string[],
  statistic: "max" | "mean",
): Curves {
  const own = runs.map((run) => maps.filter((event) => event.run === run));
  const steps = allSteps(own.map((events) => events.map(({ step }) => step)));
  const place = new Map([...steps].map((step, i) => [step, i]));
  return {
    steps,
    runs: runs.map((run, i) => {
      const values: (number | null | undefined)[] = new Array(steps.length).fill(undefined);
      const nonfinites: number[] = [];
      for (const { step, units } of own[i]) {
        const value = units[statistic]?.[0];
        if (value === undefined) continue;
        values[place.get(step)!] = Number.isNaN(value) ? null : value;
        if (Number.isNaN(value)) nonfinites.push(step);
      }
      return { run, values, zeros: [], nonfinites };
    }),
  };
}
