import { exact, short } from "../../lib/format";
import { UI_TEXT } from "../../ui/text";
import type { TooltipText } from "../../ui/tooltip";
import { binAt, fromX, isLog, type ValueAxis } from "./layout_value_axis";
import { countOf, densityOf, type Histograms, shareOf } from "./model";
import { binEnds } from "./model_bins";
import { partShares } from "./model_density";
import { TEXT } from "./text";

export const percent = (share: number) => (share === 0 ? "0 %" : `${short(100 * share)} %`);

/** Format a quantile. Beyond 2^24 only a bound is known. */
export function quantileText(value: number): string {
  // All elements are NaN.
  if (Number.isNaN(value)) return UI_TEXT.nan;
  if (Math.abs(value) === 2 ** 24) return value > 0 ? `≥ ${short(value)}` : `≤ ${short(value)}`;
  return short(value);
}

/** Return the tooltip at a position in a histogram: the bin and its elements. */
export function tooltipOf(
  all: Histograms,
  item: number,
  axis: ValueAxis,
  x: number,
): Pick<TooltipText, "what" | "value" | "lines" | "help"> {
  const { part, value } = fromX(axis, x);
  const help = all.source === "stock" ? TEXT.stockHelp : "";
  const total = all.totals[item];
  if (total === 0) return { what: TEXT.absent, value: "", lines: [], help };
  if (!isLog(part)) {
    const share = partShares(all, item, axis.range).get(part) ?? 0;
    return {
      what: TEXT.part(part, axis.range.from, axis.range.to, axis.range.floor, exact),
      value: TEXT.elements(count(share * total, all)),
      lines: [TEXT.share(percent(share), count(total, all))],
      help,
    };
  }
  const bin = binAt(value);
  const [low, high] = binEnds(bin).map(exact);
  return {
    what: value > 0 ? TEXT.bin(low, high) : TEXT.negativeBin(low, high),
    value: TEXT.elements(count(countOf(all, item, bin), all)),
    lines: [
      TEXT.share(percent(shareOf(all, item, bin)), count(total, all)),
      TEXT.density(percent(densityOf(all, item, bin))),
    ],
    help,
  };
}

/**
 * Format a number of elements. TensorBoard's histograms have fractional counts, because their buckets were distributed.
 */
const count = (value: number, all: Histograms) =>
  all.source === "stock" && !Number.isInteger(value)
    ? `≈ ${short(value)}`
    : Math.round(value).toLocaleString("en-US");
