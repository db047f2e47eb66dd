import type { MapEvent, MapHeader } from "../../lib/answers/maps";
import type { Palette } from "../../lib/palette";
import { type MapGrid, mapGridOf } from "./model";
import {
  difference,
  fixedRange,
  isMismatch,
  layerRange,
  type MapScaleMode,
  type Mismatch,
  type Range,
  suggestedMaximum,
  unitRange,
} from "./model_scale";
import { positionsOf, slotsOf, type UnitOrder } from "./model_units";
import { clipped as beyond, type MapColours, mapPalette } from "./paint";

/** Content of one run's column. */
export interface Shown {
  run: string;
  /** Values or differences. Null if there is no map, or none that can be drawn. */
  grid: MapGrid | null;
  /** The run's values, even if differences are shown. */
  own: MapGrid | null;
  mismatch: Mismatch | null;
  /** Axes of a map that cannot be drawn. */
  undrawn: string | null;
  isDifference: boolean;
  /** For each slot the unit's position in `grid`, or -1. */
  positions: number[];
  rangeOf: (unit: number) => Range;
  palette: Palette;
}

export interface MapLegend {
  isDifference: boolean;
  palette: Palette;
  /** Range of the scale. Null means that each unit has its own range. */
  range: Range | null;
  under: boolean;
  over: boolean;
}

/** Content of the panel for one layer and step. */
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
  /** Upper end of a fixed scale. Null means a suggested round number. */
  fixed: number | null;
  differ: boolean;
  order: UnitOrder | null;
  dark: boolean;
}

/** Return the default order of units: attention heads by index, all others by activity. */
export const defaultOrder = (header: MapHeader | null): UnitOrder =>
  header?.axes.includes("head") ? "index" : "activity";

/**
 * Build the picture from each run's map at a step. `newest` are each run's last maps, which determine the order of
 * units.
 */
export function pictureOf(
  maps: ReadonlyMap<string, MapEvent>,
  newest: ReadonlyMap<string, MapEvent>,
  options: PictureOptions,
): Picture {
  const { runs, dark } = options;
  const grids = new Map<string, MapGrid | null>();
  for (const run of runs) {
    const event = maps.get(run);
    grids.set(run, event ? mapGridOf(event) : null);
  }
  const reference = runs.map((run) => grids.get(run)).find((grid) => grid) ?? null;
  const ranks = runs.flatMap((run) => {
    const event = newest.get(run) ?? maps.get(run);
    const grid = event && mapGridOf(event);
    return grid ? [grid] : [];
  });
  const slots = slotsOf(ranks, options.order ?? defaultOrder(ranks[0]?.header ?? null));

  const columns = runs.map((run) => {
    const own = grids.get(run) ?? null;
    const differs = options.differ && own !== null && reference !== null && own !== reference;
    const result = differs ? difference(own, reference) : own;
    const mismatch = result && isMismatch(result) ? result : null;
    const grid = result && !isMismatch(result) ? result : null;
    const event = maps.get(run);
    const undrawn = event && !own ? event.header.axes.join(" × ") : null;
    return { run, own, grid, mismatch, undrawn, isDifference: differs };
  });
  const legends: MapLegend[] = [];
  const part = (isDifference: boolean) => {
    const own = columns.flatMap((one) => (one.isDifference === isDifference && one.grid ? [one.grid] : []));
    const signed = isDifference || options.colours === "diverging";
    const palette = mapPalette(signed ? "diverging" : options.colours, dark);
    const range =
      options.scale === "fixed"
        ? fixedRange(options.fixed ?? suggestedMaximum(own), signed)
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
    const { grid } = one;
    return {
      ...one,
      positions: grid ? positionsOf(grid, slots) : slots.map(() => -1),
      rangeOf: (unit) => range ?? unitRange(grid!, unit, signed),
      palette,
    };
  });
  const some = (test: (grid: MapGrid) => boolean) => shown.some(({ grid }) => grid && test(grid));
  return {
    slots,
    shown,
    legends,
    nonfinite: some(({ values: all }) => all.some(Number.isNaN)),
    dead: some(({ units: { min, max } }) => Boolean(min?.some((low, i) => low === 0 && max?.[i] === 0))),
  };
}
