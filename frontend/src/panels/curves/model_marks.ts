import { peakBaselines } from "../../lib/marks";
import type { Finding } from "../../lib/rules/findings";
import { LOG_PREFIX, SKIPPED_TAG } from "../../lib/tags";
import type { ScalarSeries } from "../../lib/types";

/** A mark of one run on the step axis of the charts. */
export type CurveMark =
  | { kind: "finding"; run: string; step: number; finding: Finding }
  | { kind: "skipped"; run: string; step: number }
  | { kind: "peak"; run: string; step: number; name: string; ratio: number };

/** Scalars whose peaks are marked. */
const PEAKS = /(^|\/)(loss|gradient_norm)$/;

/** Return findings, steps skipped by a GradScaler, and peaks of losses, for the shown runs. */
export function curveMarks(
  curves: readonly ScalarSeries[],
  findings: readonly Finding[],
  runs: readonly string[],
): CurveMark[] {
  const marks: CurveMark[] = findings
    .filter(({ run }) => runs.includes(run))
    .map((finding) => ({ kind: "finding", run: finding.run, step: finding.since, finding }));
  for (const { run, tag, steps, values } of curves) {
    if (tag === SKIPPED_TAG)
      steps.forEach((step, i) => {
        if (values[i] > 0) marks.push({ kind: "skipped", run, step });
      });
    if (!tag.startsWith(LOG_PREFIX) || !PEAKS.test(tag)) continue;
    // A ratio is meaningless for a loss that may be negative.
    if (values.some((value) => value < 0)) continue;
    const baselines = peakBaselines(Array.from(values));
    steps.forEach((step, i) => {
      const compared = baselines[i];
      if (compared !== null && Number.isFinite(values[i]))
        marks.push({
          kind: "peak",
          run,
          step,
          name: tag.replace(LOG_PREFIX, ""),
          ratio: values[i] / compared,
        });
    });
  }
  return marks.sort((a, b) => a.step - b.step);
}
