// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QueryClient } from "../data/query_client";
import { Store } from "../data/store";
import { FakeSource, info, settle } from "../testing/helpers";
import { App } from "./app";
import { Loader } from "./loader";

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
  const store = new Store();
  const source = new FakeSource();
  prepare(source);
  const loader = new Loader(store, source, () => false);
  await act(async () => {
    const client = new QueryClient(source, () => false);
    render(<App store={store} client={client} reload={() => void loader.reload()} />, root);
    void loader.reload();
    await settle();
  });
  return { store, source };
}

const find = (id: string) => root.querySelector<HTMLElement>(`[data-testid="${id}"]`);

test("no runs: the lines of code that fill the page", async () => {
  await show(() => {});
  expect(find("empty-state")?.textContent).toContain("with tb_nnviz.watch(model, optimizer");
  expect(find("empty-state")?.textContent).toContain("tensorboard --logdir runs");
});

test("the list of runs cannot be had: the error, and a retry that works", async () => {
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

test("runs with colour, reference and switch", async () => {
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

test("no run selected is said; an invalid filter is marked", async () => {
  const { store } = await show((source) => {
    source.listed = [info("one", 1)];
  });
  await act(async () => {
    store.view.runs.value = [];
    store.view.runFilter.value = "(";
  });
  // The panel is a chunk of its own.
  await vi.waitFor(() => expect(root.textContent).toContain("No run selected"), 10_000);
  expect(find("run-filter")?.getAttribute("aria-invalid")).toBe("true");
});

test("what goes wrong while drawing is shown", async () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  const store = new Store();
  Object.defineProperty(store, "listed", {
    get: () => {
      throw new Error("invalid thing: 7");
    },
  });
  store.runs.value = [info("one", 1)];
  const client = new QueryClient(new FakeSource(), () => false);
  await act(async () => render(<App store={store} client={client} reload={() => {}} />, root));
  expect(find("error")?.textContent).toContain("invalid thing: 7");
  quiet.mockRestore();
});
