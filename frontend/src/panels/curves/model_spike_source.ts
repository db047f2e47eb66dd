import { median, nearest } from "../../lib/steps";

/** A statistic of all rows of one run about a step: `values` is [steps, rows]. */
export interface RowSeries {
  kind: string;
  statistic: string;
  rows: { name: string }[];
  steps: Float64Array;
  absent: Uint8Array;
  values: Float32Array;
}

export interface Culprit {
  kind: string;
  statistic: string;
  row: string;
  step: number;
  value: number;
  /** Median of the logged steps before. */
  usual: number;
  /** Infinite where the value is not finite, or where there was none before. */
  ratio: number;
}

/** Logged steps before the one asked for that say what is usual, at most and at least. */
export const BEFORE = { most: 20, least: 3 } as const;

/**
 * The row that rose most against its own median of the logged steps before: what a spike at this step came from. Of
 * rows that stopped being finite the one that did so first, and of those the last in the order of execution, since
 * gradients run backwards. Null where too little is known.
 */
export function culprit(series: readonly RowSeries[], step: number): Culprit | null {
  let best: Culprit | null = null;
  for (const { kind, statistic, rows, steps, absent, values } of series) {
    const at = nearest(steps, step);
    if (at < 0) continue;
    const from = Math.max(0, at - BEFORE.most);
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
      if (before.length < BEFORE.least && bad < 0) continue;
      const usual = before.length > 0 ? median(before) : Number.NaN;
      const ratio =
        bad >= 0 ? Number.POSITIVE_INFINITY : usual > 0 ? value / usual : value > 0 ? Number.MAX_VALUE : 0;
      const one = {
        kind,
        statistic,
        row: rows[row].name,
        step: steps[bad >= 0 ? bad : at],
        value,
        usual,
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
