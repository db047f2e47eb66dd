import { vi } from "vitest";
import { NNVIZ_PREFIX } from "../lib/tags";
import type {
  Grid,
  Line,
  Row,
  RunInfo,
  RunSeries,
  ScalarSeries,
  ScalarsRequest,
  SeriesRequest,
  SeriesResponse,
  Source,
} from "../lib/types";

export function row(name: string, more: Partial<Row> = {}): Row {
  const leaf = name.endsWith(".weight") || name.endsWith(".bias");
  return {
    name,
    module: leaf ? name.slice(0, name.lastIndexOf(".")) : name,
    call: 0,
    type: "Linear",
    shape: [4, 3],
    numel: 12,
    role: name.endsWith(".bias") ? "bias" : "weight",
    ...more,
  };
}

/** Return a series with its only values under another statistic. */
export const renamed = (one: RunSeries, statistic: string): RunSeries => ({
  ...one,
  values: new Map([[statistic, one.values.get("norm")!]]),
});

/** Return a series from `values[step][row]`. A null value is absent. */
export function series(
  run: string,
  names: string[],
  steps: number[],
  values: (number | null)[][],
): RunSeries {
  const flat = values.flat();
  return {
    run,
    rows: names.map((name) => row(name)),
    steps: Float64Array.from(steps),
    wallTimes: Float64Array.from(steps),
    absent: Uint8Array.from(flat, (value) => (value === null ? 1 : 0)),
    values: new Map([["norm", Float32Array.from(flat, (value) => value ?? Number.NaN)]]),
  };
}

export function grid(run: string, steps: number[], values: number[][], states: number[][]): Grid {
  return {
    run,
    steps: Float64Array.from(steps),
    lines: values.length,
    values: Float32Array.from(values.flat()),
    states: Uint8Array.from(states.flat()),
  };
}

export const line = (key: string, rows: number[], type: Line["type"] = "row"): Line => ({
  key,
  label: key,
  depth: 0,
  type,
  rows,
});

export const info = (
  run: string,
  time: number,
  kinds: Record<string, string[]> = { gradient: ["norm"] },
): RunInfo => ({
  run,
  kinds: new Map(Object.entries(kinds)),
  first_wall_time: time,
  steps: 2,
  notices: [],
});

/** A source that responds only when the test says so, so that tests control the order of responses. */
export class FakeSource implements Source {
  listed: RunInfo[] = [];
  requests: {
    request: SeriesRequest;
    respond: (respond: SeriesResponse) => void;
    fail: (error: Error) => void;
  }[] = [];
  failRuns: Error | null = null;
  /** Requests for window scalars. */
  windows: {
    request: ScalarsRequest;
    respond: (respond: ScalarSeries[]) => void;
    fail: (error: Error) => void;
  }[] = [];

  async runs() {
    if (this.failRuns) throw this.failRuns;
    return { runs: this.listed, missing: [] };
  }

  series(request: SeriesRequest) {
    return new Promise<SeriesResponse>((respond, fail) => {
      this.requests.push({ request, respond, fail });
    });
  }

  /** Return the runs requested since the nth request. */
  runsSince(n: number): string[] {
    return this.requests.slice(n).flatMap(({ request }) => request.runs);
  }

  /** Respond to all requests since the nth, including those sent meanwhile, each with the series of its runs. */
  async respondAll(of: (run: string) => RunSeries | null, since = 0): Promise<void> {
    for (let i = since; i < this.requests.length; i++) {
      const { request, respond } = this.requests[i];
      const series = request.runs.map(of);
      respond({
        series: series.filter((one) => one !== null),
        missing: request.runs
          .filter((_, k) => series[k] === null)
          .map((run) => ({ run, statistic: null, reason: "not there" })),
      });
      await settle();
    }
  }

  /** Requests of panels to their own routes. */
  posts: {
    route: string;
    body: object;
    signal: AbortSignal;
    respond: (header: unknown, bytes?: number) => void;
    fail: (error: Error) => void;
  }[] = [];

  post(route: string, body: object, signal: AbortSignal) {
    return new Promise<{ header: unknown; bytes: number }>((respond, fail) => {
      const send = (header: unknown, bytes = 1) => respond({ header, bytes });
      this.posts.push({ route, body, signal, respond: send, fail });
    });
  }

  async scalars(request: ScalarsRequest) {
    if (request.last) return [];
    return new Promise<ScalarSeries[]>((respond, fail) => {
      this.windows.push({ request, respond, fail });
    });
  }
}

/** Return scalars of one run, given values per tag without the prefix `nnviz/`. */
export const scalars = (run: string, steps: number[], tags: Record<string, number[]>): ScalarSeries[] =>
  Object.entries(tags).map(([tag, values]) => ({
    run,
    tag: NNVIZ_PREFIX + tag,
    steps: Float64Array.from(steps),
    wall_times: Float64Array.from(steps),
    values: Float32Array.from(values),
  }));

/** Let time pass. With vitest's fake timers no real time passes, so the machine's load does not matter. */
export async function wait(milliseconds: number): Promise<void> {
  if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(milliseconds);
  else await new Promise((done) => setTimeout(done, milliseconds));
}

/** Let pending promises and effects run. */
export const settle = () => wait(0);
