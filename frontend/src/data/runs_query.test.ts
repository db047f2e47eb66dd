import { beforeEach, expect, test } from "vitest";
import { settle } from "../testing/helpers";
import { QueryClient } from "./query_client";
import type { Priority } from "./request";
import { RunsQuery, type RunsRequest } from "./runs_query";

interface Sent {
  runs: string[];
  priority: Priority;
  signal: AbortSignal;
  respond: (value?: string) => void;
  fail: (error: Error) => void;
}

let client: QueryClient;
let sent: Sent[];

beforeEach(() => {
  client = new QueryClient({ post: () => new Promise(() => {}) }, () => false, 100);
  sent = [];
});

const request = (key: string): RunsRequest<string> => ({
  key,
  load: (runs, signal, priority) =>
    new Promise((resolve, fail) => {
      const respond = (value = key) => resolve(new Map(runs.map((run) => [run, `${value} of ${run}`])));
      sent.push({ runs, signal, priority, respond, fail });
    }),
});
const queryOf = (options: { requests?: number; adds?: boolean } = {}) =>
  new RunsQuery<string>(client, { bytesOf: () => 10, ...options });
const respondAll = async () => {
  for (let i = 0; i < sent.length; i++) {
    sent[i].respond();
    await settle();
  }
};

test("RunsQuery, several requests, sends the first alone and then four at once", async () => {
  const query = queryOf({ requests: 12 });
  const runs = Array.from({ length: 12 }, (_, i) => `r${i}`);
  void query.fetchRuns(request("norm"), runs);
  expect(sent.map((one) => one.runs)).toEqual([["r0"]]);
  expect(query.progress.value).toEqual({ done: 0, of: 12 });
  sent[0].respond();
  await settle();
  expect(sent.length).toBe(5);
  expect(query.progress.value).toEqual({ done: 1, of: 12 });
  await respondAll();
  expect(sent.length).toBe(12);
  expect([query.pending.value, query.progress.value, query.data.value.size]).toEqual([false, null, 12]);
});

test("RunsQuery, many runs, divides them among its requests", async () => {
  void queryOf({ requests: 2 }).fetchRuns(request("norm"), ["a", "b", "c"]);
  await respondAll();
  expect(sent.map(({ runs }) => runs)).toEqual([["a", "b"], ["c"]]);
});

test("RunsQuery, another request and back, sends nothing for cached runs", async () => {
  const query = queryOf();
  void query.fetchRuns(request("norm"), ["a"]);
  await respondAll();
  void query.fetchRuns(request("rms"), ["a"]);
  expect([...query.data.value]).toEqual([]);
  await respondAll();
  expect(await query.fetchRuns(request("norm"), ["a"])).toBe(true);
  expect([sent.length, query.data.value.get("a")]).toEqual([2, "norm of a"]);
});

test("RunsQuery, another request, aborts the pending one and drops its response", async () => {
  const query = queryOf();
  const first = query.fetchRuns(request("norm"), ["a"]);
  void query.fetchRuns(request("rms"), ["a"]);
  expect(sent[0].signal.aborted).toBe(true);
  sent[0].respond();
  expect(await first).toBe(false);
  expect([...query.data.value]).toEqual([]);
  expect(query.pending.value).toBe(true);
});

test("RunsQuery, reload, keeps old values until each new one arrives", async () => {
  const query = queryOf({ requests: 2 });
  void query.fetchRuns(request("norm"), ["a", "b"]);
  await respondAll();
  client.reload();
  void query.fetchRuns(request("norm"), ["a", "b"]);
  expect([...query.data.value.values()]).toEqual(["norm of a", "norm of b"]);
  sent[2].respond("new norm");
  await settle();
  expect([...query.data.value.values()]).toEqual(["new norm of a", "norm of b"]);
});

test("RunsQuery, more bytes than the cache holds, keeps the values that are shown", async () => {
  const query = queryOf();
  const runs = Array.from({ length: 12 }, (_, i) => `r${i}`);
  void query.fetchRuns(request("norm"), runs);
  await respondAll();
  expect(query.data.value.size).toBe(12);
  expect(await query.fetchRuns(request("norm"), runs)).toBe(true);
  expect(sent.length).toBe(1);
});

test("RunsQuery, failed request, reports the error and can be repeated", async () => {
  const query = queryOf();
  const fetched = query.fetchRuns(request("norm"), ["a"]);
  sent[0].fail(new Error("503 gone"));
  expect(await fetched).toBe(false);
  expect([query.pending.value, query.error.value]).toEqual([false, "503 gone"]);
  void query.fetchRuns(request("norm"), ["a"]);
  expect([sent.length, query.error.value]).toEqual([2, null]);
});

test("RunsQuery, more runs of a query that adds, leaves pending requests alone", async () => {
  const query = queryOf({ adds: true });
  void query.fetchRuns(request("norm"), ["a"]);
  void query.fetchRuns(request("norm"), ["a", "b"]);
  expect(sent.map(({ runs }) => runs)).toEqual([["a"], ["b"]]);
  expect(sent[0].signal.aborted).toBe(false);
  await respondAll();
  expect([...query.data.value.keys()]).toEqual(["a", "b"]);
});

test("RunsQuery, prefetch, fills the cache when idle and shows nothing", async () => {
  const query = queryOf();
  void query.fetchRuns(request("norm"), ["a"]);
  await respondAll();
  const ahead = query.prefetch(request("rms"), ["a"], query.signal);
  expect(sent[1].priority).toBe("idle");
  sent[1].respond();
  await ahead;
  expect(query.data.value.get("a")).toBe("norm of a");
  expect(await query.fetchRuns(request("rms"), ["a"])).toBe(true);
  expect([sent.length, query.data.value.get("a")]).toEqual([2, "rms of a"]);
});
