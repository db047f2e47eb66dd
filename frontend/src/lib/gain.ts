import { CELL, type Grid, type Line, type RunSeries } from "./types";

/** The statistic that the page derives from the RMS of activation gradients. */
export const GAIN = { kind: "activation_gradient", statistic: "backward_gain", source: "rms" } as const;

export const isGain = (kind: string, statistic: string) => kind === GAIN.kind && statistic === GAIN.statistic;

/** Return the statistic that must be requested to draw this one. */
export const sourceOf = (kind: string, statistic: string) =>
  isGain(kind, statistic) ? GAIN.source : statistic;

/**
 * Compute the backward gain per layer and step: the factor by which the gradient grows on its way backward through the
 * layer. It is the RMS of the activation gradient of the preceding layer in execution order, divided by the layer's
 * own. The RMS is used because a norm also depends on the number of elements. Values are decimal logarithms, because
 * gains multiply.
 *
 * The gain of a block spans all its layers: from its last layer to the layer before its first. It is undefined for the
 * first layer, and for a layer whose own gradient is exactly 0.
 */
export function gainGrid(series: RunSeries, lines: readonly Line[], index: Int32Array): Grid {
  const steps = series.steps.length;
  const columns = series.rows.length;
  const rms = series.values.get(GAIN.source);
  const grid: Grid = {
    run: series.run,
    steps: series.steps,
    lines: lines.length,
    values: new Float64Array(lines.length * steps).fill(Number.NaN),
    states: new Uint8Array(lines.length * steps).fill(CELL.absent),
  };
  const present = (s: number, row: number) => series.absent[s * columns + row] === 0;
  lines.forEach((line, l) => {
    const start = l * steps;
    if (line.type === "header") {
      grid.states.fill(CELL.header, start, start + steps);
      return;
    }
    const own = line.rows.map((row) => index[row]).filter((row) => row >= 0);
    if (!rms || own.length === 0) return;
    own.sort((a, b) => a - b);
    for (let s = 0; s < steps; s++) {
      const here = own.filter((row) => present(s, row));
      if (here.length === 0) continue;
      let before = here[0] - 1;
      while (before >= 0 && !present(s, before)) before--;
      if (before < 0) {
        grid.states[start + s] = CELL.undefined;
        continue;
      }
      const into = rms[s * columns + here[here.length - 1]];
      const out = rms[s * columns + before];
      if (!Number.isFinite(into) || !Number.isFinite(out)) {
        grid.states[start + s] = CELL.nonfinite;
      } else if (into === 0) {
        grid.states[start + s] = CELL.undefined;
      } else if (out === 0) {
        grid.states[start + s] = CELL.zero;
        grid.values[start + s] = Number.NEGATIVE_INFINITY;
      } else {
        grid.states[start + s] = CELL.value;
        grid.values[start + s] = Math.log10(out) - Math.log10(into);
      }
    }
  });
  return grid;
}

/** Return the two RMS values behind a gain, and the name of the preceding layer, for the tooltip. */
export function gainParts(
  series: RunSeries,
  rows: readonly number[],
  step: number,
): { into: number; out: number; before: string } | null {
  const columns = series.rows.length;
  const rms = series.values.get(GAIN.source);
  const here = rows
    .filter((row) => row >= 0 && series.absent[step * columns + row] === 0)
    .sort((a, b) => a - b);
  if (!rms || here.length === 0) return null;
  let before = here[0] - 1;
  while (before >= 0 && series.absent[step * columns + before] !== 0) before--;
  if (before < 0) return null;
  return {
    into: rms[step * columns + here[here.length - 1]],
    out: rms[step * columns + before],
    before: series.rows[before].name,
  };
}
