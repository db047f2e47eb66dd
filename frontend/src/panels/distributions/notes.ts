import { binEnds } from "../../derive/bins";
import { partShares } from "../../derive/density";
import { exact, short } from "../../derive/format";
import { countOf, densityOf, type Histograms, shareOf } from "../../derive/histograms";
import { binAt, fromX, isLog, type ValueAxis } from "../../derive/value_axis";
import type { Note } from "../../store/store";
import { TEXT } from "../../text";

const T = TEXT.distributions;

export const percent = (share: number) => (share === 0 ? "0 %" : `${short(100 * share)} %`);

/** A quantile as it is read: beyond 2^24 nobody knows how far. */
export function quantileText(value: number): string {
  if (Number.isNaN(value)) return "";
  if (Math.abs(value) === 2 ** 24) return value > 0 ? `≥ ${short(value)}` : `≤ ${short(value)}`;
  return short(value);
}

/** What the tooltip says of a place in an item: which bin, how many elements. */
export function noteOf(
  all: Histograms,
  item: number,
  axis: ValueAxis,
  x: number,
): Pick<Note, "what" | "value" | "lines" | "help"> {
  const { part, value } = fromX(axis, x);
  const help = all.source === "stock" ? T.stockHelp : "";
  const total = all.totals[item];
  if (total === 0) return { what: T.absent, value: "", lines: [], help };
  if (!isLog(part)) {
    const share = partShares(all, item, axis.range).get(part) ?? 0;
    return {
      what: T.part(part, axis.range.from, axis.range.to, axis.range.floor, exact),
      value: T.elements(count(share * total, all)),
      lines: [T.share(percent(share), count(total, all))],
      help,
    };
  }
  const bin = binAt(value);
  const [low, high] = binEnds(bin).map(exact);
  return {
    what: value > 0 ? T.bin(low, high) : T.negativeBin(low, high),
    value: T.elements(count(countOf(all, item, bin), all)),
    lines: [
      T.share(percent(shareOf(all, item, bin)), count(total, all)),
      T.density(percent(densityOf(all, item, bin))),
    ],
    help,
  };
}

/** Ours are whole numbers; those that were spread over our bins are not. */
const count = (value: number, all: Histograms) =>
  all.source === "stock" && !Number.isInteger(value)
    ? `≈ ${short(value)}`
    : Math.round(value).toLocaleString("en-US");
