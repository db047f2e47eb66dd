import { useMemo } from "preact/hooks";
import type { Graph } from "../../lib/answers/structure";
import { unescaped } from "../../lib/links/list";
import type { Row } from "../../lib/types";
import { useStore } from "../../ui/context";
import { type Fold, foldGraph, separateBlocks, separateItems } from "./model_fold";
import { isWithin, repeatedBlocks } from "./model_repeats";

/**
 * Return a graph with its repeated blocks folded as the URL says, and functions that change this. The blocks that
 * contain `revealed` are drawn separately, without a change of the URL.
 */
export function useFolds(graph: Graph, rows: readonly Row[] | null, revealed: string | null) {
  const key = useStore().key("str.separate");
  const runs = useMemo(() => repeatedBlocks(graph, rows ?? []), [graph, rows]);
  const apart = useMemo(
    () => separateBlocks(runs, key.value ? key.value.split(",").map(unescaped) : []),
    [runs, key.value],
  );
  const folded = useMemo(() => {
    const around = runs.flatMap(({ units }) =>
      units.flatMap(({ name }) => (revealed !== null && isWithin(revealed, name) ? [name] : [])),
    );
    return foldGraph(graph, runs, new Set([...apart, ...around]));
  }, [graph, runs, apart, revealed]);
  const set = (next: ReadonlySet<string>) => {
    const items = separateItems(runs, next).map(encodeURIComponent);
    key.value = items.length > 0 ? items.join(",") : null;
  };
  return {
    folded,
    runs,
    /** Draw the block that contains a module separately. `fold` is the one that is drawn there, if any. */
    separate(fold: Fold | null, name: string) {
      for (const one of folded.folds) {
        const block = one.blocks.find((block) => isWithin(name, block));
        if (block === undefined || (fold && one !== fold && block === one.blocks[0])) continue;
        set(new Set([...apart, block]));
        return;
      }
    },
    separateAll: ({ blocks }: Fold) => set(new Set([...apart, ...blocks])),
    refold(name: string) {
      const run = runs.find(({ units }) => units.some((unit) => unit.name === name));
      const names = new Set(run?.units.map((unit) => unit.name));
      set(new Set([...apart].filter((one) => !names.has(one))));
    },
    setAll: (isSeparate: boolean) =>
      set(new Set(isSeparate ? runs.flatMap(({ units }) => units.map(({ name }) => name)) : [])),
  };
}
