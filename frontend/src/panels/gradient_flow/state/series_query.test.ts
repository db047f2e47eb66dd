import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pageState } from "../../../app/page";
import type { RunSeries } from "../../../lib/types";
import { FakeSource, info, row, settle, wait } from "../../../testing/helpers";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STEPS = Float64Array.from({ length: 4 }, (_, i) => i);
const ROWS = [row("x.weight")];

/** Return four steps in four columns, which is enough for any width. */
const inColumns = (run: string, statistic: string): RunSeries => ({
  run,
  rows: ROWS,
  steps: STEPS,
  wallTimes: STEPS,
  absent: new Uint8Array(0),
  values: new Map(),
  reduced: {
    steps: STEPS,
    starts: Float64Array.of(0, 1, 2, 3),
    columns: new Map([
      [
        statistic,
        {
          min: Float32Array.of(1, 1, 1, 1),
          mean: Float32Array.of(1, 1, 1, 1),
          max: Float32Array.of(1, 1, 1, 1),
          states: Uint8Array.of(1, 1, 1, 1),
          at: Uint8Array.of(0, 0, 0, 0),
        },
      ],
    ]),
  },
});

test("SeriesQuery, runs in columns, fetches other statistics ahead when idle", async () => {
  const source = new FakeSource();
  source.listed = [info("r", 0, { gradient: ["norm", "rms", "count"] })];
  const { store, flow, runs } = pageState(source, () => false);
  void runs.reload();
  await settle();
  const respond = (at: number, statistic: string) =>
    source.requests[at].respond({ series: [inColumns("r", statistic)], missing: [] });
  respond(0, "norm");
  const ahead = () => source.requests.filter(({ request }) => request.statistics[0] === "rms");
  await wait(500);
  // Marks and exact values are still pending.
  expect(ahead()).toEqual([]);
  source.windows[0].respond([]);
  for (const { request, respond } of source.requests.slice(1))
    if (request.width === undefined) respond({ series: [], missing: [] });
  await settle();
  expect(ahead().map(({ request }) => request)).toEqual([
    { runs: ["r"], kind: "gradient", statistics: ["rms"], width: 384 },
  ]);
  expect(source.requests.some(({ request }) => request.statistics[0] === "count")).toBe(false);
  const sent = source.requests.length;
  ahead()[0].respond({ series: [inColumns("r", "rms")], missing: [] });
  await settle();
  store.choose("gradient", "rms");
  expect(source.requests.slice(sent).filter(({ request }) => request.width !== undefined)).toEqual([]);
  flow.dispose();
  runs.dispose();
});
