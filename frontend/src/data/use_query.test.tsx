// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeSource, settle } from "../testing/helpers";
import { QueryClient } from "./query_client";
import { QueryContext, useQuery } from "./use_query";

/** The fake source answers any route with anything. */
const ROUTE = "things" as "maps";

let root: HTMLElement;
let source: FakeSource;
let client: QueryClient;
let hidden: boolean;

beforeEach(() => {
  root = document.createElement("div");
  source = new FakeSource();
  hidden = false;
  client = new QueryClient(source, () => hidden);
});
afterEach(() => render(null, root));

function Probe({ body, debounce }: { body: object | null; debounce?: number }) {
  const { data, previous, error, pending, retry } = useQuery(
    ROUTE,
    body,
    (header) => String(header),
    debounce === undefined ? {} : { debounce },
  );
  return (
    <button type="button" onClick={retry}>
      {JSON.stringify({ data, previous, error, pending })}
    </button>
  );
}

const show = (body: object | null) =>
  act(async () => {
    render(
      <QueryContext.Provider value={client}>
        <Probe body={body} />
      </QueryContext.Provider>,
      root,
    );
    await settle();
  });
const state = () => JSON.parse(root.textContent ?? "");
const reply = (at: number, what: string | Error, bytes = 1) =>
  act(async () => {
    what instanceof Error ? source.posts[at].fail(what) : source.posts[at].respond(what, bytes);
    await settle();
  });

test("useQuery, null parameters, sends nothing", async () => {
  await show(null);
  expect(source.posts).toEqual([]);
  expect(state()).toEqual({ data: null, previous: null, error: null, pending: false });
});

test("useQuery, equal parameters again, sends nothing", async () => {
  await show({ step: 1 });
  expect(state().pending).toBe(true);
  await reply(0, "one");
  expect(state()).toEqual({ data: "one", previous: "one", error: null, pending: false });
  await show({ step: 2 });
  expect(state()).toEqual({ data: null, previous: "one", error: null, pending: true });
  await reply(1, "two");
  await show({ step: 1 });
  expect(state().data).toBe("one");
  expect(source.posts.length).toBe(2);
});

test("useQuery, late response to an earlier request, is dropped", async () => {
  await show({ step: 1 });
  await show({ step: 2 });
  expect(source.posts[0].signal.aborted).toBe(true);
  await reply(1, "two");
  await reply(0, "one");
  expect(state().data).toBe("two");
});

test("useQuery, retry after an error, shows the response", async () => {
  await show({ step: 1 });
  await reply(0, new Error("500 no"));
  expect(state()).toEqual({ data: null, previous: null, error: "500 no", pending: false });
  await act(async () => {
    root.querySelector("button")!.click();
    await settle();
  });
  await reply(1, "one");
  expect(state()).toEqual({ data: "one", previous: "one", error: null, pending: false });
});

test("useQuery, reload, keeps the old response; a hidden tab waits until shown", async () => {
  await show({ step: 1 });
  await reply(0, "old");
  hidden = true;
  await act(async () => void client.reload());
  expect(source.posts.length).toBe(1);
  hidden = false;
  await act(async () => {
    client.shown();
    await settle();
  });
  expect(source.posts.length).toBe(2);
  expect(state()).toEqual({ data: "old", previous: "old", error: null, pending: false });
  await reply(1, "new");
  expect(state().data).toBe("new");
});

test("useQuery, debounced request, is sent once it rests; a cached response is shown at once", async () => {
  const debounced = (step: number) =>
    act(async () => {
      render(
        <QueryContext.Provider value={client}>
          <Probe body={{ step }} debounce={20} />
        </QueryContext.Provider>,
        root,
      );
      await settle();
    });
  await debounced(1);
  await debounced(2);
  expect(source.posts).toEqual([]);
  await act(() => new Promise((done) => setTimeout(done, 40)));
  expect(source.posts.map(({ body }) => body)).toEqual([{ step: 2 }]);
  await reply(0, "two");
  await debounced(3);
  await debounced(2);
  expect(state()).toEqual({ data: "two", previous: "two", error: null, pending: false });
  expect(source.posts.length).toBe(1);
});

test("useQuery, response that cannot be read, is an error", async () => {
  const quiet = { step: 1 };
  const Broken = () => {
    const { error } = useQuery(ROUTE, quiet, () => {
      throw new Error("invalid header");
    });
    return <i>{error}</i>;
  };
  await act(async () => {
    render(
      <QueryContext.Provider value={client}>
        <Broken />
      </QueryContext.Provider>,
      root,
    );
    await settle();
  });
  await reply(0, "x");
  expect(root.textContent).toBe("invalid header");
});
