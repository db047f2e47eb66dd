import { useState } from "preact/hooks";
import { short } from "../../../lib/format";
import type { Finding } from "../../../lib/rules/findings";
import { useStore } from "../../../ui/context";
import { showFinding } from "../../../ui/health/findings";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { layersOf } from "../model";
import { TEXT } from "../text";
import { Evidence } from "./picture";

/** Maximum number of layers that a tooltip lists. */
const MAX_LAYERS = 30;

interface Props {
  finding: Finding;
  /** True if the advice is folded out at first. */
  open: boolean;
  /** True if it follows from another finding. */
  isEffect?: boolean;
  dismiss: (rule: string) => void;
}

/** One finding with its evidence, its picture and what to try. */
export function FindingCard({ finding, open, isEffect = false, dismiss }: Props) {
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
        <Facts finding={finding} />
        <div class="h-actions">
          <button
            type="button"
            class="button strong"
            title={TEXT.showTitle}
            data-testid="h-show"
            onClick={() => showFinding(store, finding)}
          >
            {TEXT.show}
          </button>
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

function Facts({ finding }: { finding: Finding }) {
  const { value, limit, usual } = finding;
  const facts = (["value", "limit", "usual"] as const).flatMap((name) => {
    const number = { value, limit, usual }[name];
    return number === null ? [] : [{ name, number }];
  });
  if (facts.length === 0) return null;
  return (
    <dl class="h-facts">
      {facts.map(({ name, number }) => (
        <div key={name} title={TEXT.factTitle[name]}>
          <dt>{TEXT[name]}</dt>
          <dd class={name}>{short(number)}</dd>
        </div>
      ))}
    </dl>
  );
}
