import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { pool } from "../../data/pool";
import { keyOf, messageOf, type Priority } from "../../data/request";
import { useQueryClient } from "../../data/use_query";
import type { HealthAnswer, RunHealth } from "../../lib/rules/health";

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

interface Known {
  request: string;
  answer: HealthAnswer | null;
  error: string | null;
}

/**
 * Request the diagnoses of runs, one request per run, so that a large run delays no other. While a diagnosis is
 * computed again, the old one stays. Views that request the same share the requests.
 */
export function useDiagnoses(
  runs: readonly string[],
  rules: object | null,
  priority: Priority,
  enabled = true,
): Diagnoses {
  const client = useQueryClient();
  const generation = client.generation.value;
  const [attempt, setAttempt] = useState(0);
  const [version, setVersion] = useState(0);
  const known = useRef(new Map<string, Known>()).current;
  const key = enabled ? JSON.stringify([runs, rules]) : "";
  const paramsOf = (run: string) => (rules ? { runs: [run], rules } : { runs: [run] });
  const requestOf = (run: string) => `${generation} ${attempt} ${keyOf("health", paramsOf(run))}`;
  for (const run of enabled ? runs : []) {
    const cached = client.peek("health", paramsOf(run)) as HealthAnswer | null;
    if (cached && known.get(run)?.answer !== cached)
      known.set(run, { request: requestOf(run), answer: cached, error: null });
  }
  useEffect(() => {
    if (!enabled) return;
    const abort = new AbortController();
    const one = async (run: string) => {
      const request = requestOf(run);
      try {
        const answer = await client.fetch<HealthAnswer>("health", paramsOf(run), {
          signal: abort.signal,
          priority,
        });
        if (!abort.signal.aborted) known.set(run, { request, answer, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        known.set(run, { request, answer: known.get(run)?.answer ?? null, error: messageOf(error) });
      }
      if (!abort.signal.aborted) setVersion((n) => n + 1);
    };
    const missing = runs.filter((run) => known.get(run)?.request !== requestOf(run));
    void pool(missing, AT_ONCE, one);
    return () => abort.abort();
  }, [client, key, generation, attempt, priority]);
  const states = runs.map((run) => {
    const one = known.get(run);
    return `${one?.request === requestOf(run)} ${one?.error}`;
  });
  return useMemo(() => {
    const found = new Map(
      enabled ? runs.map((run) => [run, stateOf(run, known.get(run), requestOf(run))]) : [],
    );
    const all = [...found.values()];
    return {
      runs: found,
      pending: all.filter(({ pending }) => pending).length,
      error: all.find(({ error }) => error !== null)?.error ?? null,
      retry: () => setAttempt((n) => n + 1),
    };
  }, [key, version, states.join("\n")]);
}

function stateOf(run: string, known: Known | undefined, request: string): Diagnosis {
  const isNewest = known?.request === request;
  const answer = known?.answer ?? null;
  return {
    health: answer?.runs.find((one) => one.run === run) ?? null,
    pending: !isNewest,
    error: isNewest ? (known?.error ?? null) : null,
    reason: answer?.missing.find((one) => one.run === run)?.reason ?? null,
  };
}
