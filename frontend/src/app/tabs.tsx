import { useRef } from "preact/hooks";
import { useStore } from "../ui/context";
import { KeyButton } from "./keys";
import type { Panel } from "./registry";
import { TEXT } from "./text";

/** One tab per panel. Arrow keys move between tabs. */
export function Tabs({ panels, now }: { panels: readonly Panel[]; now: string }) {
  const store = useStore();
  const root = useRef<HTMLDivElement>(null);
  const open = (id: string) => {
    store.view.panel.value = id;
  };
  const move = (event: KeyboardEvent) => {
    const at = panels.findIndex(({ id }) => id === now);
    const to = new Map([
      ["ArrowLeft", at - 1],
      ["ArrowRight", at + 1],
      ["Home", 0],
      ["End", panels.length - 1],
    ]).get(event.key);
    if (to === undefined) return;
    event.preventDefault();
    const next = panels[(to + panels.length) % panels.length].id;
    open(next);
    root.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={TEXT.panels} ref={root} onKeyDown={move}>
        {panels.map(({ id, title }) => (
          <button
            type="button"
            key={id}
            id={`tab-${id}`}
            role="tab"
            aria-selected={id === now}
            aria-controls="tab-panel"
            tabIndex={id === now ? 0 : -1}
            data-testid={`tab-${id}`}
            onClick={() => open(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <KeyButton />
    </div>
  );
}
