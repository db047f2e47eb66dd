import { difference, type Facts, type Models, type Module } from "./model";

/** Runs whose layers are the same. */
export interface Architecture {
  runs: string[];
  /** Number of layers that no other architecture has. */
  only: number;
}

/** Comparison of the layers of all shown runs. Layers are modules without children. */
export interface Architectures {
  /** The reference's first. */
  list: Architecture[];
  /** Number of layers that are equal in all runs. */
  shared: number;
  /** Number of layers that all runs have, with another class, output shape or number of parameters. */
  changed: number;
  /** Number of layers in several architectures, but not in all. */
  some: number;
}

const areEqual = (a: Facts | null, b: Facts | null) => difference(a, b) === null;

/** Group runs by their layers, and count what the groups share. */
export function architecturesOf({ runs, modules }: Pick<Models, "runs" | "modules">): Architectures {
  const layers = modules.filter(({ children }) => children.length === 0);
  const isSame = (a: number, b: number) => modules.every(({ facts }) => areEqual(facts[a], facts[b]));
  const groups: number[][] = [];
  runs.forEach((_, run) => {
    const known = groups.find(([first]) => isSame(first, run));
    if (known) known.push(run);
    else groups.push([run]);
  });
  const holding = (layer: Module) => groups.filter(([first]) => layer.facts[first] !== null);
  const found = { shared: 0, changed: 0, some: 0 };
  const only = new Map<number[], number>();
  for (const layer of layers) {
    const those = holding(layer);
    if (those.length === 0) continue;
    if (those.length < groups.length) {
      if (those.length === 1) only.set(those[0], (only.get(those[0]) ?? 0) + 1);
      else found.some += 1;
    } else if (those.every(([first]) => areEqual(layer.facts[groups[0][0]], layer.facts[first])))
      found.shared += 1;
    else found.changed += 1;
  }
  return {
    list: groups.map((group) => ({ runs: group.map((run) => runs[run].run), only: only.get(group) ?? 0 })),
    ...found,
  };
}
