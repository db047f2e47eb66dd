import type { Kind } from "./types";

export const KINDS: readonly Kind[] = [
  "gradient",
  "update",
  "optimizer",
  "parameter",
  "activation",
  "activation_gradient",
];

/** How a block's rows become one value. */
export type Aggregate = "root_sum_squares" | "root_mean_square" | "min" | "max" | "sum" | "mean";

const ORDER = [
  "norm",
  "ratio",
  "first_moment_norm",
  "second_moment_norm",
  "effective_step_size",
  "rms",
  "backward_gain",
  "absmax",
  "mean",
  "std",
  "min",
  "max",
  "zero_fraction",
  "dead_fraction",
  "nonpositive_unit_fraction",
  "saturated_fraction",
  "outlier_ratio",
  "nonfinite",
  "count",
  "finite_norm",
  "finite_absmax",
];

/** `norm~` is an estimate of `norm`. */
export const baseName = (statistic: string) => (statistic.endsWith("~") ? statistic.slice(0, -1) : statistic);

export function aggregateOf(statistic: string): Aggregate {
  switch (baseName(statistic)) {
    case "norm":
    case "finite_norm":
    case "first_moment_norm":
    case "second_moment_norm":
      return "root_sum_squares";
    case "effective_step_size":
      return "root_mean_square";
    case "min":
      return "min";
    case "max":
    case "absmax":
    case "finite_absmax":
    case "outlier_ratio":
      return "max";
    case "count":
    case "nonfinite":
      return "sum";
    default:
      return "mean";
  }
}

export const isFraction = (statistic: string) => baseName(statistic).endsWith("_fraction");
/** Shares or ratios of units, whatever a layer's units are. */
export const isOfUnits = (statistic: string) =>
  ["dead_fraction", "nonpositive_unit_fraction", "outlier_ratio"].includes(baseName(statistic));
/** Always drawn on a diverging scale; others become so when a negative value turns up. */
export const isSigned = (statistic: string) => baseName(statistic) === "mean";
/**
 * Where NaN says "there is no such figure" (a layer without bounds has no saturated fraction, and some optimizers
 * have moments but a step size of another formula).
 */
export const mayBeUndefined = (statistic: string) =>
  ["saturated_fraction", "outlier_ratio", "effective_step_size"].includes(baseName(statistic));
/** Where a linear scale begins: a largest over a median is never below 1. */
export const lowest = (statistic: string) => (baseName(statistic) === "outlier_ratio" ? 1 : 0);
/** The thresholds for vanishing and exploding speak of gradient norms only. */
export const hasThresholds = (kind: string, statistic: string) =>
  kind === "gradient" && ["norm", "finite_norm"].includes(baseName(statistic));

export function sortStatistics(statistics: readonly string[]): string[] {
  const place = (name: string) => {
    const at = ORDER.indexOf(baseName(name));
    return at < 0 ? ORDER.length : at;
  };
  return [...statistics].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

export function sortKinds(kinds: readonly string[]): string[] {
  const place = (name: string) => {
    const at = KINDS.indexOf(name as Kind);
    return at < 0 ? KINDS.length : at;
  };
  return [...kinds].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}
