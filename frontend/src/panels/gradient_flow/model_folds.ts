import type { Row } from "../../lib/types";
import { treeLines } from "./model_tree";

/**
 * Which blocks are folded, as a list for the address: `enc.0.*` folds that block, `@1` all blocks within blocks (`@0` all),
 * and `-enc.0.*` leaves that block open all the same.
 */
export type Folds = readonly string[];

const depthOf = (folds: Folds) => {
  const found = folds.find((one) => /^@\d+$/.test(one));
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found.slice(1));
};

/** Whether a block at a depth of the tree is folded. */
export function folder(folds: Folds): (key: string, depth: number) => boolean {
  const named = new Set(folds);
  const from = depthOf(folds);
  return (key, depth) => named.has(key) || (depth >= from && !named.has(`-${key}`));
}

/** The same list with one block folded, or opened. */
export function setFold(folds: Folds, key: string, depth: number, folded: boolean): string[] {
  const rest = folds.filter((one) => one !== key && one !== `-${key}`);
  if (folder(rest)(key, depth) === folded) return rest;
  return [...rest, folded ? key : `-${key}`];
}

/** A tree of up to so many times what fits is scrolled: that hides less than folding does. */
const SCROLLED = 2;

/**
 * Where a tree has far more than `most` lines: as open as it can be within them, blocks that lie deepest folded first.
 */
export function foldsThatFit(
  rows: readonly Row[],
  shown: readonly number[],
  dropWeight: boolean,
  most: number,
): string[] {
  const open = treeLines(rows, shown, { isFolded: () => false, dropWeight });
  if (open.length <= SCROLLED * most) return [];
  const deepest = Math.max(-1, ...open.filter(({ type }) => type === "header").map(({ depth }) => depth));
  for (let depth = deepest; depth >= 0; depth--) {
    const folds = [`@${depth}`];
    if (depth === 0 || treeLines(rows, shown, { isFolded: folder(folds), dropWeight }).length <= most)
      return folds;
  }
  return [];
}
