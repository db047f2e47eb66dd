import type { FindingGroup } from "../../lib/findings";
import { peakBaselines } from "../../lib/marks";
import { LOG_PREFIX, SKIPPED_TAG } from "../../lib/tags";
import type { ScalarCurve } from "./model";

/** What stands on the step axis of the curves, each of one run. */
export type CurveMark =
  | { kind: "finding"; run: string; step: number; group: FindingGroup }
  | { kind: "skipped"; run: string; step: number }
  | { kind: "peak"; run: string; step: number; figure: string; ratio: number };

/** Figures whose peaks are marked. */
const PEAKS = /(^|\/)(loss|gradient_norm)$/;

/** Findings, steps that a GradScaler skipped, and losses that stand out, of the runs that are shown. */
export function curveMarks(
  curves: readonly ScalarCurve[],
  groups: readonly FindingGroup[],
  runs: readonly string[],
): CurveMark[] {
  const marks: CurveMark[] = groups
    .filter(({ run }) => runs.includes(run))
    .map((group) => ({ kind: "finding", run: group.run, step: group.since, group }));
  for (const { run, tag, steps, values } of curves) {
    if (tag === SKIPPED_TAG)
      steps.forEach((step, i) => {
        if (values[i] > 0) marks.push({ kind: "skipped", run, step });
      });
    if (!tag.startsWith(LOG_PREFIX) || !PEAKS.test(tag)) continue;
    // A ratio says nothing of a loss that may be negative.
    if (values.some((value) => value < 0)) continue;
    const usual = peakBaselines(Array.from(values));
    steps.forEach((step, i) => {
      const compared = usual[i];
      if (compared !== null && Number.isFinite(values[i]))
        marks.push({
          kind: "peak",
          run,
          step,
          figure: tag.replace(LOG_PREFIX, ""),
          ratio: values[i] / compared,
        });
    });
  }
  return marks.sort((a, b) => a.step - b.step);
}
