import type { HistogramsAnswer } from "../../lib/answers/histograms";
import type { MapsAnswer } from "../../lib/answers/maps";
import type { StructureAnswer } from "../../lib/answers/structure";
import type { FindingsHeader } from "../../lib/rules/findings";
import type { HealthAnswer } from "../../lib/rules/health";
import type { Missing, Row, SeriesResponse } from "../../lib/types";
import { decodeFindings } from "./findings";
import { decodeHealth } from "./health";
import { decodeHistograms } from "./histograms";
import { decodeMaps } from "./maps";
import { decodeScalars, type ScalarsAnswer } from "./scalars";
import { decodeSeries, type SeriesBody } from "./series";
import { decodeStructure } from "./structure";

/** Answers of the routes that name runs, as the page reads them. */
export interface Answers {
  series: SeriesResponse;
  scalars: ScalarsAnswer;
  maps: MapsAnswer;
  histograms: HistogramsAnswer;
  structure: StructureAnswer;
  findings: FindingsHeader;
  health: HealthAnswer;
}
export type RouteName = keyof Answers;

/** Body of a request. */
export type Body = SeriesBody & { runs?: readonly string[]; prefix?: string; rules?: object };
/** Layouts of earlier answers by id, which a request lists as known. */
export type KnownLayouts = Map<string, Row[]>;

type Decoder<T> = (header: unknown, body: Body, known: KnownLayouts) => T;

const DECODERS: { readonly [R in RouteName]: Decoder<Answers[R]> } = {
  series: decodeSeries,
  scalars: decodeScalars,
  maps: decodeMaps,
  histograms: decodeHistograms,
  structure: decodeStructure,
  findings: decodeFindings,
  health: decodeHealth,
};

export const ROUTES = Object.keys(DECODERS) as readonly RouteName[];

/** Return the checked answer of a route. Throw if it is no answer at all. */
export const decodeAnswer = <R extends RouteName>(
  route: R,
  header: unknown,
  body: Body,
  known: KnownLayouts,
): Answers[R] => DECODERS[route](header, body, known);

/** Join the answers to parts of a request, whose runs are all of `runs`. */
export function joinAnswers<A extends { missing: Missing[] }>(
  parts: readonly A[],
  runs: readonly string[],
): A {
  if (parts.length === 1) return parts[0];
  const keys = Object.keys(parts[0]) as (keyof A)[];
  // All fields of all answers are lists.
  const joined = new Map(keys.map((key): [keyof A, unknown[]] => [key, parts.flatMap((part) => part[key])]));
  // To a part of the request, the runs of the other parts are other runs.
  const others = joined.get("others" as keyof A);
  const asked = new Set<unknown>(runs);
  if (others)
    joined.set(
      "others" as keyof A,
      [...new Set(others)].filter((run) => !asked.has(run)),
    );
  return Object.fromEntries(joined) as unknown as A;
}
