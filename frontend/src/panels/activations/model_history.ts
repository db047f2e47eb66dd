import { allSteps } from "../../lib/steps";
import type { Curves } from "../../plot/layout_curve";
import { type Board, boardOf, type MapEvent } from "./model";
import { boardPeak, layerRange, outlierLimit, type Range } from "./model_scale";

export interface Frame {
  step: number;
  board: Board;
}

interface History {
  run: string;
  frames: Frame[];
}

/** A map of one unit: what is left of the axes is one picture of one unit. */
function unitBoard(event: MapEvent, unitAxis: string): Board | null {
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
  return boardOf({ ...event, header });
}

/** A line of values: along a length it lies, of tokens and samples it stands as in the layer's own picture. */
const strip = (axes: string[], shape: number[]) =>
  axes[0] === "length"
    ? { axes: ["", ...axes], shape: [1, ...shape] }
    : { axes: [...axes, ""], shape: [...shape, 1] };

/** One unit of every run at all steps, in the order of `runs`. */
export function histories(maps: readonly MapEvent[], runs: readonly string[], unitAxis: string): History[] {
  return runs.map((run) => ({
    run,
    frames: maps.flatMap((event) => {
      const board = event.run === run ? unitBoard(event, unitAxis) : null;
      return board ? [{ step: event.step, board }] : [];
    }),
  }));
}

/** One range for all runs and steps; what is far beyond the first run's is clipped. */
export function historyRange(all: readonly History[], signed: boolean): Range {
  const peaks = all.map(({ frames }) => frames.map(({ board }) => boardPeak(board)).filter(Boolean));
  const boards = all.flatMap(({ frames }) => frames.map(({ board }) => board));
  return layerRange(boards, signed, outlierLimit(peaks.find((own) => own.length > 0) ?? []));
}

/** The curves without what is far beyond the first run's: what their scale is made of. */
export function usualPart(curves: Curves): Curves {
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

/** A figure of the unit over steps, a curve a run; what is not finite has a lane of its own. */
export function figureCurves(
  maps: readonly MapEvent[],
  runs: readonly string[],
  figure: "max" | "mean",
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
        const value = units[figure]?.[0];
        if (value === undefined) continue;
        values[place.get(step)!] = Number.isNaN(value) ? null : value;
        if (Number.isNaN(value)) nonfinites.push(step);
      }
      return { run, values, zeros: [], nonfinites };
    }),
  };
}
