import { useState } from "preact/hooks";
import { short } from "../../../lib/format";
import type { Finding } from "../../../lib/rules/findings";
import { useStore } from "../../../ui/context";
import { panelOf, showFinding } from "../../../ui/health/findings";
import { Name } from "../../../ui/name";
import { statisticName, UI_TEXT } from "../../../ui/text";
import { layersOf } from "../model";
import { TEXT } from "../text";
import { Evidence } from "./picture";

/** Maximum number of layers that a tooltip lists. */
const MAX_LAYERS = 30;

interface Props {
  finding: Finding;
  /** True if the advice is folded out at first. */
  open: boolean;
  /** The reference run's value in the same place, null if it is unknown. */
  reference: number | null;
  /** True if it follows from another finding. */
  isEffect?: boolean;
  dismiss: (rule: string) => void;
}

/** One finding with its evidence, its picture and what to try. */
export function FindingCard({ finding, open, reference, isEffect = false, dismiss }: Props) {
  const store = useStore();
  const { title, severity, rule, since, evidence, advice, source, layer } = finding;
  const layers = layersOf(finding);
  const listed = layers.slice(0, MAX_LAYERS);
  if (layers.length > listed.length) listed.push(TEXT.moreLayers(layers.length - listed.length));
  const [unfolded, unfold] = useState(open);
  return (
    <article class={`h-finding ${severity}`} data-testid="h-finding" data-rule={rule} data-run={finding.run}>
      <div class="h-words">
        <header>
          {isEffect && <span class="h-follows">{TEXT.follows}</span>}
          <h4>{title}</h4>
          <span class="h-severity">{UI_TEXT.health.severity[severity]}</span>
          <button
            type="button"
            class="h-dismiss"
            title={TEXT.dismissTitle(rule)}
            data-testid="h-dismiss"
            onClick={() => dismiss(rule)}
          >
            {TEXT.dismiss}
          </button>
        </header>
        <p class="h-where">
          <Name
            class="h-layer"
            text={layer || TEXT.wholeModel}
            title={layers.length > 1 ? TEXT.layersTitle(listed) : layer || TEXT.wholeModel}
          />
          {layers.length > 1 && (
            <span class="dim" title={TEXT.layersTitle(listed)}>
              {TEXT.moreLayers(layers.length - 1)}
            </span>
          )}
          <span class="dim">{TEXT.since(since)}</span>
        </p>
        <p class="h-evidence">{evidence}</p>
        <Facts finding={finding} reference={reference} />
        <div class="h-actions">
          {panelOf(store, finding) !== null && (
            <button
              type="button"
              class="button strong"
              title={TEXT.showTitle}
              data-testid="h-show"
              onClick={() => showFinding(store, finding)}
            >
              {TEXT.show}
            </button>
          )}
          {advice.length > 0 && (
            <button
              type="button"
              class="button"
              aria-expanded={unfolded}
              data-testid="h-advice"
              onClick={() => unfold(!unfolded)}
            >
              <span aria-hidden="true">{unfolded ? "▾" : "▸"}</span> {TEXT.advice}
            </button>
          )}
          {/^https?:/.test(source) && (
            <a
              class="h-source"
              href={source}
              target="_blank"
              rel="noopener noreferrer"
              title={TEXT.sourceTitle(source)}
            >
              {TEXT.source}
            </a>
          )}
        </div>
        {unfolded && (
          <ol class="h-advice">
            {advice.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ol>
        )}
      </div>
      <Evidence finding={finding} />
    </article>
  );
}

/** The value with its limit, its usual value and that of the reference run, all of one quantity. */
function Facts({ finding, reference }: { finding: Finding; reference: number | null }) {
  const store = useStore();
  const { value, limit, usual, kind, statistic, row, quantity, usualIs } = finding;
  const title = TEXT.factTitle;
  const facts = [
    { name: "value", number: value, title: title.value, more: "" },
    { name: "limit", number: limit, title: title.limit, more: "" },
    {
      name: "usual",
      number: usual,
      title: usualIs === "" ? title.usual : title.usualIs(usualIs),
      more: usualIs === "" ? "" : TEXT.isUsual(usualIs),
    },
    {
      name: "reference",
      // The server has the statistic of the row only.
      number: quantity === "" && value !== null ? reference : null,
      title: title.reference(store.ref.value ?? ""),
      more: "",
    },
  ] as const;
  const known = facts.flatMap((one) => (one.number === null ? [] : [{ ...one, number: one.number }]));
  if (known.length === 0) return null;
  const what = quantity || (statistic === "" ? "" : TEXT.ofRow(statisticName(kind, statistic), row));
  return (
    <dl class="h-facts" data-testid="h-facts">
      {what !== "" && <Name class="h-quantity" text={what} title={what} />}
      {known.map(({ name, number, title: words, more }) => (
        <div key={name} title={words}>
          <dt>{TEXT[name]}</dt>
          <dd class={name}>{short(number)}</dd>
          {more !== "" && <span class="dim">{more}</span>}
        </div>
      ))}
    </dl>
  );
}
