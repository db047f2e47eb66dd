import { isUnread } from "../lib/answers/missing";
import type { Missing } from "../lib/types";
import { UI_TEXT } from "./text";

/** An error message with a retry button, in place of the content. */
export function Failure({ what, message, retry }: { what: string; message: string; retry: () => void }) {
  return (
    <div class="failure" role="alert" data-testid="error">
      <div>
        <b>{UI_TEXT.failed(what)}</b>
        <p>{message}</p>
      </div>
      <button type="button" class="button" onClick={retry}>
        {UI_TEXT.retry}
      </button>
    </div>
  );
}

/** Maximum number of reasons that are listed. */
const MAX_LISTED = 50;

/** Items that an answer lacks because they could not be read, each with its reason. Nothing if there are none. */
export function Unread({ missing }: { missing: readonly Missing[] | null | undefined }) {
  const lines = [...new Set((missing ?? []).filter(isUnread).map(UI_TEXT.missing))];
  if (lines.length === 0) return null;
  return (
    <details class="unread-items" data-testid="unread">
      <summary>{UI_TEXT.unread(lines.length, lines[0])}</summary>
      <ul>
        {lines.slice(0, MAX_LISTED).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {lines.length > MAX_LISTED && <li>{UI_TEXT.andMore(lines.length - MAX_LISTED)}</li>}
      </ul>
    </details>
  );
}
