import { effect } from "@preact/signals";
import { expect, test } from "vitest";
import { info } from "../testing/helpers";
import { Store } from "./store";

function listed(): Store {
  const store = new Store();
  store.runs.value = ["a", "b", "c", "d", "e"].map((run, i) => info(run, i));
  return store;
}

test("Store, run filter that does not parse, keeps the last valid one", () => {
  const store = listed();
  store.view.runFilter.value = "[ab]";
  expect(store.listed.items.value).toEqual(["a", "b"]);
  store.view.runFilter.value = "[ab";
  expect(store.listed.valid.value).toBe(false);
  expect(store.listed.items.value).toEqual(["a", "b"]);
  store.selectListed(false);
  expect(store.selected.value).toEqual(["c", "d"]);
});

test("Store, run added before an implied reference, keeps the reference", () => {
  const store = listed();
  store.view.runs.value = ["b", "c"];
  expect(store.ref.value).toBe("b");
  store.toggleRun("a");
  expect(store.shown.value).toEqual(["b", "a", "c"]);
});

test("Store, keys of a panel not opened yet, stay in the URL", () => {
  const store = new Store();
  store.setPanelKeys(new Map(Object.entries({ "act.sample": "3", "hist.mode": "heat" })));
  expect(store.key("act.sample").value).toBe("3");
  store.key("act.sample").value = null;
  store.key("act.layer").value = "fc1";
  expect(Object.fromEntries(store.panelKeys())).toEqual({ "hist.mode": "heat", "act.layer": "fc1" });
  store.setPanelKeys(new Map());
  expect(store.key("act.layer").value).toBeNull();
  expect(() => store.key("step")).toThrow("invalid key: step");
});

test("Store, panel key first requested later, is written to the URL", () => {
  const store = new Store();
  const seen: object[] = [];
  effect(() => {
    seen.push(Object.fromEntries(store.panelKeys()));
  });
  store.key("late.choice").value = "b";
  expect(seen.at(-1)).toEqual({ "late.choice": "b" });
});
