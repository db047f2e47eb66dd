import { afterEach, expect, test, vi } from "vitest";
import { encode } from "../../dev/data.mjs";
import { HttpSource } from "./client";
import { divideRuns, MAX_RUNS } from "./divide";
import { QueryClient } from "./query_client";

afterEach(() => void vi.unstubAllGlobals());

const names = (n: number) => Array.from({ length: n }, (_, i) => `run_${i}`);
const nobody = () => new AbortController().signal;

/** Answer requests with a finding per run. A run named `bad` fails the request. */
function serve() {
  const sent: { runs: string[] }[] = [];
  let pending = 0;
  let most = 0;
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as { runs: string[] };
    sent.push(body);
    most = Math.max(most, ++pending);
    await new Promise((done) => setTimeout(done));
    pending--;
    init.signal?.throwIfAborted();
    if (body.runs.includes("bad")) return new Response("no", { status: 503, statusText: "Unavailable" });
    const others = ["run_0", "run_700", "elsewhere"].filter((run) => !body.runs.includes(run));
    return new Response(
      new Uint8Array(
        encode({ findings: [], others, missing: body.runs.map((run) => ({ run, reason: "no findings" })) }),
      ),
    );
  });
  return { sent, most: () => most };
}

test("HttpSource, more runs than a request may name, sends several and joins the answers", async () => {
  const server = serve();
  const { header, partial } = await new HttpSource().post("findings", { runs: names(1201) }, nobody());
  expect(server.sent.map(({ runs }) => runs.length)).toEqual([500, 500, 201]);
  expect(server.most()).toBe(2);
  expect(header.missing.map(({ run }) => run)).toEqual(names(1201));
  // Runs of another part of the request are no other runs.
  expect(header.others).toEqual(["elsewhere"]);
  expect(partial).toBe(false);
});

test("HttpSource, one part fails, answers the others and lists its runs", async () => {
  serve();
  const runs = [...names(600), "bad"];
  const client = new QueryClient(new HttpSource(), () => false);
  const answer = await client.fetch<{ missing: { run: string; unread?: boolean; reason: string }[] }>(
    "findings",
    { runs },
    { signal: nobody() },
  );
  const unread = answer.missing.filter((one) => one.unread);
  expect(unread.map(({ run }) => run)).toEqual(runs.slice(MAX_RUNS));
  expect(unread[0].reason).toBe("503 Unavailable: no");
  // It is requested again when it is needed again.
  expect(client.peek("findings", { runs })).toBeNull();
});

test("HttpSource, all parts fail, fails", async () => {
  serve();
  const runs = ["bad", ...names(499), "bad"];
  await expect(new HttpSource().post("findings", { runs }, nobody())).rejects.toThrow("503 Unavailable: no");
});

test("HttpSource, aborted between parts, sends no more", async () => {
  const server = serve();
  const abort = new AbortController();
  const answer = new HttpSource().post("findings", { runs: names(5000) }, abort.signal);
  abort.abort(new Error("nobody waits"));
  await expect(answer).rejects.toThrow("nobody waits");
  expect(server.sent.length).toBe(2);
});

test.each([
  ["a few", names(3), [3]],
  ["none", [], [0]],
  ["as many as allowed", names(500), [500]],
  ["one more", names(501), [500, 1]],
  ["long names", Array(10).fill("ü".repeat(100_000)), [4, 4, 2]],
  ["a name beyond the limit", ["x".repeat(2_000_000), "y"], [1, 1]],
])("divideRuns, %s, respects the limits of the server", (_, runs, sizes) => {
  const parts = divideRuns({ runs, kind: "gradient" });
  expect(parts.map((part) => part.runs.length)).toEqual(sizes);
  expect(parts.flatMap((part) => part.runs)).toEqual(runs);
  for (const part of parts) expect(part.kind).toBe("gradient");
});
