import { cellAt } from "../../lib/columns";
import { isOver, isUnder, toUnit } from "../../lib/scale";
import { CELL, type Grid, type Scale } from "../../lib/types";

type Lane = "scale" | "zero" | "nonfinite" | "under" | "over";

interface ProfilePoint {
  line: number;
  lane: Lane;
  /** Position on the scale, clipped to 0 to 1. */
  t: number;
  value: number;
}

export interface RunProfile {
  run: string;
  /** The logged step nearest to the cursor's; null if the run has none. */
  step: number | null;
  points: ProfilePoint[];
}

/** Return a run's values at its logged step nearest to `step`, for all lines or for a range of lines. */
export function runProfile(
  grid: Grid,
  step: number,
  scale: Scale,
  lines: readonly [number, number] = [0, grid.lines],
): RunProfile {
  const s = cellAt(grid, step);
  if (s < 0) return { run: grid.run, step: null, points: [] };
  const points: ProfilePoint[] = [];
  for (let line = lines[0]; line < lines[1]; line++) {
    const at = line * grid.steps.length + s;
    const state = grid.states[at];
    const value = grid.values[at];
    if (state === CELL.zero) points.push({ line, lane: "zero", t: 0, value });
    else if (state === CELL.refZero) points.push({ line, lane: "over", t: 1, value });
    else if (state === CELL.nonfinite || state === CELL.refNonfinite)
      points.push({ line, lane: "nonfinite", t: 1, value });
    else if (state === CELL.value) {
      const t = toUnit(scale, value);
      const lane: Lane = isUnder(t) ? "under" : isOver(t) ? "over" : "scale";
      points.push({ line, lane, t: Math.min(1, Math.max(0, t)), value });
    }
  }
  return { run: grid.run, step: grid.steps[s], points };
}
