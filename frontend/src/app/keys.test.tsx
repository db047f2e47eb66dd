// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Store } from "../data/store";
import { StoreContext } from "../ui/context";
import { useKeyboardNav } from "../ui/keyboard_nav";
import { KeyHelp, useKeys } from "./keys";
import type { Panel } from "./registry";
import { Tabs } from "./tabs";

const PANELS: Panel[] = ["one", "two", "three"].map((id) => ({
  id,
  title: id.toUpperCase(),
  maxRuns: 9,
  load: () => Promise.reject(new Error("not opened here")),
  concerns: () => () => false,
}));
const nav = { moveStep: vi.fn(), moveLayer: vi.fn() };
let root: HTMLElement;
let store: Store;

function Page() {
  useKeys(PANELS);
  useKeyboardNav(nav);
  return (
    <>
      <Tabs panels={PANELS} now={store.view.panel.value ?? "one"} />
      <input data-testid="row-filter" />
      <KeyHelp />
    </>
  );
}

beforeEach(async () => {
  root = document.createElement("div");
  document.body.append(root);
  store = new Store();
  await act(async () =>
    render(
      <StoreContext.Provider value={store}>
        <Page />
      </StoreContext.Provider>,
      root,
    ),
  );
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.clearAllMocks();
});

const press = (key: string, more: KeyboardEventInit = {}, target: Element = document.body) =>
  act(async () => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  });
const help = () => root.querySelector('[data-testid="keys"]');

test("useKeys, arrows, j and k, move in the open panel but not from a field", async () => {
  await press("ArrowRight");
  await press("ArrowLeft", { shiftKey: true });
  await press("Home");
  expect(nav.moveStep.mock.calls).toEqual([[1], [-10], [Number.NEGATIVE_INFINITY]]);
  await press("j");
  await press("ArrowUp");
  expect(nav.moveLayer.mock.calls).toEqual([[1], [-1]]);
  const field = root.querySelector("input")!;
  await press("j", {}, field);
  await press("ArrowRight", { ctrlKey: true });
  expect(nav.moveLayer).toHaveBeenCalledTimes(2);
  expect(nav.moveStep).toHaveBeenCalledTimes(3);
});

test("useKeys, numbers, open panels and do nothing beyond the last", async () => {
  await press("2");
  expect(store.view.panel.value).toBe("two");
  await press("7");
  expect(store.view.panel.value).toBe("two");
});

test("useKeys, slash, focuses the filter", async () => {
  await press("/");
  expect(document.activeElement).toBe(root.querySelector("input"));
});

test("useKeys, question mark, lists the keys until Escape restores the focus", async () => {
  root.querySelector("input")!.focus();
  await press("?");
  expect(help()?.textContent).toContain("previous or next layer");
  expect(document.activeElement?.textContent).toBe("Close");
  await press("Escape");
  expect(help()).toBeNull();
  expect(document.activeElement).toBe(root.querySelector("input"));
});

test("Tabs, arrows, open the next tab and wrap around", async () => {
  const tab = (id: string) => root.querySelector<HTMLElement>(`#tab-${id}`)!;
  expect(tab("one").tabIndex).toBe(0);
  expect(tab("two").tabIndex).toBe(-1);
  await press("ArrowLeft", {}, tab("one"));
  expect(store.view.panel.value).toBe("three");
  expect(document.activeElement).toBe(tab("three"));
  expect(nav.moveStep).not.toHaveBeenCalled();
});
