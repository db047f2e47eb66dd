import { useMemo, useState } from "preact/hooks";
import type { Chain, Finding } from "../../../lib/rules/findings";
import type { RunHealth } from "../../../lib/rules/health";
import { shapeOf } from "../../../plot/markers";
import { useStore } from "../../../ui/context";
import type { Diagnosis } from "../../../ui/health/use_diagnoses";
import { RunMarker } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { useInView } from "../in_view";
import { keyOf, verdictOf, visibleChains } from "../model";
import { TEXT } from "../text";
import { Checked } from "./checked";
import { Comparison, useComparison } from "./comparison";
import { FindingCard } from "./finding";
import { VerdictChip } from "./verdict";

interface Props {
  run: string;
  diagnosis: Diagnosis;
  dismissed: ReadonlySet<string>;
  dismiss: (rule: string) => void;
  /** True if the advice of the first cause is folded out. */
  open: boolean;
}

/** The diagnosis of one run: verdict, chains of findings, and what was checked. */
export function RunCard({ run, diagnosis, dismissed, dismiss, open }: Props) {
  const store = useStore();
  const { health, pending, error, reason } = diagnosis;
  const chains = useMemo(() => (health ? visibleChains(health, dismissed) : []), [health, dismissed]);
  const isReference = run === store.ref.value && store.shown.value.length > 1;
  const { ref, inView } = useInView<HTMLElement>();
  const compared = useComparison(run, inView && health !== null);
  const referenceOf = (finding: Finding) => compared?.values.get(keyOf(finding)) ?? null;
  return (
    <section
      ref={ref}
      class={pending && health ? "h-run stale" : "h-run"}
      aria-label={run}
      aria-busy={pending}
      data-testid="h-run"
      data-run={run}
    >
      <header class="h-run-head">
        <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
        <Name
          as="h3"
          text={store.shortNames.value.get(run) ?? run}
          among={store.shortList.value}
          title={run}
        />
        {isReference && <span class="h-ref">{UI_TEXT.reference}</span>}
        {health && <VerdictChip verdict={verdictOf(health, dismissed)} />}
        {health && <Scope health={health} />}
        {pending && (
          <span class="h-progress dim" role="status">
            {TEXT.checking}
          </span>
        )}
      </header>
      {health && compared && <Comparison compared={compared} />}
      {error !== null && (
        <p class="h-error" role="alert">
          {error}
        </p>
      )}
      {health === null && !pending && error === null && (
        <p class="h-empty dim">{reason ?? TEXT.notCheckable}</p>
      )}
      {health && chains.length === 0 && (
        <p class="h-empty dim" data-testid="h-nothing">
          {health.verdict === "not checkable"
            ? TEXT.notCheckable
            : health.findings.length > 0
              ? TEXT.nothingLeft(new Set(health.findings.map(({ rule }) => rule)).size)
              : TEXT.nothing(health.checked.length)}
        </p>
      )}
      {chains.map((chain, i) => (
        <ChainView
          key={keyOf(chain.cause)}
          chain={chain}
          open={open && i === 0}
          referenceOf={referenceOf}
          dismiss={dismiss}
        />
      ))}
      {health && <Checked health={health} />}
    </section>
  );
}

/** Basis of the verdict: steps and rules. */
function Scope({ health: { steps, checked, unchecked } }: { health: RunHealth }) {
  const [first, last] = steps;
  const parts = [
    first === null || last === null ? TEXT.noSteps : TEXT.steps(first, last),
    TEXT.checked(checked.length),
    ...(unchecked.length > 0 ? [TEXT.unchecked(unchecked.length)] : []),
  ];
  return (
    <span class="h-scope dim" data-testid="h-scope">
      {parts.join(" · ")}
    </span>
  );
}

interface ChainProps {
  chain: Chain;
  open: boolean;
  /** Return the reference run's value of a finding. */
  referenceOf: (finding: Finding) => number | null;
  dismiss: (rule: string) => void;
}

/** A cause, with what follows from it folded below. */
function ChainView({ chain: { cause, effects }, open, referenceOf, dismiss }: ChainProps) {
  const [unfolded, unfold] = useState(false);
  return (
    <div class="h-chain" data-testid="h-chain">
      <FindingCard finding={cause} open={open} reference={referenceOf(cause)} dismiss={dismiss} />
      {effects.length > 0 && (
        <div class="h-effects">
          <button
            type="button"
            class="h-unfold"
            aria-expanded={unfolded}
            title={TEXT.effectsTitle}
            data-testid="h-effects"
            onClick={() => unfold(!unfolded)}
          >
            <span aria-hidden="true">{unfolded ? "▾" : "▸"}</span>
            <b>{TEXT.effects(effects.length)}</b>
            {!unfolded && (
              <span class="dim">
                {effects.map(({ title, since }) => `${title} ${TEXT.since(since)}`).join(" · ")}
              </span>
            )}
          </button>
          {unfolded &&
            effects.map((one) => (
              <FindingCard
                key={keyOf(one)}
                finding={one}
                open={false}
                reference={referenceOf(one)}
                isEffect
                dismiss={dismiss}
              />
            ))}
        </div>
      )}
    </div>
  );
}
