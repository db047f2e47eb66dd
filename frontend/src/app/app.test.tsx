// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSource, info, settle } from "../testing/helpers";
import { App } from "./app";
import { pageState } from "./page";

let root: HTMLElement;

beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

async function show(prepare: (source: FakeSource) => void) {
  const source = new FakeSource();
  prepare(source);
  const page = pageState(source, () => false);
  await act(async () => {
    render(<App page={page} reload={() => void page.runs.reload()} />, root);
    void page.runs.reload();
    await settle();
  });
  return { ...page, source };
}

const find = (id: string) => root.querySelector<HTMLElement>(`[data-testid="${id}"]`);

test("App, no runs, shows the code that fills the page", async () => {
  await show(() => {});
  expect(find("empty-state")?.textContent).toContain("with tb_nnviz.watch(model, optimizer");
  expect(find("empty-state")?.textContent).toContain("tensorboard --logdir runs");
});

test("App, list of runs fails, shows the error and retries", async () => {
  let broken: FakeSource | null = null;
  await show((source) => {
    broken = source;
    source.failRuns = new Error("500 Internal Server Error: no");
  });
  expect(find("error")?.textContent).toContain("500 Internal Server Error: no");
  broken!.failRuns = null;
  await act(async () => {
    find("error")!.querySelector("button")!.click();
    await settle();
  });
  expect(find("error")).toBeNull();
  expect(find("empty-state")).not.toBeNull();
});

test("App, runs, have a switch and a reference pin", async () => {
  const { store } = await show((source) => {
    source.listed = [info("one", 1), info("two", 2)];
  });
  const box = find("run-two")!.querySelector<HTMLElement>('[role="checkbox"]')!;
  expect(box.getAttribute("aria-checked")).toBe("true");
  await act(async () => box.click());
  expect(store.shown.value).toEqual(["one"]);
  expect(find("run-two")!.querySelector('[role="checkbox"]')!.getAttribute("aria-checked")).toBe("false");
  await act(async () => find("run-two")!.querySelector<HTMLElement>(".pin")!.click());
  expect(store.shown.value).toEqual(["two", "one"]);
});

test("App, no run selected, says so and marks an invalid filter", async () => {
  const { store } = await show((source) => {
    source.listed = [info("one", 1)];
  });
  await act(async () => {
    store.view.runs.value = [];
    store.view.runFilter.value = "(";
  });
  // The panel is a separate chunk.
  await vi.waitFor(() => expect(root.textContent).toContain("No run selected"), 10_000);
  expect(find("run-filter")?.getAttribute("aria-invalid")).toBe("true");
});

test("App, error while drawing, is shown", async () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  const page = pageState(new FakeSource(), () => false);
  const { store } = page;
  Object.defineProperty(store, "listed", {
    get: () => {
      throw new Error("invalid thing: 7");
    },
  });
  store.runs.value = [info("one", 1)];
  await act(async () => render(<App page={page} reload={() => {}} />, root));
  expect(find("error")?.textContent).toContain("invalid thing: 7");
  quiet.mockRestore();
});

test("App, shown run with a notice, shows its reason in the panel that lacks the data", async () => {
  const notice = { reason: "the model is in evaluation mode", kinds: ["activation"], step: 3 };
  const { store } = await show((source) => {
    source.listed = [
      { ...info("a", 0), notices: [notice] },
      { ...info("bare", 1, {}), notices: [{ reason: "no step has ended", kinds: [], step: 0 }] },
    ];
  });
  const text = () => find("notices")?.textContent ?? "";
  expect(text()).toContain("a, step 3: the model is in evaluation mode");
  expect(text()).toContain("bare, step 0: no step has ended");
  expect(find("run-bare")!.querySelector(".metric")!.textContent).toBe("no data");
  await act(async () => {
    store.view.panel.value = "curves";
    store.toggleRun("bare");
    await settle();
  });
  expect(find("notices")).toBeNull();
});
