import { median, nearest } from "../../lib/steps";

/** A statistic of all rows of one run around a step. `values` is [steps, rows]. */
export interface RowSeries {
  kind: string;
  statistic: string;
  rows: { name: string }[];
  steps: Float64Array;
  absent: Uint8Array;
  values: Float32Array;
}

export interface SpikeSource {
  kind: string;
  statistic: string;
  row: string;
  step: number;
  value: number;
  /** Median over the preceding logged steps. */
  baseline: number;
  /** Infinity if the value is not finite. `Number.MAX_VALUE` if the median is 0. */
  ratio: number;
}

/** Maximum and minimum number of preceding logged steps whose median is the baseline. */
export const PRECEDING = { max: 20, min: 3 } as const;

/**
 * Return the row that explains a spike: the one with the largest ratio to its own median over the preceding logged
 * steps. If rows became NaN or Inf, it is the first row that did. Among several such rows it is the last in execution
 * order, because gradients flow backward. Return null if too few steps are known.
 */
export function spikeSource(series: readonly RowSeries[], step: number): SpikeSource | null {
  let best: SpikeSource | null = null;
  for (const { kind, statistic, rows, steps, absent, values } of series) {
    const at = nearest(steps, step);
    if (at < 0) continue;
    const from = Math.max(0, at - PRECEDING.max);
    for (let row = 0; row < rows.length; row++) {
      const cell = (s: number) => s * rows.length + row;
      if (absent[cell(at)]) continue;
      const value = values[cell(at)];
      const before: number[] = [];
      let bad = Number.isFinite(value) ? -1 : at;
      for (let s = from; s < at; s++) {
        const one = values[cell(s)];
        if (absent[cell(s)]) continue;
        if (Number.isFinite(one)) before.push(one);
        else if (bad > s) bad = s;
      }
      if (before.length < PRECEDING.min && bad < 0) continue;
      const baseline = before.length > 0 ? median(before) : Number.NaN;
      const ratio =
        bad >= 0
          ? Number.POSITIVE_INFINITY
          : baseline > 0
            ? value / baseline
            : value > 0
              ? Number.MAX_VALUE
              : 0;
      const one = {
        kind,
        statistic,
        row: rows[row].name,
        step: steps[bad >= 0 ? bad : at],
        value,
        baseline,
        ratio,
      };
      const earlier = best !== null && bad >= 0 && best.ratio === ratio && one.step < best.step;
      const later =
        best !== null && bad >= 0 && best.ratio === ratio && one.step === best.step && one.kind === best.kind;
      if (!best || ratio > best.ratio || earlier || later) best = one;
    }
  }
  return best;
}
