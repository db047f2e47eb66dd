import type { Row } from "../../lib/types";
import { treeLines } from "./model_tree";

/**
 * Folded blocks, as listed in the URL. `enc.0.*` folds that block, `@0` folds all blocks, `@1` folds all blocks
 * within blocks, and `-enc.0.*` keeps that block open.
 */
export type Folds = readonly string[];

const depthOf = (folds: Folds) => {
  const found = folds.find((one) => /^@\d+$/.test(one));
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found.slice(1));
};

/** Return a predicate that is true if a block at a depth of the tree is folded. */
export function folder(folds: Folds): (key: string, depth: number) => boolean {
  const named = new Set(folds);
  const from = depthOf(folds);
  return (key, depth) => named.has(key) || (depth >= from && !named.has(`-${key}`));
}

/** Return the list with one block folded or opened. */
export function setFold(folds: Folds, key: string, depth: number, folded: boolean): string[] {
  const rest = folds.filter((one) => one !== key && one !== `-${key}`);
  if (folder(rest)(key, depth) === folded) return rest;
  return [...rest, folded ? key : `-${key}`];
}

/** A tree of up to this many times the lines that fit is scrolled instead of folded. */
const MAX_SCREENS = 2;

/**
 * Return the default folds of a tree. If it has far more than `most` lines, the deepest blocks are folded first,
 * until the rest fits.
 */
export function foldsThatFit(
  rows: readonly Row[],
  shown: readonly number[],
  dropWeight: boolean,
  most: number,
): string[] {
  const open = treeLines(rows, shown, { isFolded: () => false, dropWeight });
  if (open.length <= MAX_SCREENS * most) return [];
  const deepest = Math.max(-1, ...open.filter(({ type }) => type === "header").map(({ depth }) => depth));
  for (let depth = deepest; depth >= 0; depth--) {
    const folds = [`@${depth}`];
    if (depth === 0 || treeLines(rows, shown, { isFolded: folder(folds), dropWeight }).length <= most)
      return folds;
  }
  return [];
}
