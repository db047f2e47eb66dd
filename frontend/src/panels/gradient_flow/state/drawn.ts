import { computed, signal } from "@preact/signals";
import { filtered } from "../../../data/filtered";
import type { SharedState } from "../../../data/state";
import { cellAt, loggedSteps, oneStep } from "../../../lib/columns";
import type { FindingGroup } from "../../../lib/findings";
import { gainGrid, isGain } from "../../../lib/gain";
import { blockKey, buildGrid, type GridOptions, oneLine } from "../../../lib/grid";
import { findingMarks, MARK_KINDS, type WindowMark, windowCount, windowMarks } from "../../../lib/marks";
import { labelsIn } from "../../../lib/palette";
import { unionRows } from "../../../lib/row_union";
import { autoScale, factorScale, finiteValues } from "../../../lib/scale";
import { hasThresholds, isFraction } from "../../../lib/statistics";
import { allSteps, sameItems, spacing, stepDomain } from "../../../lib/steps";
import {
  CELL,
  type Grid,
  type Line,
  type Role,
  type Row,
  type RunSeries,
  type Scale,
  type ScaleMode,
} from "../../../lib/types";
import { type Band, percentileBand } from "../model_band";
import { comparisonOf, differenceGrid } from "../model_difference";
import { gridOfLine, momentOf } from "../model_exact";
import { folder, foldsThatFit } from "../model_folds";
import { byName, byValue, flatLines, parseOrder } from "../model_order";
import { lineOf, treeLines } from "../model_tree";
import { sliceSteps, type Zoom } from "../model_zoom";
import type { Exact } from "./exact";
import { held, Kept, sameFields, stable } from "./stable";

/** Lines that fit before the page has measured itself. */
const ROOM = 40;

/** What gradient flow draws of what was loaded and chosen, as signals that follow from the store's. */
export function drawn(store: SharedState, exact: Exact) {
  const keys = {
    /** `ref`: every run against the reference. */
    against: store.key("flow.vs"),
    /** `on`: the percentile band in the profile, which several runs at once would make a muddle. */
    band: store.key("flow.band"),
    order: store.key("flow.order"),
    from: store.key("flow.from"),
    to: store.key("flow.to"),
  };
  /** How many lines can be read at once; the stage says it. */
  const room = signal(ROOM);
  /** Tops of the lines as they are drawn, and the height of all. */
  const tops = signal<readonly number[]>([0]);
  /** The steps that are being brushed. */
  const brush = signal<Zoom | null>(null);

  /** What rules have found in the shown runs; the stage asks for it. */
  const findings = signal<readonly FindingGroup[]>([]);

  /** Series of the shown runs that have arrived, the reference first. */
  const series = computed(() =>
    store.shown.value.flatMap((run) => {
      const one = store.loaded.value.get(run);
      return one && "series" in one ? [one.series] : [];
    }),
  );
  /** Whether nothing has come yet of what is to be shown: until then lines and steps stay as they were. */
  const waiting = computed(() => store.loading.value && series.value.length === 0);
  const wholeSteps = computed(() => allSteps(series.value.map(loggedSteps)));
  const zoom = computed<Zoom | null>(() => {
    const [from, to] = [keys.from, keys.to].map(({ value }) => (value === null ? Number.NaN : Number(value)));
    const all = wholeSteps.value;
    // A link may name steps that these runs do not have.
    const inside = all.some((step) => step >= from && step <= to);
    return from < to && inside ? [from, to] : null;
  });
  /** Within the zoom: of runs in columns the columns there are, until finer ones have come. */
  const windowed = computed(() =>
    series.value.map((one) => exact.zoomedOf(one, zoom.value) ?? sliceSteps(one, zoom.value)),
  );
  // Runs mostly have the same rows, and come one by one: what follows of the rows alone is then not made anew.
  const tables = stable(
    () => series.value.map(({ rows }) => rows),
    (a, b) => sameItems(a, b),
  );
  const joined = computed(() => unionRows(tables.value));
  const unionOf = held(
    stable(() => joined.value.rows, sameItems),
    waiting,
  );
  const places = new Kept<Int32Array | Row[], Int32Array>();
  const union = computed(() => {
    const rows = unionOf.value;
    const index = tables.value.map((own, i) => places.get(own, [rows], () => joined.value.index[i]));
    return { rows, index };
  });
  const roles = computed(() => {
    const present = new Set(unionOf.value.map(({ role }) => role));
    const known = (["weight", "bias", "norm", "embedding", "other"] as Role[]).filter((role) =>
      present.has(role),
    );
    return store.kind.value.startsWith("activation") || known.length < 2 ? [] : [...known, "all" as Role];
  });
  const role = computed<Role>(() => {
    const wanted = store.view.role.value ?? "weight";
    return roles.value.includes(wanted) ? wanted : (roles.value[0] ?? "all");
  });
  const ofRole = computed(() => {
    const indices = unionOf.value.map((_, i) => i);
    return role.value === "all" ? indices : indices.filter((i) => unionOf.value[i].role === role.value);
  });
  const filteredRows = filtered(store.view.rowFilter, ofRole, (i) => unionOf.value[i].name);

  const order = computed(() => parseOrder(keys.order.value));
  const dropWeight = computed(() => {
    const rows = unionOf.value;
    return filteredRows.items.value.every(
      (i) => rows[i].role === "weight" || rows[i].name.endsWith(".weight"),
    );
  });
  /** The user's own folding; without it blocks are folded until the tree fits. */
  const folds = computed(
    () =>
      store.view.collapsed.value ??
      foldsThatFit(unionOf.value, filteredRows.items.value, dropWeight.value, room.value),
  );
  /** Kind and statistic that the exact values are of. */
  const of = computed(() => `${store.kind.value}/${store.source.value}`);
  const gridFor = (one: RunSeries, lines: readonly Line[], index: Int32Array, options?: GridOptions): Grid =>
    isGain(store.kind.value, store.statistic.value)
      ? { ...gainGrid(one, lines, index), ...(one.reduced && { reduced: { ...one.reduced, sources: [] } }) }
      : buildGrid(one, store.statistic.value, lines, index, options);
  const keptGrids = new Kept<RunSeries, Grid>();
  const keptLines = new Kept<Grid, Grid>();
  const keptExact = new Kept<RunSeries, Grid>();
  const madeLines = computed<Line[]>(() => {
    const rows = unionOf.value;
    const shown = filteredRows.items.value;
    const by = order.value;
    if (by.by === "depth")
      return treeLines(rows, shown, { isFolded: folder(folds.value), dropWeight: dropWeight.value });
    const flat = flatLines(rows, shown, dropWeight.value);
    if (by.by === "name") return byName(flat);
    const first = series.value[0];
    const at = first ? cellAt(first, by.step) : -1;
    if (at < 0) return flat;
    const moment = oneStep(first, at);
    return byValue(flat, gridFor(moment, flat, union.value.index[0]), 0);
  });

  const lines = held(madeLines, waiting);

  const plain = computed(() =>
    windowed.value.map((one, i) => {
      const index = union.value.index[i];
      const from = [store.statistic.value, lines.value, index, exact.blocks.value.get(one.run)];
      return keptGrids.get(one, from, () => {
        const blocks = exact.blocksOf(one.run, lines.value, unionOf.value, of.value);
        return gridFor(one, lines.value, index, { blocks });
      });
    }),
  );
  const reference = computed(() => plain.value.find(({ run }) => run === store.ref.value) ?? null);
  const canCompare = computed(() => store.shown.value.length > 1);
  const compared = held(
    computed(() => keys.against.value === "ref" && canCompare.value && reference.value !== null),
    waiting,
  );
  const thresholds = computed(() => {
    if (compared.value || !hasThresholds(store.kind.value, store.statistic.value)) return null;
    return { vanishing: store.view.vanishing.value, exploding: store.view.exploding.value };
  });

  /** What the user chose; by default fractions are linear, everything else spans decades. */
  const mode = computed<ScaleMode>(
    () => store.view.scale.value ?? (isFraction(store.statistic.value) ? "linear" : "log"),
  );
  const isFactor = computed(() => isGain(store.kind.value, store.statistic.value));
  /** The scale of values. In a comparison only the reference's column is on it, and the range that was set is not its. */
  const plainScale = stable<Scale>(() => {
    const alone = compared.value && reference.value ? [reference.value] : plain.value;
    const values = finiteValues(alone);
    const lo = compared.value ? null : store.view.lo.value;
    const hi = compared.value ? null : store.view.hi.value;
    if (isFactor.value) return factorScale(values, lo, hi);
    return autoScale(values, store.statistic.value, mode.value, lo, hi, thresholds.value);
  }, sameFields);
  const comparison = computed(() =>
    isFactor.value ? "factors" : comparisonOf(store.statistic.value, plainScale.value.diverging),
  );
  const grids = computed(() => {
    const to = reference.value;
    if (!compared.value || !to) return plain.value;
    return plain.value.map((grid) => differenceGrid(grid, to, comparison.value));
  });
  const scale = stable<Scale>(() => {
    if (!compared.value) return plainScale.value;
    const { lo, hi } = store.view;
    const values = finiteValues(grids.value.filter(({ run }) => run !== store.ref.value));
    if (comparison.value !== "difference") return factorScale(values, lo.value, hi.value);
    return autoScale(values, "mean", mode.value, lo.value, hi.value);
  }, sameFields);
  /** What a run's heat map shows: in a comparison the reference shows its own values, the others how they differ. */
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
  /** Which kinds of cells occur: the legend names those and no others. */
  const labels = computed(() => labelsIn([...mapOf.value.values()]));

  const steps = held(
    stable(() => allSteps(grids.value.map(loggedSteps)), sameItems),
    waiting,
  );
  const domain = held(
    stable(() => stepDomain(grids.value.map(loggedSteps)), sameItems),
    waiting,
  );
  /**
   * The cursor's step: the user's, or the last one. A link may name a step that these runs do not reach, and a zoom may
   * leave it out: then it is the nearest end.
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
    // The first layer has no gain: without a choice the cursor stands on the first that has.
    if (store.view.row.value !== null || !isFactor.value) return found;
    const any = plain.value[0];
    const n = any?.steps.length ?? 0;
    const first = lines.value.findIndex((_, i) =>
      any?.states.subarray(i * n, (i + 1) * n).includes(CELL.value),
    );
    return first >= 0 ? first : found;
  });

  const inColumns = computed(() => plain.value.some(({ reduced }) => reduced));
  const usual = () => (reference.value ? spacing(loggedSteps(reference.value)) : 1);
  /** Some grids as they are drawn: in a comparison against the reference. */
  const against = (some: Grid[]): Grid[] => {
    const to = compared.value ? some.find(({ run }) => run === store.ref.value) : undefined;
    return to ? some.map((grid) => differenceGrid(grid, to, comparison.value, usual())) : some;
  };
  const plainAtStep = computed(() =>
    windowed.value.map((one, i) => {
      const moment = momentOf(one, exact.nearOf(one.run, of.value), step.value);
      if (!moment) return plain.value[i];
      return gridFor(moment, lines.value, union.value.index[i], { whole: one });
    }),
  );
  /** The grids at the cursor's step: where they are columns, of that step alone as soon as it has come. */
  const gridsAtStep = computed(() => (inColumns.value ? against(plainAtStep.value) : grids.value));
  /** The cursor's line alone, a grid a run: where they are columns, of every step as soon as it has come. */
  const gridsOfLine = stable(() => {
    const at = line.value;
    const one = lines.value[at];
    if (!one) return [];
    const lineOf = (grid: Grid) => keptLines.get(grid, [at], () => oneLine(grid, at));
    if (!inColumns.value) return grids.value.map(lineOf);
    const key = blockKey(one, unionOf.value);
    const { value: statistic } = store.statistic;
    const found = plain.value.map((grid) => {
      const whole = grid.reduced ? exact.lineOf(grid.run, key, of.value, zoom.value) : undefined;
      if (!whole) return lineOf(grid);
      return keptExact.get(whole, [statistic, one], () => gridOfLine(whole, statistic, one));
    });
    return against(found);
    // Lines that come ahead for the next move change nothing of this one.
  }, sameItems);

  /** Of runs in columns the server reckons percentiles, and knows neither gains nor differences. */
  const canBand = computed(() => !inColumns.value || (!compared.value && !isFactor.value));
  const banded = computed(() => keys.band.value === "on" && canBand.value);
  /** The 5th to the 95th percentile of a run's line over the steps shown; null where there is none, or none yet. */
  const bandOf = (run: string, at: number): Band | null => {
    const grid = grids.value.find((one) => one.run === run);
    const one = lines.value[at];
    if (!banded.value || !grid || !one || one.type === "header") return null;
    if (!grid.reduced) return percentileBand(grid, at);
    return exact.bandOf(run, blockKey(one, unionOf.value), at, of.value, zoom.value);
  };

  const marks = computed(() => {
    const all = [...store.windows.value].filter(([run]) => store.shown.value.includes(run));
    const made = new Map(all.map(([run, own]): [string, WindowMark[]] => [run, windowMarks(own)]));
    for (const run of store.shown.value) {
      const found = findingMarks(findings.value, run);
      if (found.length > 0)
        made.set(
          run,
          [...(made.get(run) ?? []), ...found].sort((a, b) => a.step - b.step),
        );
    }
    return made;
  });
  /** Those that occur on the step axis: each has a lane there, and the legend names it. */
  const markKinds = computed(() => {
    const [from, to] = domain.value;
    const found = new Set<string>();
    if (grids.value.length === 0) return [];
    for (const own of marks.value.values()) {
      for (const one of own) if (one.step >= from && one.step <= to) found.add(one.kind);
    }
    return MARK_KINDS.filter((kind) => found.has(kind));
  });
  /** Windows of the shown run of which TensorBoard has kept the smallest share. */
  const windowCounts = computed(() => {
    const counts = store.shown.value.map((run) => windowCount(store.windows.value.get(run) ?? []));
    counts.sort((a, b) => b.written * a.kept - a.written * b.kept);
    return counts.find(({ kept, written }) => kept > 0 && written > kept) ?? null;
  });

  return {
    ...{
      keys,
      room,
      tops,
      brush,
      findings,
      series,
      waiting,
      wholeSteps,
      zoom,
      union,
      roles,
      role,
      filteredRows,
      order,
      folds,
    },
    ...{ lines, grids, gridOf, plainOf, mapOf, canCompare, compared, comparison, thresholds, mode, scale },
    ...{
      canBand,
      banded,
      bandOf,
      windowed,
      plainAtStep,
      gridsAtStep,
      gridsOfLine,
      plainScale,
      labels,
      steps,
      domain,
      step,
      line,
      marks,
      markKinds,
      windowCount: windowCounts,
    },
  };
}
