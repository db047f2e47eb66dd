import { useState } from "preact/hooks";
import { asIs, useQuery } from "../../../data/use_query";
import { tick } from "../../../lib/format";
import type { LimitWords, RuleInfo } from "../../../lib/rules/health";
import { type RuleSettings, withLimit, withRule } from "../../../lib/rules/settings";
import { unknownSettings } from "../model";
import { TEXT } from "../text";

/** The answer about no run has the rules, whatever the settings are. */
const NO_RUNS = { runs: [] };
/** Start of an error message that the status of the answer adds. */
const HTTP = /^\d{3} [A-Z ]+: (Invalid argument: )?/;

interface Props {
  settings: RuleSettings;
  set: (settings: RuleSettings) => void;
  /** Number of runs in which each rule has found something. */
  found: ReadonlyMap<string, number>;
  error: string | null;
}

/** Table of all rules with their limits, which can be set, and switches. */
export function RulesTable({ settings, set, found, error: message }: Props) {
  const query = useQuery("health", NO_RUNS, asIs);
  const rules = (query.data ?? query.previous)?.rules ?? [];
  const error = message?.replace(HTTP, "") ?? null;
  const unknown = rules.length > 0 ? unknownSettings(settings, rules) : [];
  return (
    <section class="h-rules" aria-label={TEXT.rules} aria-busy={query.pending} data-testid="h-rules">
      <p class="dim">{TEXT.rulesHelp}</p>
      {error !== null && (
        <p class="h-error" role="alert" data-testid="h-rules-error">
          {error}
        </p>
      )}
      {unknown.length > 0 && (
        <p class="h-error">
          {TEXT.unknown}: {unknown.join(", ")}
        </p>
      )}
      <div class="h-rules-scroll">
        <table>
          <thead>
            <tr>
              <th colSpan={2}>{TEXT.rule}</th>
              <th>{TEXT.limits}</th>
              <th>{TEXT.found}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <RuleRow
                key={rule.name}
                rule={rule}
                settings={settings}
                set={set}
                found={found.get(rule.name) ?? 0}
                error={error !== null && names(error, rule.name) ? error : null}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Return whether an error of the server is about a rule. */
const names = (error: string, rule: string) => new RegExp(`(^|[^\\w/])${rule}([^\\w/]|$)`).test(error);

interface RowProps extends Omit<Props, "found"> {
  rule: RuleInfo;
  found: number;
}

function RuleRow({ rule, settings, set, found, error }: RowProps) {
  const { name, title, limits, words } = rule;
  const own = settings.get(name);
  const isOff = own === null;
  return (
    <tr class={isOff ? "off" : settings.has(name) ? "changed" : ""} data-rule={name}>
      <td>
        <input
          type="checkbox"
          checked={!isOff}
          aria-label={TEXT.on(name)}
          onChange={(event) => set(withRule(settings, name, event.currentTarget.checked))}
        />
      </td>
      <th scope="row" title={title}>
        {name}
        <span class="dim">{title}</span>
      </th>
      <td class="h-limits">
        {limits.size === 0 && <span class="dim">{TEXT.noLimits}</span>}
        {[...limits].map(([limit, initial]) => (
          <LimitField
            key={limit}
            rule={name}
            limit={limit}
            words={words.get(limit) ?? { text: limit, unit: "" }}
            initial={initial}
            value={own?.get(limit) ?? null}
            disabled={isOff}
            bad={error !== null && (own?.has(limit) ?? false)}
            change={(value) => set(withLimit(settings, name, limit, value, initial))}
          />
        ))}
        {error !== null && (
          <p class="h-error" data-testid="h-limit-error">
            {error}
          </p>
        )}
      </td>
      <td class="h-found">{TEXT.foundRuns(found)}</td>
      <td>
        {settings.has(name) && (
          <button
            type="button"
            class="button"
            title={TEXT.resetRuleTitle(name)}
            onClick={() => set(withRule(settings, name, true))}
          >
            {TEXT.resetRule}
          </button>
        )}
      </td>
    </tr>
  );
}

interface FieldProps {
  rule: string;
  limit: string;
  words: LimitWords;
  initial: number;
  value: string | null;
  disabled: boolean;
  bad: boolean;
  change: (value: string | null) => void;
}

/** Field of one limit. A change takes effect with Enter or when the field is left. */
function LimitField({ rule, limit, words, initial, value, disabled, bad, change }: FieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? value ?? "";
  const commit = () => {
    if (typed !== null) change(typed.trim() === "" ? null : typed);
    setTyped(null);
  };
  return (
    <label
      class={value === null ? "h-limit" : "h-limit set"}
      title={TEXT.limitTitle(rule, limit, tick(initial))}
    >
      <span>{words.text}</span>
      <input
        class={bad ? "field bad" : "field"}
        type="text"
        inputMode="decimal"
        spellcheck={false}
        aria-invalid={bad}
        placeholder={tick(initial)}
        disabled={disabled}
        value={shown}
        data-testid={`h-limit ${rule} ${limit}`}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && commit()}
      />
      {words.unit !== "" && <span>{words.unit}</span>}
    </label>
  );
}
