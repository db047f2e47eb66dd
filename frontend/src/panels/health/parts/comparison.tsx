import { useMemo } from "preact/hooks";
import { apart, short } from "../../../lib/format";
import type { Finding } from "../../../lib/rules/findings";
import { PARTED } from "../../../lib/rules/health";
import { useStore } from "../../../ui/context";
import { panelOf, showFinding, useRuleSettings } from "../../../ui/health/findings";
import { useDiagnoses } from "../../../ui/health/use_diagnoses";
import { Name } from "../../../ui/name";
import { statisticName } from "../../../ui/text";
import { keyOf } from "../model";
import { TEXT } from "../text";

/** A run beside the reference run. */
export interface Compared {
  /** Name of the reference run. */
  reference: string;
  /** True while it is requested, which waits until the card is in view. */
  pending: boolean;
  isKnown: boolean;
  error: string | null;
  parted: Finding | null;
  /** The reason why the runs cannot be compared. */
  reason: string | null;
  /** Values of the reference run by the key of the finding. */
  values: ReadonlyMap<string, number | null>;
}

/**
 * Compare a run with the reference run; null if it is the reference itself. The server reads more for it, so that it
 * waits until the panel has everything else.
 */
export function useComparison(run: string, enabled: boolean): Compared | null {
  const store = useStore();
  const { body } = useRuleSettings();
  const other = store.ref.value;
  const reference = other !== null && other !== run ? other : null;
  const runs = useMemo(() => [run], [run]);
  const diagnoses = useDiagnoses(runs, body, {
    priority: "idle",
    enabled: enabled && reference !== null,
    reference,
  });
  return useMemo(() => {
    if (reference === null) return null;
    const one = diagnoses.runs.get(run);
    const health = one?.health ?? null;
    return {
      reference,
      pending: one?.pending ?? false,
      isKnown: health !== null || (one !== undefined && !one.pending),
      error: one?.error ?? null,
      parted: health?.parted ?? null,
      reason: health?.unchecked.find(({ rule }) => rule === PARTED)?.reason ?? null,
      values: new Map(health?.findings.map((finding) => [keyOf(finding), finding.reference])),
    };
  }, [diagnoses, run, reference]);
}

/** Shapes of the results, which distinguish them without colour. */
const PATHS = {
  parted: "M1 7h4L13 2M5 7l8 5",
  equal: "M1 5h12M1 9h12",
  unknown: "M2 7h2M6 7h2M10 7h2",
} as const;

/** Return both values of the series in which runs part first. */
function differenceOf({ kind, statistic, row, value, usual }: Finding, reference: string): string {
  const what = kind === "" ? statistic : statisticName(kind, statistic);
  const [own, other] =
    value === null || usual === null
      ? [value, usual].map((one) => (one === null ? TEXT.nonfinite : short(one)))
      : apart(value, usual);
  return TEXT.differs(TEXT.ofRow(what, row), own, other, reference);
}

/** Line that says where a run parts from the reference run. */
export function Comparison({ compared }: { compared: Compared }) {
  const store = useStore();
  const { reference, pending, isKnown, error, parted, reason } = compared;
  const name = store.shortNames.value.get(reference) ?? reference;
  const [words, more] = !isKnown
    ? [TEXT.comparing(name), ""]
    : error !== null
      ? [TEXT.notCompared(name), error]
      : reason !== null
        ? [TEXT.incomparable(name), reason]
        : parted === null
          ? [TEXT.equal(name), ""]
          : [TEXT.parts(name, parted.since), differenceOf(parted, name)];
  return (
    <div
      class="h-parted"
      data-testid="h-parted"
      aria-busy={pending}
      title={parted ? `${parted.evidence}\n\n${TEXT.partsTitle}` : more}
    >
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <path
          d={PATHS[parted ? "parted" : isKnown && error === null && reason === null ? "equal" : "unknown"]}
        />
      </svg>
      <Name as="b" text={words} title={words} />
      {parted?.layer && <Name class="h-layer" text={parted.layer} title={parted.layer} />}
      {more !== "" && <Name class="dim h-parted-why" text={more} title={more} />}
      {parted && panelOf(store, parted) !== null && (
        <button
          type="button"
          class="button"
          title={TEXT.partsShow}
          data-testid="h-parted-show"
          onClick={() => showFinding(store, parted)}
        >
          {TEXT.show}
        </button>
      )}
    </div>
  );
}
