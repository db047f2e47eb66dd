import { useEffect, useMemo } from "preact/hooks";
import { asIs, type QueryState, useQuery, useQueryClient } from "../../data/use_query";
import type { MapEvent, MapHeader, MapListing, MapsAnswer } from "../../lib/answers/maps";
import { allSteps, nearest } from "../../lib/steps";
import { MAP_INPUT_TAG, MAP_PREFIX } from "../../lib/tags";
import { cutsSample } from "./model";

/** Step after all others. The map nearest to it is the last one. */
const LAST = Number.MAX_SAFE_INTEGER;
/** Maximum number of steps per request. Several steps per request keep playing smooth. */
const MAX_STEPS = 8;
const MAX_BYTES = 4e6;

const listingOf = ({ listed: maps, missing }: MapsAnswer): MapListing => ({ maps, missing });

export function useListing(runs: readonly string[]): QueryState<MapListing> {
  const body = { runs, prefix: MAP_PREFIX, tag: null };
  return useQuery("maps", runs.length > 0 ? body : null, listingOf);
}

/** Return the probe inputs of each run, for the model that contains a layer. */
export function useInputs(
  runs: readonly string[],
  layer: string | null,
): QueryState<MapsAnswer> & { logged: boolean } {
  const listing = useQuery(
    "maps",
    runs.length > 0 ? { runs, prefix: MAP_INPUT_TAG, tag: null } : null,
    listingOf,
  );
  const tags = [...new Set(listing.data?.maps.map(({ tag }) => tag))];
  // With several models, layer names start with the name of the model.
  const tag = tags.find((one) => layer?.startsWith(`${one.slice(MAP_INPUT_TAG.length + 1)}.`)) ?? tags[0];
  const body = tag === undefined ? null : { runs, prefix: MAP_INPUT_TAG, tag, steps: [LAST] };
  const query = useQuery("maps", body, asIs);
  return {
    ...query,
    error: listing.error ?? query.error,
    pending: listing.pending || query.pending,
    retry: listing.error !== null ? listing.retry : query.retry,
    // True until the listing has loaded.
    logged: tag !== undefined || listing.data === null,
  };
}

export interface Maps {
  /** Steps at which any run has a map of this layer. */
  steps: Float64Array;
  /** The shown step. */
  step: number;
  /** Each run's map nearest to `step`. */
  maps: ReadonlyMap<string, MapEvent>;
  /** Each run's last map. */
  newest: ReadonlyMap<string, MapEvent>;
  /** Per run without a map, the reason. */
  reasons: ReadonlyMap<string, string>;
  error: string | null;
  loading: boolean;
  retry: () => void;
}

const NO_STEPS = new Float64Array(0);
const byRun = (maps: readonly MapEvent[]) => new Map(maps.map((one): [string, MapEvent] => [one.run, one]));

/** Return a layer's maps of all runs at a step, and prefetch those of nearby steps. */
export function useMaps(
  runs: readonly string[],
  tag: string | null,
  header: MapHeader | null,
  sample: number,
  wanted: number | null,
): Maps {
  const client = useQueryClient();
  const at = header && cutsSample(header) ? { at: { sample } } : {};
  const request = { runs, prefix: MAP_PREFIX, tag, ...at };
  const last = useQuery("maps", tag !== null && runs.length > 0 ? { ...request, steps: [LAST] } : null, asIs);
  const stepsOf = useMemo(() => new Map(last.data?.steps.map(({ run, steps }) => [run, steps])), [last.data]);
  const steps = useMemo(() => (last.data ? allSteps([...stepsOf.values()]) : NO_STEPS), [stepsOf]);
  const index = nearest(steps, wanted ?? LAST);
  const size = last.data?.maps.reduce((sum, one) => sum + one.values.length, 0) ?? 0;
  const length = Math.max(1, Math.min(MAX_STEPS, Math.floor(MAX_BYTES / Math.max(1, size))));
  const from = Math.floor(Math.max(0, index) / length) * length;
  const isLast = index === steps.length - 1;
  const chunk = (start: number) => ({ ...request, steps: [...steps.subarray(start, start + length)] });
  const some = useQuery("maps", last.data && index >= 0 && !isLast ? chunk(from) : null, asIs);
  const source = isLast ? last.data : some.data;

  // Prefetch the next steps. Ignore errors here, since they occur again when the maps are needed.
  const next = from + length;
  useEffect(() => {
    if (!some.data || next >= steps.length - 1) return;
    const abort = new AbortController();
    client.fetch("maps", chunk(next), { signal: abort.signal }).catch(() => undefined);
    return () => abort.abort();
  }, [some.data, next]);

  const maps = useMemo(() => {
    const found = new Map<string, MapEvent>();
    for (const [run, own] of stepsOf) {
      const step = own[nearest(own, steps[index])];
      const one = source?.maps.find((candidate) => candidate.run === run && candidate.step === step);
      if (one) found.set(run, one);
    }
    return found;
  }, [source, stepsOf, steps, index]);
  const newest = useMemo(() => byRun(last.data?.maps ?? []), [last.data]);
  const reasons = useMemo(
    () => new Map((source?.missing ?? []).map(({ run, reason }): [string, string] => [run ?? "", reason])),
    [source],
  );
  const failed = last.error !== null ? last : some;
  return {
    steps,
    step: index >= 0 ? steps[index] : 0,
    maps,
    newest,
    reasons,
    error: failed.error,
    loading: last.pending || some.pending,
    retry: failed.retry,
  };
}

/** Return one unit of every run at all steps. */
export function useHistory(
  runs: readonly string[],
  tag: string,
  at: ReadonlyMap<string, number>,
): QueryState<MapsAnswer> {
  return useQuery("maps", { runs, prefix: MAP_PREFIX, tag, steps: null, at: Object.fromEntries(at) }, asIs);
}
