// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSource, info } from "../testing/helpers";
import { App } from "./app";
import { Boundary } from "./boundary";
import { pageState } from "./page";

vi.mock("../panels/weights", () => ({
  View: () => {
    throw new Error("invalid nodes[3]: null");
  },
  style: "",
}));
vi.mock("../panels/structure", () => ({ View: () => <p>sound</p>, style: "" }));

let root: HTMLElement;
beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

const find = (id: string) => root.querySelector<HTMLElement>(`[data-testid="${id}"]`);

test("App, panel that throws, goes on in the other panels", async () => {
  const page = pageState(new FakeSource(), () => false);
  page.store.runs.value = [info("one", 1)];
  page.store.view.panel.value = "weights";
  await act(async () => render(<App page={page} reload={() => {}} />, root));
  await vi.waitFor(() => expect(find("error")).not.toBeNull(), 10_000);
  expect(find("error")!.textContent).toContain("tb_nnviz could not draw the panel Weights");
  expect(find("error")!.textContent).toContain("invalid nodes[3]: null");
  expect(find("run-one")).not.toBeNull();
  await act(async () => find("tab-structure")!.click());
  await vi.waitFor(() => expect(root.textContent).toContain("sound"), 10_000);
  expect(find("error")).toBeNull();
});

test("Boundary, retry or other data, draws again", async () => {
  let broken = true;
  const Part = () => {
    if (broken) throw new Error("unknown thing: 7");
    return <i>drawn</i>;
  };
  const show = (data: number) =>
    act(async () =>
      render(
        <Boundary what="the part" resetOn={[data]}>
          <Part />
        </Boundary>,
        root,
      ),
    );
  await show(1);
  expect(find("error")!.textContent).toContain("tb_nnviz could not draw the part");
  await act(async () => find("error-retry")!.click());
  expect(find("error")).not.toBeNull();
  broken = false;
  await show(1);
  expect(find("error")).not.toBeNull();
  await act(async () => find("error-retry")!.click());
  expect(root.textContent).toBe("drawn");
  broken = true;
  await show(2);
  broken = false;
  await show(3);
  expect(root.textContent).toBe("drawn");
});

test("Boundary, copy details, copies the error with its place", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { ...navigator, userAgent: "browser", clipboard: { writeText } });
  const Part = () => {
    throw new Error("unknown thing: 7");
  };
  await act(async () =>
    render(
      <Boundary what="the part">
        <Part />
      </Boundary>,
      root,
    ),
  );
  await act(async () => find("error-copy")!.click());
  expect(writeText).toHaveBeenCalledWith(
    expect.stringMatching(/the part\nError: unknown thing: 7[\s\S]*browser/),
  );
  expect(find("error-copy")!.textContent).toBe("Copied");
  vi.unstubAllGlobals();
});
