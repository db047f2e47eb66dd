import { createContext } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Answers } from "./answers";

export const AnswersContext = createContext<Answers | null>(null);

export function useAnswers(): Answers {
  const answers = useContext(AnswersContext);
  if (!answers) throw new Error("missing answers: no provider above this view");
  return answers;
}

export interface Answer<T> {
  /** Of exactly this question; while a reload is under way, what was there before it. */
  data: T | null;
  /** The last answer that came, to whichever question: to fade out instead of leaving a hole. */
  last: T | null;
  error: string | null;
  loading: boolean;
  retry: () => void;
}

/**
 * What a route answers to a question; null asks nothing. Answers that come too late are dropped, and a reload
 * asks again while the old answer stays.
 *
 *     const { data, error, retry } = useAnswer("maps", { runs, prefix, tag: null, steps: null }, readListing);
 */
export function useAnswer<T>(route: string, body: object | null, read: (header: unknown) => T): Answer<T> {
  const answers = useAnswers();
  const generation = answers.generation.value;
  const key = body === null ? null : `${route} ${JSON.stringify(body)}`;
  const [attempt, setAttempt] = useState(0);
  const [, redraw] = useState(0);
  const came = useRef<{ key: string; header: unknown; data: T } | null>(null);
  const failed = useRef<{ key: string; message: string } | null>(null);

  // What is at hand is drawn at once, without a flash of "loading".
  const hand = body === null ? null : answers.peek(route, body);
  if (key !== null && hand !== null && came.current?.header !== hand) {
    came.current = { key, header: hand, data: read(hand) };
    failed.current = null;
  }
  const wanted = useMemo(() => body, [key]);
  useEffect(() => {
    if (wanted === null || key === null) return;
    const abort = new AbortController();
    answers.ask(route, wanted, abort.signal).then(
      (header) => {
        if (abort.signal.aborted) return;
        if (came.current?.header !== header) came.current = { key, header, data: read(header) };
        failed.current = null;
        redraw((n) => n + 1);
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        failed.current = { key, message: error instanceof Error ? error.message : String(error) };
        redraw((n) => n + 1);
      },
    );
    return () => abort.abort();
  }, [key, generation, attempt]);

  const data = key !== null && came.current?.key === key ? came.current.data : null;
  const error = failed.current && failed.current.key === key ? failed.current.message : null;
  return {
    data,
    last: came.current?.data ?? null,
    error,
    loading: key !== null && data === null && error === null,
    retry: () => {
      failed.current = null;
      setAttempt((n) => n + 1);
    },
  };
}
