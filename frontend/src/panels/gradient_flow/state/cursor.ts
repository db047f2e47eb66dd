import { computed, type ReadonlySignal } from "@preact/signals";
import { computedEqual, keepWhile, Memo } from "../../../data/computed";
import type { Store } from "../../../data/store";
import { loggedSteps } from "../../../lib/columns";
import { blockKey, oneLine } from "../../../lib/grid";
import { allSteps, sameItems, spacing, stepDomain } from "../../../lib/steps";
import { CELL, type Grid, type RunSeries } from "../../../lib/types";
import { type Band, percentileBand } from "../model_band";
import { differenceGrid } from "../model_difference";
import { exactStep, gridOfLine } from "../model_exact";
import { gridFor } from "../model_grid";
import { lineOf } from "../model_tree";
import type { Zoom } from "../model_zoom";
import type { Exact } from "./exact";
import type { FlowKeys } from "./keys";
import type { Picture } from "./picture";
import type { Rows } from "./rows";

/** Create the signals of the cursor's position, and of the steps that it moves along. */
export function cursorSignals(
  store: Store,
  picture: Picture,
  { lines, union }: Rows,
  zoom: ReadonlySignal<Zoom | null>,
  waiting: ReadonlySignal<boolean>,
) {
  const { grids, plain, isFactor } = picture;
  const steps = keepWhile(
    waiting,
    computedEqual(() => allSteps(grids.value.map(loggedSteps)), sameItems),
  );
  const domain = keepWhile(
    waiting,
    computedEqual(() => stepDomain(grids.value.map(loggedSteps)), sameItems),
  );
  /**
   * The step that the user selected, by default the last one. A step from a link that is after the last step or
   * outside the zoom is clamped.
   */
  const step = computed(() => {
    const all = steps.value;
    const wanted = store.view.step.value;
    if (all.length === 0) return wanted ?? 0;
    const last = all[all.length - 1];
    return Math.min(Math.max(wanted ?? last, zoom.value ? all[0] : Number.NEGATIVE_INFINITY), last);
  });
  const line = computed(() => {
    const found = lineOf(lines.value, union.value.rows, store.view.row.value);
    // The first layer has no gain. By default, the cursor is on the first line with a value.
    if (store.view.row.value !== null || !isFactor.value) return found;
    const any = plain.value[0];
    const n = any?.steps.length ?? 0;
    const first = lines.value.findIndex((_, i) =>
      any?.states.subarray(i * n, (i + 1) * n).includes(CELL.value),
    );
    return first >= 0 ? first : found;
  });
  return { steps, domain, step, line };
}

export type Cursor = ReturnType<typeof cursorSignals>;

/**
 * Create the signals of the values at the cursor. If the heat maps show columns of steps, exact values replace these
 * once loaded.
 */
export function exactSignals(
  store: Store,
  keys: FlowKeys,
  exact: Exact,
  picture: Picture,
  { rows, lines, union }: Rows,
  cursor: Cursor,
  windowed: ReadonlySignal<readonly RunSeries[]>,
  zoom: ReadonlySignal<Zoom | null>,
  of: ReadonlySignal<string>,
) {
  const { plain, grids, reference, compared, comparison, isFactor } = picture;
  const inColumns = computed(() => plain.value.some(({ reduced }) => reduced));
  const interval = () => (reference.value ? spacing(loggedSteps(reference.value)) : 1);
  /** Return grids as they are drawn: relative to the reference in a comparison. */
  const against = (some: Grid[]): Grid[] => {
    const to = compared.value ? some.find(({ run }) => run === store.ref.value) : undefined;
    return to ? some.map((grid) => differenceGrid(grid, to, comparison.value, interval())) : some;
  };
  const plainAtStep = computed(() =>
    windowed.value.map((one, i) => {
      const moment = exactStep(one, exact.nearOf(one.run, of.value), cursor.step.value);
      if (!moment) return plain.value[i];
      const { kind, statistic } = store;
      const index = union.value.index[i];
      return gridFor(kind.value, statistic.value, moment, lines.value, index, { whole: one });
    }),
  );
  /** Grids at the cursor's step. Runs in columns show columns until the exact step has loaded. */
  const gridsAtStep = computed(() => (inColumns.value ? against(plainAtStep.value) : grids.value));

  const lineMemo = new Memo<Grid, Grid>();
  const exactMemo = new Memo<RunSeries, Grid>();
  /** One grid per run with the cursor's line only. Runs in columns show columns until all steps have loaded. */
  const gridsOfLine = computedEqual(() => {
    const at = cursor.line.value;
    const one = lines.value[at];
    if (!one) return [];
    const lineOf = (grid: Grid) => lineMemo.get(grid, [at], () => oneLine(grid, at));
    if (!inColumns.value) return grids.value.map(lineOf);
    const key = blockKey(one, rows.value);
    const { value: statistic } = store.statistic;
    const found = plain.value.map((grid) => {
      const whole = grid.reduced ? exact.lineOf(grid.run, key, of.value, zoom.value) : undefined;
      if (!whole) return lineOf(grid);
      return exactMemo.get(whole, [statistic, one], () => gridOfLine(whole, statistic, one));
    });
    return against(found);
    // Prefetched lines do not change this one, so the result stays the same array.
  }, sameItems);

  /** Percentiles of runs in columns come from the server, which does not compute gains or differences. */
  const canBand = computed(() => !inColumns.value || (!compared.value && !isFactor.value));
  const banded = computed(() => keys.band.value === "on" && canBand.value);
  /**
   * Return the 5th to the 95th percentile of a run's line over the shown steps; null if there is none or it has not
   * loaded.
   */
  const bandOf = (run: string, at: number): Band | null => {
    const grid = grids.value.find((one) => one.run === run);
    const one = lines.value[at];
    if (!banded.value || !grid || !one || one.type === "header") return null;
    if (!grid.reduced) return percentileBand(grid, at);
    return exact.bandOf(run, blockKey(one, rows.value), at, of.value, zoom.value);
  };
  return { plainAtStep, gridsAtStep, gridsOfLine, canBand, banded, bandOf };
}
