import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { computedEqual, keepWhile, Memo } from "../../../data/computed";
import { filtered } from "../../../data/filtered";
import type { Store } from "../../../data/store";
import { cellAt, oneStep } from "../../../lib/columns";
import { unionRows } from "../../../lib/row_union";
import { sameItems } from "../../../lib/steps";
import type { Line, Role, Row, RunSeries } from "../../../lib/types";
import { folder, foldsThatFit } from "../model_folds";
import { gridFor } from "../model_grid";
import { byName, byValue, flatLines, parseOrder } from "../model_order";
import { treeLines } from "../model_tree";
import type { FlowKeys } from "./keys";

const ROLES: readonly Role[] = ["weight", "bias", "norm", "embedding", "other"];

/** Create the signals of the rows of all series, and of the lines on which they are drawn. */
export function rowSignals(
  store: Store,
  keys: FlowKeys,
  series: ReadonlySignal<readonly RunSeries[]>,
  waiting: ReadonlySignal<boolean>,
  room: Signal<number>,
) {
  // Runs load one by one and mostly share their rows. Values derived only from rows are then not computed again.
  const tables = computedEqual(
    () => series.value.map(({ rows }) => rows),
    (a, b) => sameItems(a, b),
  );
  const joined = computed(() => unionRows(tables.value));
  const rows = keepWhile(
    waiting,
    computedEqual(() => joined.value.rows, sameItems),
  );
  const places = new Memo<Int32Array | Row[], Int32Array>();
  const union = computed(() => {
    const index = tables.value.map((own, i) => places.get(own, [rows.value], () => joined.value.index[i]));
    return { rows: rows.value, index };
  });
  const roles = computed<Role[]>(() => {
    const present = new Set(rows.value.map((one) => one.role));
    const known = ROLES.filter((one) => present.has(one));
    return store.kind.value.startsWith("activation") || known.length < 2 ? [] : [...known, "all"];
  });
  const role = computed<Role>(() => {
    const wanted = store.view.role.value ?? "weight";
    return roles.value.includes(wanted) ? wanted : (roles.value[0] ?? "all");
  });
  const ofRole = computed(() => {
    const indices = rows.value.map((_, i) => i);
    return role.value === "all" ? indices : indices.filter((i) => rows.value[i].role === role.value);
  });
  const filteredRows = filtered(store.view.rowFilter, ofRole, (i) => rows.value[i].name);

  const order = computed(() => parseOrder(keys.order.value));
  const dropWeight = computed(() =>
    filteredRows.items.value.every(
      (i) => rows.value[i].role === "weight" || rows.value[i].name.endsWith(".weight"),
    ),
  );
  /** The user's folds; by default blocks are folded until the tree fits. */
  const folds = computed(
    () =>
      store.view.collapsed.value ??
      foldsThatFit(rows.value, filteredRows.items.value, dropWeight.value, room.value),
  );
  const ordered = computed<Line[]>(() => {
    const shown = filteredRows.items.value;
    const by = order.value;
    if (by.by === "depth")
      return treeLines(rows.value, shown, { isFolded: folder(folds.value), dropWeight: dropWeight.value });
    const flat = flatLines(rows.value, shown, dropWeight.value);
    if (by.by === "name") return byName(flat);
    const first = series.value[0];
    const at = first ? cellAt(first, by.step) : -1;
    if (at < 0) return flat;
    const { kind, statistic } = store;
    const index = union.value.index[0];
    return byValue(flat, gridFor(kind.value, statistic.value, oneStep(first, at), flat, index), 0);
  });
  const lines = keepWhile(waiting, ordered);
  return { rows, union, roles, role, filteredRows, order, folds, lines };
}

export type Rows = ReturnType<typeof rowSignals>;
