import { useState } from "preact/hooks";
import { EMPTY_STEPS, UI_TEXT } from "./text";

/** Empty state of the page, which shows the code that logs data. */
export function Empty() {
  return (
    <div class="empty" data-testid="empty-state">
      <EmptyPicture />
      <h1>{UI_TEXT.emptyTitle}</h1>
      <p>{UI_TEXT.emptyHelp}</p>
      {EMPTY_STEPS.map(({ title, code }) => (
        <Code key={title} title={title} code={code} />
      ))}
      <p class="dim">{UI_TEXT.emptyReload}</p>
    </div>
  );
}

export function Code({ title, code }: { title: string; code: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // Without clipboard permission in this frame, the text can still be selected.
    }
  };
  return (
    <div class="code">
      <h2>{title}</h2>
      <button type="button" class="button" onClick={copy}>
        {copied ? UI_TEXT.copied : UI_TEXT.copy}
      </button>
      <pre>{code}</pre>
    </div>
  );
}

/** A small decorative heat map. */
function EmptyPicture() {
  const colours = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];
  return (
    <svg width="132" height="72" viewBox="0 0 132 72" aria-hidden="true">
      {colours.flatMap((_, row) =>
        Array.from({ length: 11 }, (_, column) => {
          const at = Math.min(
            5,
            Math.max(0, Math.round(5 - row - ((column * 7 + row * 3) % 5) / 4 + column / 6)),
          );
          return (
            <rect
              key={`${row}/${column}`}
              x={column * 12}
              y={row * 12}
              width="11"
              height="11"
              rx="2"
              fill={colours[at]}
              opacity={0.35 + column * 0.06}
            />
          );
        }),
      )}
    </svg>
  );
}
