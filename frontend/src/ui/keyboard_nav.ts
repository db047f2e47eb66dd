import { useEffect } from "preact/hooks";
import type { KeyboardNav } from "../data/store";
import { useStore } from "./context";

/** Let the arrow keys move among the steps and layers of the open panel. */
export function useKeyboardNav(nav: KeyboardNav): void {
  const store = useStore();
  useEffect(() => {
    store.keyboardNav.value = nav;
    return () => {
      if (store.keyboardNav.peek() === nav) store.keyboardNav.value = null;
    };
  }, [store, nav]);
}

/** Return whether an element handles letters and arrow keys itself. */
export const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.isContentEditable);
