import { type Part, partOf } from "./scalar_parts";
import { GLOBAL_PREFIX, LOG_PREFIX, NNVIZ_PREFIX, WINDOW_PREFIX } from "./tags";

/** Beginning of the tags of learning rates, which share a chart. */
export const RATE_PREFIX = `${GLOBAL_PREFIX}learning_rate/`;

/** Tags of nnviz that share a chart. */
export const SHARED_CHARTS: ReadonlyMap<string, readonly [chart: string, part: Part]> = new Map([
  [`${GLOBAL_PREFIX}gradient_norm`, ["gradient_norm", 0]],
  [`${GLOBAL_PREFIX}gradient_norm_before_clipping`, ["gradient_norm", 1]],
  [`${GLOBAL_PREFIX}clip_factor`, ["clipping", 0]],
  [`${GLOBAL_PREFIX}clip_rate`, ["clipping", 1]],
  [`${WINDOW_PREFIX}nonfinite_steps`, ["window_nonfinite", 0]],
]);

/** Return the ID of the chart of a scalar in Curves. */
export function chartOf(tag: string): string {
  const shared = SHARED_CHARTS.get(tag);
  if (shared) return shared[0];
  if (tag.startsWith(RATE_PREFIX)) return "learning_rate";
  if (tag.startsWith(GLOBAL_PREFIX)) return tag.slice(GLOBAL_PREFIX.length);
  if (tag.startsWith(WINDOW_PREFIX)) return `window_${tag.slice(WINDOW_PREFIX.length)}`;
  if (tag.startsWith(LOG_PREFIX)) return partOf(tag.slice(LOG_PREFIX.length)).base;
  // A user's tag gets a prefix, because it may have the same name as one of nnviz's charts.
  return tag.startsWith(NNVIZ_PREFIX) ? tag : `own:${partOf(tag).base}`;
}
