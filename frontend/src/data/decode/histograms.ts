import type { HistogramSeries, HistogramsAnswer, ListedHistograms } from "../../lib/answers/histograms";
import { ascending, count, Fields, invalid, listOf, numbers, oneOf, text } from "./check";
import { items, missingOf } from "./items";
import { Layouts } from "./rows";

/** Number of bins, of special bins, and of quantiles. See docs/http_api.md. */
const BINS = 520;
const SPECIALS = 5;
const QUANTILES = 5;

/** Read the answer of `POST histograms`, with or without rows. */
export function decodeHistograms(header: unknown): HistogramsAnswer {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  if (answer.get("series") !== undefined)
    return { runs: [], series: items(answer, "series", missing, readSeries), missing };
  const layouts = new Layouts(answer, missing);
  const runs = items(
    answer,
    "runs",
    missing,
    (one): ListedHistograms => ({
      run: one.read("run", text),
      kinds: [...new Fields(one.get("kinds"), "kinds").entries()].map(([kind]) => kind),
      rows: layouts.of(one.get("layout")),
      steps: one.read("steps", ascending),
    }),
  );
  return { runs, series: [], missing };
}

function readSeries(one: Fields): HistogramSeries {
  const rows = one.read("rows", listOf(text));
  const steps = one.read("steps", ascending);
  const n = steps.length * rows.length;
  const either = [Int32Array, Float32Array] as (new (length: number) => Int32Array | Float32Array)[];
  const counts = numbers(one.get("counts"), "counts", either);
  const width = n > 0 ? counts.length / n : 0;
  const first = one.read("first_bin", count);
  if (!Number.isInteger(width)) throw invalid("counts", counts, `a multiple of ${n}`);
  if (first + width > BINS) throw invalid("first_bin", first, `at most ${BINS - width}`);
  return {
    run: one.read("run", text),
    source: one.read("source", oneOf(["nnviz", "stock"])),
    rows,
    steps,
    first,
    width,
    counts,
    special: numbers(one.get("special"), "special", either, n * SPECIALS),
    absent: numbers(one.get("absent"), "absent", [Uint8Array], n),
    quantiles: numbers(one.get("quantiles"), "quantiles", [Float32Array], n * QUANTILES),
  };
}
