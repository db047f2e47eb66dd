import { computed, type ReadonlySignal } from "@preact/signals";
import type { Store } from "../../../data/store";
import { findingMarks, MARK_KINDS, type WindowMark, windowCount, windowMarks } from "../../../lib/marks";
import type { Finding } from "../../../lib/rules/findings";
import type { Grid, ScalarSeries } from "../../../lib/types";

/** Create the signals of the marks on the step axis: events between logged steps, and findings. */
export function markSignals(
  store: Store,
  windows: ReadonlySignal<ReadonlyMap<string, readonly ScalarSeries[]>>,
  findings: ReadonlySignal<readonly Finding[]>,
  grids: ReadonlySignal<readonly Grid[]>,
  domain: ReadonlySignal<readonly [number, number]>,
) {
  const marks = computed(() => {
    const all = [...windows.value].filter(([run]) => store.shown.value.includes(run));
    const made = new Map(all.map(([run, own]): [string, WindowMark[]] => [run, windowMarks(own)]));
    for (const run of store.shown.value) {
      const found = findingMarks(findings.value, run);
      if (found.length === 0) continue;
      const own = [...(made.get(run) ?? []), ...found];
      made.set(
        run,
        own.sort((a, b) => a.step - b.step),
      );
    }
    return made;
  });
  /** Kinds of marks within the shown steps. Each has a lane above the step axis and an entry in the legend. */
  const markKinds = computed(() => {
    const [from, to] = domain.value;
    const found = new Set<string>();
    if (grids.value.length === 0) return [];
    for (const own of marks.value.values()) {
      for (const one of own) if (one.step >= from && one.step <= to) found.add(one.kind);
    }
    return MARK_KINDS.filter((kind) => found.has(kind));
  });
  /** Window counts of the shown run of which TensorBoard kept the smallest fraction; null if it kept all windows. */
  const sampled = computed(() => {
    const counts = store.shown.value.map((run) => windowCount(windows.value.get(run) ?? []));
    counts.sort((a, b) => b.written * a.kept - a.written * b.kept);
    return counts.find(({ kept, written }) => kept > 0 && written > kept) ?? null;
  });
  return { marks, markKinds, sampled };
}
