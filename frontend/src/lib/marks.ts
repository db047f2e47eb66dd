import { type Finding, SEVERITIES } from "./rules/findings";
import { type Domain, median, toPixel } from "./steps";
import { GLOBAL_PREFIX, SKIPPED_TAG, WINDOW_PREFIX } from "./tags";
import type { ScalarSeries } from "./types";

/**
 * An event between logged steps, derived from the scalars of `watch(window=True)` and of a GradScaler. A window
 * contains the steps since the previous logged step. `after` is that step, or null for the first window of a run.
 * `until` is the window's own logged step.
 */
interface Mark {
  step: number;
  /** True if the event was at `step`. Otherwise it was at an unknown step of the window. */
  exact: boolean;
  after: number | null;
  until: number;
}

/** A window's highest gradient norm or loss, if it is far above those of nearby windows. */
export interface Peak extends Mark {
  kind: "peak";
  quantity: "gradient_norm" | "loss";
  value: number;
  /** The value that it was compared with, and its ratio to that value. */
  baseline: number;
  ratio: number;
}

/** NaN or Inf in gradients or in the loss, at steps that were not logged. */
interface Nonfinite extends Mark {
  kind: "nonfinite";
  quantity: "gradient_norm" | "loss";
  /** The loss, or NaN for gradients. */
  value: number;
  /**
   * Number of steps with NaN or Inf that neither a cell nor another mark shows, and number of NaN and Inf elements in
   * the whole window.
   */
  steps: number;
  elements: number;
}

/** Optimizer steps that a GradScaler skipped. */
export interface Skipped extends Mark {
  kind: "skipped";
  steps: number;
  lossScale: number | null;
}

/** A finding, at the step at which it began. */
export interface FindingMark extends Mark {
  kind: "finding";
  finding: Finding;
}

export type WindowMark = Peak | Nonfinite | Skipped | FindingMark;
export type MarkKind = WindowMark["kind"];
/** All kinds, in the order of their lanes. */
export const MARK_KINDS: readonly MarkKind[] = ["finding", "peak", "nonfinite", "skipped"];

/** Tags that marks are derived from. One request fetches them for all runs. */
export const MARK_TAGS: readonly string[] = [
  ...["steps", "gradient_norm_max", "gradient_norm_max_step", "loss_max", "loss_max_step"].map(
    (name) => WINDOW_PREFIX + name,
  ),
  ...["nonfinite", "nonfinite_steps", "skipped_steps"].map((name) => WINDOW_PREFIX + name),
  ...["skipped", "loss_scale", "gradient_norm"].map((name) => GLOBAL_PREFIX + name),
];

/**
 * Thresholds for peaks. A maximum is a peak if it is `factor` times the baseline, and `spreads` spreads above it. The
 * baseline is the larger of two medians: of the `reach` preceding and of the `reach` following maxima. Therefore
 * neither a steep start of training nor a lasting change of level is a peak. The spread is the median absolute
 * deviation of the logarithms, scaled to the standard deviation of a normal distribution. A side with fewer than
 * `minimum` maxima has no baseline.
 */
export const PEAK_RULE = { factor: 3, spreads: 5, reach: 10, minimum: 5 } as const;
const NORMAL = 1.4826;

/** Return the baseline of each maximum that is a peak, and null for the others. */
export function peakBaselines(values: readonly number[]): (number | null)[] {
  const known = values.map((_, i) => i).filter((i) => values[i] > 0 && Number.isFinite(values[i]));
  const result: (number | null)[] = values.map(() => null);
  let before = 0;
  values.forEach((value, i) => {
    while (before < known.length && known[before] < i) before++;
    if (!(value > 0)) return;
    const from = known[before] === i ? before + 1 : before;
    const sides = [
      known.slice(Math.max(0, before - PEAK_RULE.reach), before),
      known.slice(from, from + PEAK_RULE.reach),
    ].map((side) => side.map((j) => values[j]));
    // The first maxima have no baseline: losses and gradients are high at the start of training.
    if (sides[0].length < PEAK_RULE.minimum) return;
    const compared = sides
      .filter((side) => side.length >= PEAK_RULE.minimum)
      .map((side) => ({ side, middle: median(side) }));
    const baseline = Math.max(...compared.map(({ middle }) => middle));
    const deviations = compared.flatMap(({ side, middle }) =>
      side.map((one) => Math.abs(Math.log(one / middle))),
    );
    const spread = NORMAL * median(deviations);
    if (value >= PEAK_RULE.factor * baseline && Math.log(value / baseline) >= PEAK_RULE.spreads * spread)
      result[i] = baseline;
  });
  return result;
}

/** Return one run's marks, sorted by step. */
export function windowMarks(series: readonly ScalarSeries[]): WindowMark[] {
  const tags = new Map(series.map((one) => [one.tag, one]));
  const byStep = (tag: string) => {
    const one = tags.get(tag);
    return new Map(one ? Array.from(one.steps, (step, i): [number, number] => [step, one.values[i]]) : []);
  };
  const ends = tags.get(`${WINDOW_PREFIX}steps`);
  const windows = Array.from(ends?.steps ?? [], (until, i) => ({
    until,
    start: until - ends!.values[i],
    after: i === 0 ? null : until - ends!.values[i],
  }));
  const scales = byStep(`${GLOBAL_PREFIX}loss_scale`);
  const norms = byStep(`${GLOBAL_PREFIX}gradient_norm`);
  const skips = [...byStep(SKIPPED_TAG)].filter(([, skipped]) => skipped > 0).map(([step]) => step);
  const marks: WindowMark[] = [];

  for (const quantity of ["gradient_norm", "loss"] as const) {
    const maxima = byStep(`${WINDOW_PREFIX}${quantity}_max`);
    const places = byStep(`${WINDOW_PREFIX}${quantity}_max_step`);
    const values = windows.map(({ until }) => maxima.get(until) ?? Number.NaN);
    // A ratio is meaningless for a loss that may be negative.
    const baseline = values.some((value) => value < 0) ? [] : peakBaselines(values);
    windows.forEach(({ start, after, until }, i) => {
      const place = places.get(until);
      const value = values[i];
      if (place === undefined || !maxima.has(until)) return;
      // Steps are stored as float32, which is inexact above 2^24.
      const step = Math.min(until, Math.max(start, place));
      const where = { step, exact: true, after, until, quantity, value };
      const compared = baseline[i];
      if (quantity === "loss" && !Number.isFinite(value)) {
        marks.push({ ...where, kind: "nonfinite", steps: 1, elements: 0 });
      } else if (typeof compared === "number") {
        marks.push({ ...where, kind: "peak", baseline: compared, ratio: value / compared });
      }
    });
  }

  for (const step of skips) {
    const own = windows.find(({ start, until }) => start < step && step <= until);
    const window = { after: own?.after ?? null, until: own?.until ?? step };
    marks.push({
      ...window,
      kind: "skipped",
      step,
      exact: true,
      steps: 1,
      lossScale: scales.get(step) ?? null,
    });
  }
  const bad = byStep(`${WINDOW_PREFIX}nonfinite_steps`);
  const elements = byStep(`${WINDOW_PREFIX}nonfinite`);
  const skipped = byStep(`${WINDOW_PREFIX}skipped_steps`);
  for (const { start, after, until } of windows) {
    const between = until - start - 1;
    const where = { after, until, step: (start + until) / 2, exact: between === 1 };
    const knownSkips = skips.filter((step) => start < step && step <= until).length;
    // A fused optimizer skips steps internally, so their number is known but not which steps they are.
    const unknownSkips = Math.max(0, (skipped.get(until) ?? 0) - knownSkips);
    if (unknownSkips > 0) marks.push({ ...where, kind: "skipped", steps: unknownSkips, lossScale: null });
    // The logged step itself is shown by its cells.
    const own = norms.has(until) && !Number.isFinite(norms.get(until)) && !skips.includes(until) ? 1 : 0;
    const steps = Math.min(between, (bad.get(until) ?? 0) - knownSkips - unknownSkips - own);
    if (steps <= 0) continue;
    const value = Number.NaN;
    marks.push({
      ...where,
      kind: "nonfinite",
      quantity: "gradient_norm",
      value,
      steps,
      elements: elements.get(until) ?? 0,
    });
  }
  return marks.sort((a, b) => a.step - b.step);
}

/**
 * Return the number of windows received, and an estimate of the number written. They differ if TensorBoard kept only a
 * sample.
 */
export function windowCount(series: readonly ScalarSeries[]): { kept: number; written: number } {
  const ends = series.find(({ tag }) => tag === `${WINDOW_PREFIX}steps`);
  if (!ends || ends.steps.length === 0) return { kept: 0, written: 0 };
  const kept = ends.steps.length;
  const first = ends.steps[0];
  const covered = ends.values.reduce((sum, steps, i) => (i === 0 ? 0 : sum + steps), 0);
  const all = ends.steps[kept - 1] - first;
  const written = covered > 0 ? 1 + Math.round(((kept - 1) * all) / covered) : kept;
  return { kept, written: Math.max(kept, written) };
}

/** Marks of one kind that would overlap and are drawn as one. Positions are pixels from the left edge of the map. */
export interface MarkGroup {
  kind: MarkKind;
  marks: WindowMark[];
  places: number[];
  /** Index of the mark that represents the group: the highest peak, the worst finding, or else the first mark. */
  representative: number;
}

/** Minimum distance in pixels between two marks. */
export const MARK_GAP = 9;

export function groupMarks(marks: readonly WindowMark[], domain: Domain, width: number): MarkGroup[] {
  const groups: MarkGroup[] = [];
  for (const kind of MARK_KINDS) {
    let last: MarkGroup | null = null;
    for (const mark of marks) {
      if (mark.kind !== kind || mark.step < domain[0] || mark.step > domain[1]) continue;
      const place = toPixel(mark.step, domain, width);
      if (last && place - last.places[last.places.length - 1] < MARK_GAP) {
        last.marks.push(mark);
        last.places.push(place);
        if (strength(mark) > strength(last.marks[last.representative]))
          last.representative = last.marks.length - 1;
      } else {
        last = { kind, marks: [mark], places: [place], representative: 0 };
        groups.push(last);
      }
    }
  }
  return groups.sort((a, b) => a.places[0] - b.places[0]);
}

const strength = (mark: WindowMark) =>
  mark.kind === "peak"
    ? mark.ratio
    : mark.kind === "finding"
      ? SEVERITIES.length - SEVERITIES.indexOf(mark.finding.severity)
      : 0;

/** Return one run's findings as marks at the steps at which they began. */
export const findingMarks = (findings: readonly Finding[], run: string): FindingMark[] =>
  findings
    .filter((finding) => finding.run === run)
    .map((finding): FindingMark => {
      const { since } = finding;
      return { kind: "finding", step: since, exact: true, after: null, until: since, finding };
    });
