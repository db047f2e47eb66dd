import type {
  Row,
  RunInfo,
  RunSeries,
  ScalarSeries,
  ScalarsRequest,
  SeriesHeader,
  SeriesRequest,
  Source,
} from "../lib/types";
import { decode } from "./wire";

/**
 * Base of the routes, relative to the document's base URL. TensorBoard sets that to the plugin's URL, including any
 * path prefix.
 */
const ROUTES = ".";

interface ScalarsHeader {
  series: { run: string; tag: string; steps: Float64Array; values: Float32Array }[];
}

/** Return a row for a line that was requested by name. The server sends no layout for these. */
const unknownRow = (line: string | string[]): Row => ({
  name: typeof line === "string" ? line : line.join("\n"),
  module: "",
  call: 0,
  type: "",
  shape: [],
  numel: null,
  role: "other",
});

export class HttpSource implements Source {
  private readonly layouts = new Map<string, Row[]>();

  constructor(private readonly base: string = ROUTES) {}

  async runs(signal: AbortSignal): Promise<RunInfo[]> {
    const response = await this.fetch("runs", { signal });
    const body = (await response.json()) as { runs?: RunInfo[] };
    if (!Array.isArray(body.runs)) throw new Error("missing runs: the response contains no list");
    return body.runs.map((run) => ({ ...run, notices: run.notices ?? [] }));
  }

  async series(request: SeriesRequest, signal: AbortSignal) {
    const known = [...this.layouts.keys()].filter((key) => key.startsWith(`${request.kind}/`));
    const body = { ...request, known: known.map((key) => key.slice(request.kind.length + 1)) };
    const header = (await this.post("series", body, signal)).header as SeriesHeader;
    // Runs with the same layout share one array of rows.
    for (const [id, rows] of Object.entries(header.layouts)) {
      const key = `${request.kind}/${id}`;
      if (!this.layouts.has(key)) this.layouts.set(key, rows);
    }
    const series = header.series.map((one): RunSeries => {
      const rows = request.rows?.map(unknownRow) ?? this.layouts.get(`${request.kind}/${one.layout}`);
      if (!rows) throw new Error(`missing layout: ${one.layout} of run ${one.run}`);
      const { run, steps, starts, columns, percentiles } = one;
      const series = { run, rows, steps, wallTimes: one.wall_times, ...(percentiles && { percentiles }) };
      if (!starts || !columns) return { ...series, absent: one.absent!, values: one.values! };
      return { ...series, absent: new Uint8Array(0), values: {}, reduced: { steps, starts, columns } };
    });
    return { series, missing: header.missing ?? [] };
  }

  async scalars(request: ScalarsRequest, signal: AbortSignal): Promise<ScalarSeries[]> {
    return ((await this.post("scalars", request, signal)).header as ScalarsHeader).series;
  }

  async post(route: string, body: object, signal: AbortSignal): Promise<{ header: unknown; bytes: number }> {
    const headers = { "Content-Type": "application/json" };
    const response = await this.fetch(route, { method: "POST", headers, body: JSON.stringify(body), signal });
    const buffer = await response.arrayBuffer();
    return { header: decode(buffer), bytes: buffer.byteLength };
  }

  private async fetch(route: string, init: RequestInit): Promise<Response> {
    const response = await fetch(`${this.base}/${route}`, init);
    if (!response.ok) {
      const text = (await response.text()).trim().slice(0, 500);
      throw new Error(`${response.status} ${response.statusText}${text ? `: ${text}` : ""}`);
    }
    return response;
  }
}
