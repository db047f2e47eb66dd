import type { RunHealth } from "../../../lib/rules/health";
import { byFamily, groupUnchecked } from "../model";
import { TEXT } from "../text";

/** Rules that were checked in a run and those that were not, with the reasons, folded. */
export function Checked({ health: { checked, unchecked, unread } }: { health: RunHealth }) {
  return (
    <details class="h-checked" data-testid="h-checked">
      <summary>
        {TEXT.whatChecked}
        <span class="dim">
          {[
            TEXT.checked(checked.length),
            ...(unchecked.length > 0 ? [TEXT.uncheckedRules(unchecked.length)] : []),
          ].join(", ")}
        </span>
      </summary>
      <dl>
        {byFamily(checked).map(({ family, names }) => (
          <div key={family}>
            <dt>{family}</dt>
            <dd>{names.join(", ")}</dd>
          </div>
        ))}
      </dl>
      {unchecked.length > 0 && (
        <>
          <b>{TEXT.uncheckedRules(unchecked.length)}</b>
          <dl class="h-reasons">
            {groupUnchecked(unchecked).map(({ reason, rules }) => (
              <div key={reason}>
                <dt>{reason}</dt>
                <dd>{rules.join(", ")}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {unread.length > 0 && (
        <>
          <b>{TEXT.unread(unread.length)}</b>
          <ul>
            {unread.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}
