import { asColumns } from "../../lib/columns";
import { type Finding, scalarOf } from "../../lib/rules/findings";
import { median } from "../../lib/steps";
import { LOG_PREFIX } from "../../lib/tags";
import type { RunSeries, ScalarSeries } from "../../lib/types";

/** Columns of a picture. More than it has pixels, so that peaks stay sharp. */
const WIDTH = 512;
/** Columns of a picture of the median of all layers, whose request has all rows. */
const MEDIAN_WIDTH = 128;

/** Rules whose findings show over depth rather than over steps. */
const OVER_DEPTH: readonly string[] = ["activation/scale", "gradient/vanishing"];

/** The picture that shows a finding, and the request for its values. */
export type Picture =
  | { type: "row" | "median" | "profile"; route: "series"; params: object }
  | { type: "scalar"; route: "scalars"; params: object; tag: string };

/** One run's values over steps or layers. NaN is NaN or Inf, null is a gap. */
export interface Line {
  run: string;
  at: ArrayLike<number>;
  values: readonly (number | null)[];
}

/** Return the picture of a finding with the runs that it compares. Null if no logged series shows it. */
export function pictureOf(finding: Finding, runs: readonly string[]): Picture | null {
  const { rule, kind, statistic, row, step, layers } = finding;
  if (kind === "" || statistic === "") {
    const tag = scalarOf(finding);
    if (tag === null) return null;
    const params = {
      runs,
      tags: [tag],
      prefix: tag.startsWith(LOG_PREFIX) ? LOG_PREFIX : "nnviz/",
      last: false,
    };
    return { type: "scalar", route: "scalars", params, tag };
  }
  const series = { runs, kind, statistics: [statistic] };
  if (row === "") return { type: "median", route: "series", params: { ...series, width: MEDIAN_WIDTH } };
  if (OVER_DEPTH.includes(rule) && layers.length !== 1)
    return { type: "profile", route: "series", params: { ...series, from: step, to: step } };
  return { type: "row", route: "series", params: { ...series, rows: [row], width: WIDTH } };
}

/** Return the values of one row over steps, by run. A run that lacks the row has none. */
export const rowLines = (series: readonly RunSeries[], statistic: string): Line[] =>
  series.flatMap((reduced) => {
    const one = asColumns(reduced);
    const values = one.values.get(statistic);
    if (!values || one.absent.every((absent) => absent === 1)) return [];
    const own = Array.from(values, (value, i) => (one.absent[i] ? null : value));
    return [{ run: one.run, at: one.steps, values: own }];
  });

/** Return the median of all rows over steps, by run. */
export const medianLines = (series: readonly RunSeries[], statistic: string): Line[] =>
  series.flatMap((reduced) => {
    const one = asColumns(reduced);
    const values = one.values.get(statistic);
    const rows = one.rows.length;
    if (!values || rows === 0) return [];
    const medians = Array.from(one.steps, (_, s) => {
      const own = [...values.subarray(s * rows, (s + 1) * rows)].filter(Number.isFinite);
      return own.length > 0 ? median(own) : null;
    });
    return [{ run: one.run, at: one.steps, values: medians }];
  });

/** Return the values of all rows at one step, by run, over the rows of the first run. */
export function profileLines(
  series: readonly RunSeries[],
  statistic: string,
): { names: string[]; lines: Line[] } {
  const names = series[0]?.rows.map(({ name }) => name) ?? [];
  const roles = new Map(series[0]?.rows.map(({ name, role }) => [name, role]));
  // Biases and scales have norms of their own, which would hide the course over depth.
  const weights = names.filter((name) => (roles.get(name) ?? "weight") === "weight");
  const kept = weights.length > 1 ? weights : names;
  const lines = series.flatMap(({ run, rows, values, absent, steps }) => {
    const own = values.get(statistic);
    if (!own || steps.length === 0) return [];
    const places = new Map(rows.map(({ name }, i) => [name, i]));
    return [
      {
        run,
        at: kept.map((_, i) => i),
        values: kept.map((name) => {
          const at = places.get(name);
          return at === undefined || absent[at] ? null : own[at];
        }),
      },
    ];
  });
  return { names: kept, lines };
}

export const scalarLines = (series: readonly ScalarSeries[], tag: string): Line[] =>
  series
    .filter((one) => one.tag === tag && one.steps.length > 0)
    .map(({ run, steps, values }) => ({ run, at: steps, values: Array.from(values) }));

/** Return the value of a line at the place nearest to `at`, and that place; null if it has none. */
export function valueAt({ at: places, values }: Line, at: number): { at: number; value: number } | null {
  let best = -1;
  for (let i = 0; i < places.length; i++)
    if (values[i] !== null && (best < 0 || Math.abs(places[i] - at) < Math.abs(places[best] - at))) best = i;
  return best < 0 ? null : { at: places[best], value: values[best]! };
}

/** Tolerance of values that are float32 in the log. */
const SAME = 1e-3;

/**
 * Return true if the picture shows the value of the finding, so that its limit and its usual value have a place in the
 * picture. The value of some rules is a ratio of several series.
 */
export function showsValue({ value, step }: Finding, line: Line | undefined, isProfile: boolean): boolean {
  if (!line || value === null) return false;
  const same = (other: number | null) =>
    other !== null && Math.abs(other - value) <= SAME * Math.max(Math.abs(other), Math.abs(value));
  // The value of a finding over depth is that of any of its layers.
  return isProfile ? line.values.some(same) : same(valueAt(line, step)?.value ?? null);
}
