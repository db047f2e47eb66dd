import { beforeEach, describe, expect, test } from "vitest";
import { FakeSource, settle } from "../testing/helpers";
import { QueryClient } from "./query_client";

let source: FakeSource;
let client: QueryClient;
let hidden: boolean;

beforeEach(() => {
  source = new FakeSource();
  hidden = false;
  client = new QueryClient(source, () => hidden, 96e6);
});

const waiter = () => new AbortController();

describe("cache", () => {
  test("QueryClient, more bytes than its bound, evicts the least recently used response", async () => {
    for (const step of [1, 2, 3]) {
      const response = client.fetch("things", { step }, waiter());
      source.posts[step - 1].respond(String(step), 40e6);
      await response;
    }
    expect(client.peek("things", { step: 1 })).toBeNull();
    expect(client.peek("things", { step: 2 })).toBe("2");
  });

  test("QueryClient, one response beyond its bound, keeps it", async () => {
    const response = client.fetch("things", {}, waiter());
    source.posts[0].respond("large", 100e6);
    await response;
    expect(client.peek("things", {})).toBe("large");
  });

  test("QueryClient, response with keep false, is not cached", async () => {
    const once = () => client.fetch("things", {}, { ...signalOf(), keep: false });
    const first = once();
    source.posts[0].respond("one", 1);
    expect(await first).toBe("one");
    void once();
    expect(source.posts.length).toBe(2);
  });
});

test("QueryClient, request of several callers, is sent once and aborted when nobody waits", async () => {
  const [first, second, third] = [waiter(), waiter(), waiter()];
  const body = { step: 1 };
  const one = client.fetch("things", body, first);
  const two = client.fetch("things", body, second);
  expect([source.posts.length, client.pending]).toEqual([1, 1]);
  first.abort();
  expect(source.posts[0].signal.aborted).toBe(false);
  source.posts[0].respond("response", 1);
  expect(await two).toBe("response");
  expect(await one).toBe("response");
  expect([client.pending, client.peek("things", body)]).toEqual([0, "response"]);
  // After all waiting callers gave up, the request is sent again. A failed request is not cached either.
  const lost = client.fetch("things", { step: 2 }, third);
  third.abort();
  expect(source.posts[1].signal.aborted).toBe(true);
  const again = client.fetch("things", { step: 2 }, second);
  expect(source.posts.length).toBe(3);
  source.posts[1].fail(new Error("aborted"));
  await expect(lost).rejects.toThrow("aborted");
  source.posts[2].fail(new Error("500 no"));
  await expect(again).rejects.toThrow("500 no");
  void client.fetch("things", { step: 2 }, second);
  expect(source.posts.length).toBe(4);
});

test("QueryClient, one request fails, others get their responses", async () => {
  const sent = [1, 2].map((step) => client.fetch("things", { step }, waiter()));
  source.posts[0].fail(new Error("500 no"));
  source.posts[1].respond("two");
  await expect(sent[0]).rejects.toThrow("500 no");
  expect(await sent[1]).toBe("two");
});

describe("reload", () => {
  test("QueryClient, response to a request from before a reload, is not cached", async () => {
    const old = client.fetch("things", {}, waiter());
    expect(client.reload()).toBe(true);
    const now = client.fetch("things", {}, waiter());
    expect(source.posts.length).toBe(2);
    source.posts[1].respond("new");
    expect(await now).toBe("new");
    source.posts[0].respond("old");
    expect(await old).toBe("old");
    expect(client.peek("things", {})).toBe("new");
  });

  test("QueryClient, reload of a hidden tab, happens once it is shown", () => {
    hidden = true;
    expect([client.reload(), client.generation.value]).toEqual([false, 0]);
    expect([client.shown(), client.generation.value]).toEqual([false, 0]);
    hidden = false;
    expect([client.shown(), client.generation.value]).toEqual([true, 1]);
    expect([client.shown(), client.generation.value]).toEqual([false, 1]);
  });
});

describe("priority", () => {
  test("QueryClient, idle request, is sent when nothing else is pending", async () => {
    const shown = client.fetch("things", { step: 1 }, waiter());
    const ahead = client.fetch("things", { step: 2 }, { ...signalOf(), priority: "idle" });
    await settle();
    expect([source.posts.length, client.pending]).toEqual([1, 1]);
    source.posts[0].respond("one");
    await shown;
    await settle();
    expect([source.posts.length, client.pending]).toEqual([2, 0]);
    source.posts[1].respond("two");
    expect(await ahead).toBe("two");
  });

  test("QueryClient, idle request aborted while it waits, is never sent", async () => {
    const shown = client.fetch("things", { step: 1 }, { ...signalOf(), priority: "later" });
    const abort = waiter();
    const ahead = client.fetch("things", { step: 2 }, { signal: abort.signal, priority: "idle" });
    abort.abort();
    source.posts[0].respond("one");
    await shown;
    await expect(ahead).rejects.toThrow("aborted");
    expect(source.posts.length).toBe(1);
  });
});

const signalOf = () => ({ signal: waiter().signal });
