import { useEffect, useMemo, useState } from "preact/hooks";
import { pool } from "../../data/pool";
import { keyOf, messageOf, type Priority } from "../../data/request";
import { useQueryClient } from "../../data/use_query";
import type { HealthAnswer, RunHealth } from "../../lib/rules/health";
import { useStore } from "../context";
import { bookOf, markOf } from "./diagnosis_book";

/** Maximum number of pending diagnoses. The server computes them, and answers other requests beside them. */
const AT_ONCE = 2;

/** State of the diagnosis of one run. */
export interface Diagnosis {
  /** The newest diagnosis, possibly by other settings; null if there is none yet. */
  health: RunHealth | null;
  /** True while a newer diagnosis is computed. */
  pending: boolean;
  error: string | null;
  /** The reason why the run has no diagnosis. */
  reason: string | null;
}

export interface Diagnoses {
  runs: ReadonlyMap<string, Diagnosis>;
  pending: number;
  /** The first error of any run. */
  error: string | null;
  retry: () => void;
}

interface Options {
  priority: Priority;
  enabled?: boolean;
  /** The run that the others are compared with. */
  reference?: string | null;
}

/**
 * Request the diagnoses of runs, one request per run, so that a large run delays no other. While a diagnosis is
 * computed again, the old one stays. All views share the diagnoses and decide together when a run that grows is
 * diagnosed again.
 */
export function useDiagnoses(
  runs: readonly string[],
  rules: object | null,
  { priority, enabled = true, reference = null }: Options,
): Diagnoses {
  const client = useQueryClient();
  const store = useStore();
  const book = bookOf(client);
  const listing = store.runs.value;
  const marks = useMemo(() => new Map(listing?.map((info) => [info.run, markOf(info)])), [listing]);
  const [version, setVersion] = useState(0);
  const [round, setRound] = useState(0);
  const redraw = () => setVersion((n) => n + 1);
  const key = enabled ? JSON.stringify([runs, rules, reference]) : "";
  const paramsOf = (run: string) => ({
    runs: [run],
    ...(rules && { rules }),
    ...(reference !== null && { reference }),
  });
  // A diagnosis beside a reference grows with both runs.
  const markFor = (run: string) =>
    `${marks.get(run) ?? ""}${reference === null ? "" : (marks.get(reference) ?? "")}`;
  const placeOf = (run: string) => `${reference ?? ""}\n${run}`;
  const requestOf = (run: string) => keyOf("health", paramsOf(run));
  const current = enabled ? runs.map((run) => book.isCurrent(requestOf(run), listing, markFor(run))) : [];
  const isComplete = current.every((one) => one);
  useEffect(() => {
    if (!enabled || isComplete) return;
    const abort = new AbortController();
    const one = async (run: string) => {
      const request = requestOf(run);
      const mark = markFor(run);
      const began = performance.now();
      let found: { answer: HealthAnswer | null; error: string | null };
      try {
        const options = { signal: abort.signal, priority };
        found = { answer: await client.fetch<HealthAnswer>("health", paramsOf(run), options), error: null };
      } catch (error) {
        found = { answer: null, error: messageOf(error) };
      }
      if (abort.signal.aborted) return;
      if (!book.isCurrent(request, listing, mark))
        book.put(request, placeOf(run), { ...found, listing, mark }, performance.now() - began);
      redraw();
    };
    void pool(
      runs.filter((run) => !book.isCurrent(requestOf(run), listing, markFor(run))),
      AT_ONCE,
      one,
    ).then(() => {
      // A run may have become due meanwhile.
      if (!abort.signal.aborted) setRound((n) => n + 1);
    });
    return () => abort.abort();
  }, [client, key, listing, isComplete, priority, round]);
  const due = enabled
    ? runs.map((run) => book.dueIn(requestOf(run), listing, markFor(run))).filter((ms) => ms !== null)
    : [];
  const next = due.length > 0 ? Math.min(...due) : null;
  useEffect(() => {
    if (next === null) return;
    const timer = setTimeout(redraw, next + 1);
    return () => clearTimeout(timer);
  }, [next === null, key, listing, isComplete]);
  const states = runs.map((run, i) => {
    const known = book.get(requestOf(run));
    return `${current[i]} ${known?.ended} ${known?.error}`;
  });
  return useMemo(() => {
    const found = new Map(
      enabled
        ? runs.map((run, i) => {
            const known = book.get(requestOf(run));
            const answer = known?.answer ?? book.newestOf(placeOf(run));
            return [run, stateOf(run, answer, current[i], known?.error ?? null)];
          })
        : [],
    );
    const all = [...found.values()];
    return {
      runs: found,
      pending: all.filter(({ pending }) => pending).length,
      error: all.find(({ error }) => error !== null)?.error ?? null,
      retry: () => {
        book.retry();
        redraw();
      },
    };
  }, [key, version, listing, states.join("\n")]);
}

function stateOf(
  run: string,
  answer: HealthAnswer | null,
  isCurrent: boolean,
  error: string | null,
): Diagnosis {
  return {
    health: answer?.runs.find((one) => one.run === run) ?? null,
    pending: !isCurrent,
    error: isCurrent ? error : null,
    reason: answer?.missing.find((one) => one.run === run)?.reason ?? null,
  };
}
