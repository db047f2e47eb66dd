import { useMemo, useState } from "preact/hooks";
import type { Graph } from "../../lib/answers/structure";
import { useStore } from "../../ui/context";
import { foundModules, stepped } from "./model_search";

export interface Search {
  text: string;
  /** Matching modules in execution order. Null if the text is not a valid expression. */
  found: string[] | null;
  /** Index of the current match. */
  index: number;
  /** The current match. Null if there is none. */
  current: string | null;
  set: (text: string) => void;
  step: (by: number) => void;
}

/** Search the modules of a graph. The current match becomes the selected layer. */
export function useSearch(graph: Graph): Search {
  const store = useStore();
  const key = store.key("str.find");
  const text = key.value ?? "";
  const found = useMemo(() => foundModules(graph, text), [graph, text]);
  const [at, setAt] = useState(0);
  const index = Math.min(at, Math.max(0, (found?.length ?? 0) - 1));
  const show = (names: readonly string[] | null, i: number) => {
    setAt(i);
    const name = names?.[i];
    if (name !== undefined) store.view.row.value = name;
  };
  return {
    text,
    found,
    index,
    current: found?.[index] ?? null,
    set: (next) => {
      key.value = next === "" ? null : next;
      show(foundModules(graph, next), 0);
    },
    step: (by) => show(found, stepped(index, by, found?.length ?? 0)),
  };
}
