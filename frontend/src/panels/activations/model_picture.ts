import type { Palette } from "../../lib/palette";
import { type Board, boardOf, type MapEvent, type MapHeader } from "./model";
import {
  difference,
  fixedRange,
  isMismatch,
  layerRange,
  type MapScaleMode,
  type Mismatch,
  type Range,
  suggestion,
  unitRange,
} from "./model_scale";
import { positionsOf, slotsOf, type UnitOrder } from "./model_units";
import { clipped as beyond, type MapColours, mapPalette } from "./paint";

/** What one run's column shows. */
export interface Shown {
  run: string;
  /** Values, or differences; null where there is no map that could be drawn. */
  board: Board | null;
  /** The run's own values, also where differences are shown. */
  own: Board | null;
  mismatch: Mismatch | null;
  /** Axes that nothing can be drawn of. */
  undrawn: string | null;
  isDifference: boolean;
  /** Where each slot's unit is in `board`, or -1. */
  positions: number[];
  rangeOf: (unit: number) => Range;
  palette: Palette;
}

export interface MapLegend {
  isDifference: boolean;
  palette: Palette;
  /** null: each unit has its own. */
  range: Range | null;
  under: boolean;
  over: boolean;
}

/** All that is shown of a layer at a step. */
export interface Picture {
  slots: number[];
  shown: Shown[];
  legends: MapLegend[];
  nonfinite: boolean;
  dead: boolean;
}

interface PictureOptions {
  runs: readonly string[];
  colours: MapColours;
  scale: MapScaleMode;
  /** Upper end of a fixed scale; null: a round one that fits. */
  fixed: number | null;
  differ: boolean;
  order: UnitOrder | null;
  dark: boolean;
}

/** Attention heads stand in their own order, everything else by how active it is, unless told otherwise. */
export const usualOrder = (header: MapHeader | null): UnitOrder =>
  header?.axes.includes("head") ? "index" : "activity";

/** From each run's map at a step, and each run's newest for the order, to what is drawn. */
export function pictureOf(
  maps: ReadonlyMap<string, MapEvent>,
  newest: ReadonlyMap<string, MapEvent>,
  options: PictureOptions,
): Picture {
  const { runs, dark } = options;
  const boards = new Map<string, Board | null>();
  for (const run of runs) {
    const event = maps.get(run);
    boards.set(run, event ? boardOf(event) : null);
  }
  const reference = runs.map((run) => boards.get(run)).find((board) => board) ?? null;
  const ranks = runs.flatMap((run) => {
    const event = newest.get(run) ?? maps.get(run);
    const board = event && boardOf(event);
    return board ? [board] : [];
  });
  const slots = slotsOf(ranks, options.order ?? usualOrder(ranks[0]?.header ?? null));

  const columns = runs.map((run) => {
    const own = boards.get(run) ?? null;
    const differs = options.differ && own !== null && reference !== null && own !== reference;
    const result = differs ? difference(own, reference) : own;
    const mismatch = result && isMismatch(result) ? result : null;
    const board = result && !isMismatch(result) ? result : null;
    const event = maps.get(run);
    const undrawn = event && !own ? event.header.axes.join(" × ") : null;
    return { run, own, board, mismatch, undrawn, isDifference: differs };
  });
  const legends: MapLegend[] = [];
  const part = (isDifference: boolean) => {
    const own = columns.flatMap((one) => (one.isDifference === isDifference && one.board ? [one.board] : []));
    const signed = isDifference || options.colours === "diverging";
    const palette = mapPalette(signed ? "diverging" : options.colours, dark);
    const range =
      options.scale === "fixed"
        ? fixedRange(options.fixed ?? suggestion(own), signed)
        : options.scale === "layer"
          ? layerRange(own, signed)
          : null;
    if (own.length > 0)
      legends.push({
        isDifference,
        palette,
        range,
        ...(range ? beyond(own, range) : { under: false, over: false }),
      });
    return { signed, palette, range };
  };
  const values = part(false);
  const differences = options.differ ? part(true) : values;
  const shown = columns.map((one): Shown => {
    const { signed, palette, range } = one.isDifference ? differences : values;
    const { board } = one;
    return {
      ...one,
      positions: board ? positionsOf(board, slots) : slots.map(() => -1),
      rangeOf: (unit) => range ?? unitRange(board!, unit, signed),
      palette,
    };
  });
  const some = (test: (board: Board) => boolean) => shown.some(({ board }) => board && test(board));
  return {
    slots,
    shown,
    legends,
    nonfinite: some(({ values: all }) => all.some(Number.isNaN)),
    dead: some(({ units: { min, max } }) => Boolean(min?.some((low, i) => low === 0 && max?.[i] === 0))),
  };
}
