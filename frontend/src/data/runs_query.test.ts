import { beforeEach, expect, test } from "vitest";
import { settle } from "../testing/helpers";
import { QueryClient } from "./query_client";
import type { Priority } from "./question";
import { RunsQuery, type RunsQuestion } from "./runs_query";

interface Sent {
  runs: string[];
  priority: Priority;
  signal: AbortSignal;
  answer: (value?: string) => void;
  fail: (error: Error) => void;
}

let client: QueryClient;
let sent: Sent[];

beforeEach(() => {
  client = new QueryClient({ post: () => new Promise(() => {}) }, () => false, 100);
  sent = [];
});

const question = (key: string): RunsQuestion<string> => ({
  key,
  load: (runs, signal, priority) =>
    new Promise((resolve, fail) => {
      const answer = (value = key) => resolve(new Map(runs.map((run) => [run, `${value} of ${run}`])));
      sent.push({ runs, signal, priority, answer, fail });
    }),
});
const queryOf = (options: { requests?: number; adds?: boolean } = {}) =>
  new RunsQuery<string>(client, { bytesOf: () => 10, ...options });
const answerAll = async () => {
  for (let i = 0; i < sent.length; i++) {
    sent[i].answer();
    await settle();
  }
};

test("RunsQuery, several requests, sends the first alone and then four at once", async () => {
  const query = queryOf({ requests: 12 });
  const runs = Array.from({ length: 12 }, (_, i) => `r${i}`);
  void query.askFor(question("norm"), runs);
  expect(sent.map((one) => one.runs)).toEqual([["r0"]]);
  expect(query.progress.value).toEqual({ done: 0, of: 12 });
  sent[0].answer();
  await settle();
  expect(sent.length).toBe(5);
  expect(query.progress.value).toEqual({ done: 1, of: 12 });
  await answerAll();
  expect(sent.length).toBe(12);
  expect([query.pending.value, query.progress.value, query.data.value.size]).toEqual([false, null, 12]);
});

test("RunsQuery, many runs, divides them among its requests", async () => {
  void queryOf({ requests: 2 }).askFor(question("norm"), ["a", "b", "c"]);
  await answerAll();
  expect(sent.map(({ runs }) => runs)).toEqual([["a", "b"], ["c"]]);
});

test("RunsQuery, another question and back, sends nothing for cached runs", async () => {
  const query = queryOf();
  void query.askFor(question("norm"), ["a"]);
  await answerAll();
  void query.askFor(question("rms"), ["a"]);
  expect([...query.data.value]).toEqual([]);
  await answerAll();
  expect(await query.askFor(question("norm"), ["a"])).toBe(true);
  expect([sent.length, query.data.value.get("a")]).toEqual([2, "norm of a"]);
});

test("RunsQuery, another question, aborts the pending one and drops its answer", async () => {
  const query = queryOf();
  const first = query.askFor(question("norm"), ["a"]);
  void query.askFor(question("rms"), ["a"]);
  expect(sent[0].signal.aborted).toBe(true);
  sent[0].answer();
  expect(await first).toBe(false);
  expect([...query.data.value]).toEqual([]);
  expect(query.pending.value).toBe(true);
});

test("RunsQuery, reload, keeps old values until each new one comes", async () => {
  const query = queryOf({ requests: 2 });
  void query.askFor(question("norm"), ["a", "b"]);
  await answerAll();
  client.reload();
  void query.askFor(question("norm"), ["a", "b"]);
  expect([...query.data.value.values()]).toEqual(["norm of a", "norm of b"]);
  sent[2].answer("new norm");
  await settle();
  expect([...query.data.value.values()]).toEqual(["new norm of a", "norm of b"]);
});

test("RunsQuery, more bytes than the cache holds, keeps the values that are shown", async () => {
  const query = queryOf();
  const runs = Array.from({ length: 12 }, (_, i) => `r${i}`);
  void query.askFor(question("norm"), runs);
  await answerAll();
  expect(query.data.value.size).toBe(12);
  expect(await query.askFor(question("norm"), runs)).toBe(true);
  expect(sent.length).toBe(1);
});

test("RunsQuery, failed request, reports the error and asks again", async () => {
  const query = queryOf();
  const asked = query.askFor(question("norm"), ["a"]);
  sent[0].fail(new Error("503 gone"));
  expect(await asked).toBe(false);
  expect([query.pending.value, query.error.value]).toEqual([false, "503 gone"]);
  void query.askFor(question("norm"), ["a"]);
  expect([sent.length, query.error.value]).toEqual([2, null]);
});

test("RunsQuery, more runs of a query that adds, leaves pending requests alone", async () => {
  const query = queryOf({ adds: true });
  void query.askFor(question("norm"), ["a"]);
  void query.askFor(question("norm"), ["a", "b"]);
  expect(sent.map(({ runs }) => runs)).toEqual([["a"], ["b"]]);
  expect(sent[0].signal.aborted).toBe(false);
  await answerAll();
  expect([...query.data.value.keys()]).toEqual(["a", "b"]);
});

test("RunsQuery, prefetch, fills the cache when idle and shows nothing", async () => {
  const query = queryOf();
  void query.askFor(question("norm"), ["a"]);
  await answerAll();
  const ahead = query.prefetch(question("rms"), ["a"], query.signal);
  expect(sent[1].priority).toBe("idle");
  sent[1].answer();
  await ahead;
  expect(query.data.value.get("a")).toBe("norm of a");
  expect(await query.askFor(question("rms"), ["a"])).toBe(true);
  expect([sent.length, query.data.value.get("a")]).toEqual([2, "rms of a"]);
});
