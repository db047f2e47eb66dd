import { quote } from "../../lib/csv";
import { exact } from "../../lib/format";
import { countOf, type Histograms, isUnknown, shareOf } from "./model";
import { BINS, binEnds } from "./model_bins";

/** Return all bins with elements as CSV, one per line. The count and the share are empty if they are unknown. */
export function histogramCsv(all: readonly Histograms[]): string {
  const out = ["run,row,step,bin_from,bin_to,count,share"];
  for (const one of all) {
    for (let item = 0; item < one.totals.length; item++) {
      const row = one.rows[one.rows.length === 1 ? 0 : item];
      const step = one.steps[one.rows.length === 1 ? item : 0];
      for (let bin = 0; bin < BINS; bin++) {
        const count = countOf(one, item, bin);
        const unknown = isUnknown(one, item, bin);
        if (count === 0 && !unknown) continue;
        const [low, high] = binEnds(bin).map(exact);
        out.push(
          `${quote(one.run)},${quote(row)},${step},${low},${high},${unknown ? "," : `${exact(count)},${exact(shareOf(one, item, bin))}`}`,
        );
      }
    }
  }
  return `${out.join("\n")}\n`;
}
