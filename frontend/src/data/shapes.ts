import type { Grid, RunSeries } from "../lib/types";

/** What is said of something that is no cell. */
export interface TooltipContent {
  run: string;
  step: string;
  what: string;
  value: string;
  lines: string[];
  help: string;
  x: number;
  y: number;
}

/** Steps and layers of a panel, for the keys that move among them. */
export interface KeyboardNav {
  moveStep(by: number): void;
  /** Left out where a panel shows no layers: the arrows scroll there. */
  moveLayer?(by: number): void;
}

export interface Hover {
  run: string;
  line: number;
  /** Index of the run's step, or of its column of steps. */
  at: number;
  /** Where that is not the heat map's: of the cursor's step, or of one line at every step. */
  grid?: Grid;
  /** The line in that grid. */
  of?: number;
  /** Whether the percentiles of the line are drawn there. */
  banded?: boolean;
  x: number;
  y: number;
}

/** What is known of one run's statistic: its values, or why there are none. */
export type Loaded = { series: RunSeries } | { reason: string };
