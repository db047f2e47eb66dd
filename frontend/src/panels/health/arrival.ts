import { useEffect, useRef, useState } from "preact/hooks";
import type { Diagnoses } from "../../ui/health/use_diagnoses";

/** Milliseconds for which a diagnosis waits for those of the runs before it. */
const PATIENCE_MS = 1500;

/**
 * Return the runs whose diagnoses have arrived, in their order. A card is only added below the others, so that nothing
 * moves while the rest is computed: a run waits for those before it, unless they take long.
 */
export function useArrival(runs: readonly string[], { runs: found }: Diagnoses): readonly string[] {
  const [, redraw] = useState(0);
  const key = runs.join("\n");
  const kept = useRef({ key, order: [] as readonly string[], since: new Map<string, number>() });
  if (kept.current.key !== key) kept.current = { key, order: [], since: new Map() };
  const { order, since } = kept.current;
  const known = new Set(order);
  const next: string[] = [];
  let isBlocked = false;
  let waits = false;
  for (const run of runs) {
    if (known.has(run)) continue;
    const one = found.get(run);
    if (!one || (one.health === null && one.pending)) {
      isBlocked = true;
      continue;
    }
    const from = since.get(run) ?? performance.now();
    since.set(run, from);
    if (!isBlocked || performance.now() - from >= PATIENCE_MS) next.push(run);
    else waits = true;
  }
  // Views with equal properties are not rendered again, so that a longer list must be another one.
  if (next.length > 0) kept.current.order = [...order, ...next];
  useEffect(() => {
    if (!waits) return;
    const timer = setTimeout(() => redraw((n) => n + 1), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [waits, kept.current.order]);
  return kept.current.order;
}
