import { useMemo, useRef } from "preact/hooks";
import { asIs, type QueryState, useQuery } from "../../data/use_query";
import type { Structure, StructureAnswer } from "../../lib/answers/structure";
import { unionRows } from "../../lib/row_union";
import { allSteps, nearest } from "../../lib/steps";
import type { RunSeries, Scale, SeriesResponse } from "../../lib/types";
import { useStore } from "../../ui/context";
import { factsOf, flat, type Models, moduleTree, requestedRows, type ValueRequest } from "./model";
import {
  type Cell,
  cellOf,
  isDefined,
  type LineSeries,
  lineSeries,
  NOTHING,
  PENDING,
  sharedScale,
} from "./model_values";

/** Number of columns of a sparkline. */
const WIDTH = 48;
/** Maximum number of names in one request. */
const MAX_NAMES = 20_000;

/** Values of the lines that `asked` names. */
interface Loaded {
  asked: string;
  series: RunSeries[];
}

/** Return the models of the shown runs. */
export function useModels(): { models: Models | null; query: QueryState<StructureAnswer> } {
  const store = useStore();
  const shown = store.shown.value;
  const query = useQuery("structure", shown.length > 0 ? { runs: shown } : null, asIs);
  const data = query.data ?? query.previous;
  const found = useMemo(
    () => data && shown.flatMap((run) => data.runs.find((one) => one.run === run) ?? []),
    [data, shown.join("\n")],
  );
  const runs = useUnchanged(found);
  const models = useMemo(() => {
    if (!runs) return null;
    const facts = runs.map(factsOf);
    const names = unionRows(facts).rows.map(({ name }) => name);
    const tree = moduleTree(facts, names);
    return { runs, facts, tree, modules: flat(tree) };
  }, [runs]);
  return { models, query };
}

/** Return the previous models if their content is the same, so that a reload does not redraw them. */
function useUnchanged(next: Structure[] | null): Structure[] | null {
  const kept = useRef(new Map<string, { text: string; one: Structure }>());
  const last = useRef<Structure[] | null>(null);
  return useMemo(() => {
    const now = next?.map((one) => {
      const text = JSON.stringify(one);
      const had = kept.current.get(one.run);
      if (had?.text === text) return had.one;
      kept.current.set(one.run, { text, one });
      return one;
    });
    const same = now?.length === last.current?.length && now?.every((one, i) => one === last.current?.[i]);
    if (!same) last.current = now ?? null;
    return last.current;
  }, [next]);
}

export interface Values {
  series: LineSeries[];
  steps: Float64Array;
  step: number;
  scale: Scale;
  /** Return the value of a module or a call (`act#1`) of a run at the cursor's step. */
  cell: (run: string, name: string) => Cell;
  /** Return the index of a module's line, or -1. */
  lineOf: (name: string) => number;
  requested: ValueRequest[];
  loading: boolean;
  error: string | null;
  retry: () => void;
}

/** Return the newest response if it is of these lines. */
function seriesOf({ data, previous }: QueryState<Loaded>, asked: string): RunSeries[] | null {
  const one = data ?? previous;
  return one?.asked === asked ? one.series : null;
}

function withinLimit(requested: ValueRequest[]): ValueRequest[] {
  let names = 0;
  const small = [...requested].sort((a, b) => a.rows.length - b.rows.length);
  const kept = new Set(
    small.filter(({ rows }) => {
      names += rows.length;
      return names <= MAX_NAMES;
    }),
  );
  return requested.filter((one) => kept.has(one));
}

/** Return the selected statistic of every module, over steps and at the cursor. */
export function useValues(models: Models | null): Values {
  const store = useStore();
  const kind = store.kind.value;
  const statistic = store.statistic.value;
  const requested = useMemo(() => {
    if (!models) return [];
    const ofLayers = kind.startsWith("activation");
    const rows = models.runs.map(({ layers, parameters }) => (ofLayers ? layers : parameters) ?? []);
    return withinLimit(requestedRows(models.tree, unionRows(rows).rows, ofLayers));
  }, [models, kind]);
  const runs = models?.runs.map(({ run }) => run) ?? [];
  // Backward gain depends on neighbouring layers, which only Gradient flow loads.
  const request =
    requested.length === 0 || store.source.value !== statistic
      ? null
      : {
          runs,
          kind,
          statistics: [statistic],
          rows: requested.map(({ rows }) => (rows.length === 1 ? rows[0] : rows)),
        };
  // An earlier response may be of other lines or of another statistic. It must not stand in for these.
  const asked = useMemo(() => JSON.stringify([kind, statistic, request?.rows]), [kind, statistic, requested]);
  const readSeries = (answer: SeriesResponse): Loaded => ({ asked, series: answer.series });
  const over = useQuery("series", request && { ...request, width: WIDTH }, readSeries);
  const loaded = seriesOf(over, asked);
  const series = useMemo(
    () => (loaded ?? []).flatMap((one) => lineSeries(one, statistic, requested.length) ?? []),
    [loaded, statistic, requested],
  );
  const known = useRef<Float64Array>(new Float64Array(0));
  const steps = useMemo(() => {
    // The steps stay while other values are pending.
    if (loaded !== null || request === null) known.current = allSteps(series.map((one) => one.steps));
    return known.current;
  }, [series, request === null]);
  const last = steps.at(-1) ?? 0;
  const step = Math.min(store.view.step.value ?? last, last);
  // If columns contain several steps, the cursor's step is requested separately.
  const near = series.map((one) => one.steps[nearest(one.steps, step)] ?? step);
  const at = useQuery(
    "series",
    request && series.some(({ whole }) => !whole)
      ? { ...request, from: Math.min(...near), to: Math.max(...near) }
      : null,
    readSeries,
  );
  const now = seriesOf(at, asked);
  const places = useMemo(
    () => new Map(requested.map(({ key }, i): [string, number] => [key, i])),
    [requested],
  );
  const { lo, hi } = store.view;
  const mode = store.mode.value;
  const thresholds = store.thresholds.value;
  const scale = useMemo(
    () => sharedScale(series, statistic, mode, [lo.value, hi.value], thresholds),
    [series, statistic, mode, lo.value, hi.value, thresholds],
  );
  const lineOf = (name: string) => places.get(name) ?? -1;
  const cellIn = (of: LineSeries, line: number, value: number, absent: boolean) =>
    cellOf(value, absent, statistic, Number.isNaN(value) && isDefined(of, line));
  const cell = (run: string, name: string): Cell => {
    const line = lineOf(name);
    if (line < 0 || request === null) return NOTHING;
    const one = series.find((candidate) => candidate.run === run);
    if (!one) return over.data === null ? PENDING : NOTHING;
    const place = nearest(one.steps, step);
    if (one.whole) {
      const i = place * one.lines + line;
      return i < 0 ? NOTHING : cellIn(one, line, one.value[i], one.absent[i] === 1);
    }
    const exact = now?.find((candidate) => candidate.run === run);
    const found = exact ? nearest(exact.steps, step) : -1;
    // The previous response is of another step.
    if (!exact || exact.steps[found] !== one.steps[place]) return at.data === null ? PENDING : NOTHING;
    const values = exact.values.get(statistic);
    if (!values) return NOTHING;
    const i = found * requested.length + line;
    return cellIn(one, line, values[i], exact.absent[i] === 1);
  };
  return {
    series,
    steps,
    step,
    scale,
    cell,
    lineOf,
    requested,
    loading: over.pending || at.pending,
    error: over.error ?? at.error,
    retry: () => {
      over.retry();
      at.retry();
    },
  };
}
