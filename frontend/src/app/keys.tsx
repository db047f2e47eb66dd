import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../ui/context";
import { isField } from "../ui/keyboard_nav";
import type { Panel } from "./registry";
import { TEXT } from "./text";

/** Fields that find layers. */
const SEARCH_FIELDS = '[data-testid="row-filter"], [data-testid="graph-search"]';

/** Handle the page's keyboard shortcuts. A list, a tab or a field handles its own keys first. */
export function useKeys(panels: readonly Panel[]): void {
  const store = useStore();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape" && store.keysListed.value) {
        store.keysListed.value = false;
        return;
      }
      const { key } = event;
      // Leave the field, so that shortcuts work again.
      if (key === "Escape" && isField(event.target)) (event.target as HTMLElement).blur();
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) {
        return;
      }
      const nav = store.keyboardNav.value;
      const far = event.shiftKey ? 10 : 1;
      const acts = new Map<string, (() => void) | undefined>(
        Object.entries({
          ArrowLeft: nav ? () => nav.moveStep(-far) : undefined,
          ArrowRight: nav ? () => nav.moveStep(far) : undefined,
          Home: nav ? () => nav.moveStep(Number.NEGATIVE_INFINITY) : undefined,
          End: nav ? () => nav.moveStep(Number.POSITIVE_INFINITY) : undefined,
          ArrowUp: nav?.moveLayer && (() => nav.moveLayer?.(-1)),
          ArrowDown: nav?.moveLayer && (() => nav.moveLayer?.(1)),
          k: nav?.moveLayer && (() => nav.moveLayer?.(-1)),
          j: nav?.moveLayer && (() => nav.moveLayer?.(1)),
          "/": () => document.querySelector<HTMLElement>(SEARCH_FIELDS)?.focus(),
          "?": () => {
            store.keysListed.value = !store.keysListed.value;
          },
        }),
      );
      const panel = /^[1-9]$/.test(key) ? panels[Number(key) - 1] : undefined;
      const act = panel
        ? () => {
            store.view.panel.value = panel.id;
          }
        : acts.get(key);
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [store, panels]);
}

export function KeyButton() {
  const store = useStore();
  return (
    <button
      type="button"
      class="icon key-button"
      title={TEXT.keys.open}
      aria-label={TEXT.keys.open}
      aria-expanded={store.keysListed.value}
      data-testid="keys-button"
      onClick={() => {
        store.keysListed.value = !store.keysListed.value;
      }}
    >
      <svg width="18" height="16" viewBox="0 0 18 16" fill="none" stroke="currentColor" aria-hidden="true">
        <rect x="1" y="3" width="16" height="10" rx="2" stroke-width="1.3" />
        <path
          d="M4 6h1M7 6h1M10 6h1M13 6h1M4 8.2h1M7 8.2h1M10 8.2h1M13 8.2h1M6 10.6h6"
          stroke-width="1.2"
          stroke-linecap="round"
        />
      </svg>
    </button>
  );
}

/** Dialog with the list of keyboard shortcuts. */
export function KeyHelp() {
  const store = useStore();
  const box = useRef<HTMLDivElement>(null);
  const open = store.keysListed.value;
  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    box.current?.querySelector("button")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
  if (!open) return null;
  const close = () => {
    store.keysListed.value = false;
  };
  return (
    <div class="veil" onClick={(event) => event.target === event.currentTarget && close()}>
      <div
        class="keys"
        role="dialog"
        aria-modal="true"
        aria-label={TEXT.keys.title}
        data-testid="keys"
        ref={box}
        onKeyDown={(event) => {
          // Keep the focus in the dialog, which has only one button.
          if (event.key === "Tab") event.preventDefault();
        }}
      >
        <h2>{TEXT.keys.title}</h2>
        <dl>
          {TEXT.keys.list.map(({ keys, what }) => (
            <div key={what}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <button type="button" class="button" onClick={close}>
          {TEXT.keys.close}
        </button>
      </div>
    </div>
  );
}
