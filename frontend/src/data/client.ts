import type {
  Missing,
  Row,
  ScalarSeries,
  ScalarsRequest,
  SeriesRequest,
  SeriesResponse,
  Source,
} from "../lib/types";
import { type Answers, type Body, decodeAnswer, joinAnswers, type RouteName } from "./decode/answers";
import { decodeRuns, type RunsAnswer } from "./decode/runs";
import { divideRuns } from "./divide";
import { pool } from "./pool";
import { messageOf } from "./request";
import { decode } from "./wire";

/**
 * Base of the routes, relative to the document's base URL. TensorBoard sets that to the plugin's URL, including any
 * path prefix.
 */
const BASE = ".";
/** Maximum number of pending parts of one request. */
const AT_ONCE = 2;
/** Maximum number of layouts that a request lists as known. */
const MAX_KNOWN = 5000;

/** A checked answer, its size in bytes, and whether a part of it could not be loaded. */
interface Answer<T> {
  header: T;
  bytes: number;
  partial: boolean;
}

/** The routes of the server. Requests of many runs are divided, and every answer is checked. */
export class HttpSource implements Source {
  /** Layouts by kind and id. */
  private readonly layouts = new Map<string, Map<string, Row[]>>();

  constructor(private readonly base: string = BASE) {}

  async runs(signal: AbortSignal): Promise<RunsAnswer> {
    const response = await this.fetch("runs", { signal });
    return decodeRuns(await response.json());
  }

  async series(request: SeriesRequest, signal: AbortSignal): Promise<SeriesResponse> {
    return (await this.post("series", request, signal)).header;
  }

  async scalars(request: ScalarsRequest, signal: AbortSignal): Promise<ScalarSeries[]> {
    return (await this.post("scalars", request, signal)).header.series;
  }

  /**
   * Send a request, in parts if it names many runs. If some parts fail, their runs are listed as missing. If all
   * fail, so does the request.
   */
  async post<R extends RouteName>(route: R, body: Body, signal: AbortSignal): Promise<Answer<Answers[R]>> {
    const { runs = [] } = body;
    const parts = divideRuns(body);
    const answers = new Array<Answers[R]>(parts.length);
    const missing: Missing[] = [];
    let bytes = 0;
    let failure: unknown;
    const one = async (i: number) => {
      try {
        const answer = await this.part(route, parts[i], signal);
        answers[i] = answer.header;
        bytes += answer.bytes;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
        for (const run of parts[i].runs ?? []) missing.push({ run, reason: messageOf(error), unread: true });
      }
    };
    await pool([...parts.keys()], AT_ONCE, one);
    const arrived = answers.filter((answer) => answer !== undefined);
    if (arrived.length === 0) throw failure;
    const header = joinAnswers<Answers[R]>(arrived, runs);
    header.missing.push(...missing);
    return { header, bytes, partial: missing.length > 0 };
  }

  private async part<R extends RouteName>(route: R, body: Body, signal: AbortSignal) {
    const known = this.knownLayouts(body);
    const hasLayouts = route === "series" && !body.rows;
    const response = await this.fetch(route, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(hasLayouts ? { ...body, known: [...known.keys()].slice(-MAX_KNOWN) } : body),
      signal,
    });
    const buffer = await response.arrayBuffer();
    return { header: decodeAnswer(route, decode(buffer), body, known), bytes: buffer.byteLength };
  }

  private knownLayouts({ kind = "" }: Body): Map<string, Row[]> {
    let known = this.layouts.get(kind);
    if (!known) {
      known = new Map();
      this.layouts.set(kind, known);
    }
    return known;
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
