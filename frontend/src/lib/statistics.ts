import type { Kind } from "./types";

export const KINDS: readonly Kind[] = [
  "gradient",
  "update",
  "optimizer",
  "parameter",
  "activation",
  "activation_gradient",
  "input",
  "output",
];

/** Reduction of a block's rows to one value. */
export type Aggregate = "root_sum_squares" | "root_mean_square" | "min" | "max" | "sum" | "mean";

const ORDER = [
  "norm",
  "ratio",
  "first_moment_norm",
  "second_moment_norm",
  "effective_step_size",
  "gradient_ratio",
  "lost_fraction",
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
  "batch_std",
  "attention_entropy",
  "attention_entropy_min",
  "attention_logit",
  "gate_saturated_fraction",
  "largest_share",
  "sum_deviation",
  "nonfinite",
  "count",
  "finite_norm",
  "finite_absmax",
];

const SHARES = new Set(["largest_share", "attention_entropy", "attention_entropy_min"]);
const UNDEFINED = new Set([
  "saturated_fraction",
  "outlier_ratio",
  "effective_step_size",
  "first_moment_norm",
  "gradient_ratio",
  "lost_fraction",
  "batch_std",
  "attention_entropy",
  "attention_entropy_min",
  "attention_logit",
  "gate_saturated_fraction",
  "largest_share",
  "sum_deviation",
]);

/** Return the name of a statistic without the mark of an estimate: `norm~` estimates `norm`. */
export const baseName = (statistic: string) => (statistic.endsWith("~") ? statistic.slice(0, -1) : statistic);

export function aggregateOf(statistic: string): Aggregate {
  switch (baseName(statistic)) {
    case "norm":
    case "finite_norm":
    case "first_moment_norm":
    case "second_moment_norm":
      return "root_sum_squares";
    case "effective_step_size":
    case "gradient_ratio":
      return "root_mean_square";
    case "min":
    case "attention_entropy_min":
      return "min";
    case "max":
    case "absmax":
    case "finite_absmax":
    case "outlier_ratio":
    case "attention_logit":
      return "max";
    case "count":
    case "nonfinite":
      return "sum";
    default:
      return "mean";
  }
}

/** Return true for shares of a whole, from 0 to 1. */
export const isFraction = (statistic: string) =>
  baseName(statistic).endsWith("_fraction") || SHARES.has(baseName(statistic));
/** Return true for fractions and ratios of units, which depend on the layer's unit axis. */
export const isOfUnits = (statistic: string) =>
  ["dead_fraction", "nonpositive_unit_fraction", "outlier_ratio"].includes(baseName(statistic));
/**
 * Return true if a statistic is always drawn on a diverging scale. Other statistics are if a negative value occurs.
 */
export const isSigned = (statistic: string) => baseName(statistic) === "mean";
/**
 * Return true if NaN at every step means that the statistic is undefined for the layer. Examples: the saturated
 * fraction of a layer without bounds, the step size of an optimizer with another formula.
 */
export const mayBeUndefined = (statistic: string) => UNDEFINED.has(baseName(statistic));
/** Return the lower end of a linear scale. The ratio of a maximum to a median is at least 1. */
export const lowest = (statistic: string) => (baseName(statistic) === "outlier_ratio" ? 1 : 0);
/** Return true if the thresholds for vanishing and exploding apply: for gradient norms only. */
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
