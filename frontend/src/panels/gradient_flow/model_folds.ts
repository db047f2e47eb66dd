import type { Row } from "../../lib/types";
import { treeLines } from "./model_tree";

/**
 * Folded blocks as a list for the address: `enc.0.*` folds that block, `@1` all blocks within blocks (`@0` all blocks), and
 * `-enc.0.*` leaves that block open nevertheless.
 */
export type Folds = readonly string[];

const depthOf = (folds: Folds) => {
  const found = folds.find((one) => /^@\d+$/.test(one));
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found.slice(1));
};

/** Return a function that tells whether a block at a depth of the tree is folded. */
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

/** A tree with up to so many times the lines that fit is scrolled: folding would hide more. */
const SCROLLED = 2;

/**
 * Return the folds of a tree with far more than `most` lines: as open as fits, with the deepest blocks folded first.
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
