import type { Verdict } from "../../../lib/rules/health";
import { TEXT } from "../text";

/** Shapes of the verdicts, which distinguish them without colour. */
const PATHS: Readonly<Record<Verdict, string>> = {
  severe: "M4.2 1h5.6L13 4.2v5.6L9.8 13H4.2L1 9.8V4.2zM7 3.8v3.8M7 9.6v.8",
  warning: "M7 1.4L13.4 12.6H.6zM7 5.4v3.4M7 10.4v.6",
  notice: "M7 .8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0-12.4zM7 6.4v3.6M7 3.6v.8",
  "nothing found": "M2 7.6L5.4 11L12 3.4",
  "not checkable": "M2 7h2M6 7h2M10 7h2",
};

export const classOf = (verdict: Verdict) => verdict.replaceAll(" ", "-");

/** The verdict on a run, as a word with a shape. */
export function VerdictChip({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`h-verdict ${classOf(verdict)}`} title={TEXT.verdictTitle[verdict]} data-testid="h-verdict">
      <VerdictIcon verdict={verdict} />
      {TEXT.verdict[verdict]}
    </span>
  );
}

export function VerdictIcon({ verdict }: { verdict: Verdict }) {
  return (
    <svg class={classOf(verdict)} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={PATHS[verdict]} />
    </svg>
  );
}
