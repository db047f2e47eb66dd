import { computed, type ReadonlySignal } from "@preact/signals";
import { computedEqual, keepWhile, Memo, sameFields } from "../../../data/computed";
import type { Store } from "../../../data/store";
import { isGain } from "../../../lib/gain";
import { labelsIn } from "../../../lib/palette";
import { autoScale, factorScale, finiteValues } from "../../../lib/scale";
import type { Grid, RunSeries, Scale } from "../../../lib/types";
import { comparisonOf, differenceGrid } from "../model_difference";
import { gridFor } from "../model_grid";
import type { Exact } from "./exact";
import type { FlowKeys } from "./keys";
import type { Rows } from "./rows";

/** Create the signals of the grids in the heat maps, and of their scales. */
export function pictureSignals(
  store: Store,
  keys: FlowKeys,
  exact: Exact,
  { rows, lines, union }: Rows,
  windowed: ReadonlySignal<readonly RunSeries[]>,
  waiting: ReadonlySignal<boolean>,
  of: ReadonlySignal<string>,
) {
  const memo = new Memo<RunSeries, Grid>();
  /** Grids of the runs' own values. */
  const plain = computed(() =>
    windowed.value.map((one, i) => {
      const { kind, statistic } = store;
      const index = union.value.index[i];
      const from = [statistic.value, lines.value, index, exact.blocks.value.get(one.run)];
      return memo.get(one, from, () => {
        const blocks = exact.blocksOf(one.run, lines.value, rows.value, of.value);
        return gridFor(kind.value, statistic.value, one, lines.value, index, { blocks });
      });
    }),
  );
  const reference = computed(() => plain.value.find(({ run }) => run === store.ref.value) ?? null);
  const canCompare = computed(() => store.shown.value.length > 1);
  const compared = keepWhile(
    waiting,
    computed(() => keys.against.value === "ref" && canCompare.value && reference.value !== null),
  );
  const thresholds = computed(() => (compared.value ? null : store.thresholds.value));
  const isFactor = computed(() => isGain(store.kind.value, store.statistic.value));
  const { lo, hi } = store.view;
  /** The scale of values. In a comparison it covers only the reference, and the user's range does not apply to it. */
  const plainScale = computedEqual<Scale>(() => {
    const alone = compared.value && reference.value ? [reference.value] : plain.value;
    const values = finiteValues(alone);
    const [least, most] = compared.value ? [null, null] : [lo.value, hi.value];
    if (isFactor.value) return factorScale(values, least, most);
    return autoScale(values, store.statistic.value, store.mode.value, least, most, thresholds.value);
  }, sameFields);
  const comparison = computed(() =>
    isFactor.value ? "factors" : comparisonOf(store.statistic.value, plainScale.value.diverging),
  );
  /** Grids as they are drawn: values, or differences from the reference. */
  const grids = computed(() => {
    const to = reference.value;
    if (!compared.value || !to) return plain.value;
    return plain.value.map((grid) => differenceGrid(grid, to, comparison.value));
  });
  const scale = computedEqual<Scale>(() => {
    if (!compared.value) return plainScale.value;
    const values = finiteValues(grids.value.filter(({ run }) => run !== store.ref.value));
    if (comparison.value !== "difference") return factorScale(values, lo.value, hi.value);
    return autoScale(values, "mean", store.mode.value, lo.value, hi.value);
  }, sameFields);
  /** Heat maps by run: in a comparison the reference shows its own values, the others their differences. */
  const mapOf = computed(() => {
    const maps = new Map<string, { grid: Grid; scale: Scale }>();
    for (const grid of grids.value) maps.set(grid.run, { grid, scale: scale.value });
    if (compared.value && reference.value)
      maps.set(reference.value.run, { grid: reference.value, scale: plainScale.value });
    return maps;
  });
  const gridOf = computed(
    () => new Map([...mapOf.value].map(([run, { grid }]): [string, Grid] => [run, grid])),
  );
  const plainOf = computed(() => new Map(plain.value.map((grid): [string, Grid] => [grid.run, grid])));
  /** Kinds of cells that occur. The legend lists only these. */
  const labels = computed(() => labelsIn([...mapOf.value.values()]));
  return {
    plain,
    reference,
    canCompare,
    compared,
    thresholds,
    isFactor,
    plainScale,
    comparison,
    grids,
    scale,
    mapOf,
    gridOf,
    plainOf,
    labels,
  };
}

export type Picture = ReturnType<typeof pictureSignals>;
