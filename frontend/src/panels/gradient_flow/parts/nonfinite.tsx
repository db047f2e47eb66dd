import { useQuery } from "../../../data/use_query";
import { exact } from "../../../lib/format";
import { worstOf } from "../../../lib/nonfinite";
import type { Line, SeriesResponse } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Delay before a request, so that a passing pointer requests nothing. */
const REST_MS = 150;

const read = ({ series }: SeriesResponse) => series[0] ?? null;

interface Props {
  run: string;
  line: Line;
  /** First and last logged step, inclusive. */
  from: number;
  to: number;
  /** Text to show until the counts are loaded. */
  fallback: string;
}

/**
 * Number of steps with NaN or Inf within a column, and their elements. The steps of the column are requested once the
 * pointer rests on it.
 */
export function NonfiniteSteps({ run, line, from, to, fallback }: Props) {
  const store = useStore();
  const kind = store.kind.value;
  const { rows } = useFlow().rows.union.value;
  const has = store.runs.value?.find((one) => one.run === run)?.kinds.get(kind) ?? [];
  const source = store.source.value;
  const statistics = [
    source,
    ...["nonfinite", "count"].filter((name) => name !== source && has.includes(name)),
  ];
  const names = line.rows.map((row) => rows[row].name);
  const body = { runs: [run], kind, statistics, rows: [line.type === "row" ? names[0] : names], from, to };
  const { data: one } = useQuery("series", body, read, { debounce: REST_MS });
  const of = (name: string) => one?.values.get(name);
  const found = one
    ? worstOf(one.absent, of(source), of("nonfinite"), of("count"), kind === "gradient")
    : null;
  if (!one || !found) return <>{fallback}</>;
  const elements = found.elements === null ? null : exact(found.elements);
  const all = found.all === null ? null : exact(found.all);
  const share = elements === null ? null : all === null ? elements : TEXT.ofElements(elements, all);
  if (one.steps.length === 1) return <>{share === null ? fallback : TEXT.nonfiniteCount(share)}</>;
  return (
    <span data-testid="nonfinite-steps">
      {TEXT.nonfiniteSteps(found.steps, one.steps.length)}
      {share !== null && TEXT.nonfiniteMost(one.steps[found.at], share, found.steps)}
    </span>
  );
}
