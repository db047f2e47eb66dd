import { BINS, binEnds, OVERFLOW, snap, UNDERFLOW, ZERO_BIN } from "./model_bins";

/**
 * A part of the axis. `negative` and `positive` are log scales of magnitude. The others are strips for special
 * values: `below` and `above` contain values outside of the range, and `near_negative` and `near_positive` contain
 * values between 0 and the log scales.
 */
export type Part =
  | "nan"
  | "negative_infinity"
  | "below"
  | "negative"
  | "near_negative"
  | "zero"
  | "near_positive"
  | "positive"
  | "above"
  | "positive_infinity";

/** The values on the log scales: magnitudes of at least `floor`, between `from` and `to`. */
export interface ValueRange {
  from: number;
  to: number;
  floor: number;
}

interface Piece {
  part: Part;
  left: number;
  right: number;
}

export interface ValueAxis {
  range: ValueRange;
  pieces: Piece[];
  width: number;
}

const ORDER: readonly Part[] = [
  "nan",
  "negative_infinity",
  "below",
  "negative",
  "near_negative",
  "zero",
  "near_positive",
  "positive",
  "above",
  "positive_infinity",
];
export const isLog = (part: Part) => part === "negative" || part === "positive";
const isNear = (part: Part) => part === "near_negative" || part === "near_positive";

/** Share of the nonzero elements that the default range leaves between 0 and the log scales. */
const NEAR_SHARE = 0.002;
const MIN_DECADES = 1.5;
/** Maximum number of decades of the default range, so that a run that explodes does not compress all others. */
const MAX_DECADES = 9;

/** Return the range of the used bins. `from` and `to` override its ends. All ends are bin edges. */
export function valueRange(
  used: ArrayLike<number>,
  from: number | null = null,
  to: number | null = null,
): ValueRange {
  let low = 0;
  let high = 0;
  let total = 0;
  const magnitudes = new Float64Array(ZERO_BIN);
  for (let k = 1; k < 258; k++) {
    const [left, right] = [used[ZERO_BIN - k], used[ZERO_BIN + k]];
    magnitudes[k] = left + right;
    total += left + right;
    if (left > 0) low = -binEnds(ZERO_BIN + k)[1];
    if (right > 0) high = binEnds(ZERO_BIN + k)[1];
  }
  if (total === 0) {
    const reach = used[1] + used[2] + used[BINS - 2] + used[BINS - 1] > 0 ? OVERFLOW : 1;
    [low, high] = [-reach, reach];
  }
  const [bottom, top] = densest(magnitudes);
  low = Math.max(low, -top);
  high = Math.min(high, top);
  let floor = total > 0 ? bottom : Math.max(-low, high) / 1000;
  let sum = 0;
  for (let k = 1; k < 258 && total > 0; k++) {
    sum += magnitudes[k];
    if (sum > NEAR_SHARE * total) {
      floor = Math.max(floor, binEnds(ZERO_BIN + k)[0]);
      break;
    }
  }
  const a = from === null ? low : snap(from);
  const b = to === null ? high : snap(to);
  const [first, last] = a < b ? [a, b] : [low, high];
  const maxFloor = Math.max(Math.abs(first), Math.abs(last)) / 10 ** MIN_DECADES;
  return { from: first, to: last, floor: Math.max(UNDERFLOW, snap(Math.min(floor, maxFloor))) };
}

/** Return the ends of the most populated range of magnitudes, of at most `MAX_DECADES` decades. */
function densest(magnitudes: Float64Array): [number, number] {
  const ends = (k: number) => binEnds(ZERO_BIN + k);
  let best: [number, number] = [UNDERFLOW, OVERFLOW];
  let bestSum = -1;
  for (let first = 2; first < 258; first++) {
    let sum = 0;
    let last = first;
    for (let k = first; k < 258 && ends(k)[1] <= ends(first)[0] * 10 ** MAX_DECADES; k++) {
      sum += magnitudes[k];
      if (magnitudes[k] > 0) last = k;
    }
    // On a tie, prefer the range of larger magnitudes, whose outer part is empty.
    if (sum >= bestSum * (1 + 1e-12)) {
      bestSum = sum;
      best = [ends(first)[0], ends(last)[1]];
    }
  }
  return best;
}

/** Return the part of the axis that contains a bin. */
export function partOf(bin: number, { from, to, floor }: ValueRange): Part {
  if (bin === 0) return "nan";
  if (bin === 1) return "negative_infinity";
  if (bin === BINS - 1) return "positive_infinity";
  if (bin === ZERO_BIN) return "zero";
  const [low, high] = binEnds(bin);
  if (high <= from) return "below";
  if (low >= to) return "above";
  if (from > 0) return "positive";
  if (to < 0) return "negative";
  if (bin > ZERO_BIN) return low >= floor ? "positive" : "near_positive";
  return high <= -floor ? "negative" : "near_negative";
}

/** Return the magnitudes that a log scale spans, or null if the range has no such side. */
function sideOf(part: Part, { from, to, floor }: ValueRange): [number, number] | null {
  if (part === "positive") return to > 0 ? [from > 0 ? from : floor, to] : null;
  if (part === "negative") return from < 0 ? [to < 0 ? -to : floor, -from] : null;
  return null;
}

const SLOT = 16;
const NEAR_SLOT = 7;
const PART_GAP = 3;

/**
 * Lay out the parts of the axis in `width` pixels. Strips of special values take space only if they are not empty.
 */
export function valueAxis(range: ValueRange, used: ArrayLike<number>, width: number): ValueAxis {
  const mass = new Map<Part, number>();
  for (let bin = 0; bin < BINS; bin++) {
    const part = partOf(bin, range);
    mass.set(part, (mass.get(part) ?? 0) + used[bin]);
  }
  // The strip of zero is between the two sides, or beside the only side.
  const order: Part[] = ORDER.filter((part) => part !== "zero");
  const place = range.from > 0 ? "below" : range.to < 0 ? "negative" : "near_negative";
  order.splice(order.indexOf(place) + 1, 0, "zero");
  const shown = order.filter((part) =>
    isLog(part) ? sideOf(part, range) !== null : part === "zero" || (mass.get(part) ?? 0) > 0,
  );
  const decades = (part: Part) => {
    const side = sideOf(part, range);
    return side ? Math.log10(side[1] / side[0]) : 0;
  };
  const whole = shown.reduce((sum, part) => sum + decades(part), 0);
  const fixed = shown.reduce((sum, part) => sum + (isLog(part) ? 0 : isNear(part) ? NEAR_SLOT : SLOT), 0);
  const room = Math.max(40, width - fixed - PART_GAP * (shown.length - 1));
  let x = 0;
  const pieces = shown.map((part): Piece => {
    const wide = isLog(part) ? (room * decades(part)) / whole : isNear(part) ? NEAR_SLOT : SLOT;
    const piece = { part, left: x, right: x + wide };
    x += wide + PART_GAP;
    return piece;
  });
  return { range, pieces, width };
}

/** Return the position of a value. A value that is not on a log scale is in the middle of its strip. */
export function toX({ range, pieces }: ValueAxis, value: number): number {
  const part = valuePart(value, range);
  const piece = pieces.find((one) => one.part === part);
  if (!piece) return Number.NaN;
  const side = sideOf(part, range);
  if (!side) return (piece.left + piece.right) / 2;
  const t = Math.log(Math.abs(value) / side[0]) / Math.log(side[1] / side[0]);
  return part === "positive"
    ? piece.left + t * (piece.right - piece.left)
    : piece.right - t * (piece.right - piece.left);
}

export function valuePart(value: number, { from, to, floor }: ValueRange): Part {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "positive_infinity" : "negative_infinity";
  if (value === 0) return "zero";
  if (value < from) return "below";
  if (value > to) return "above";
  if (from > 0 || value >= floor) return "positive";
  if (to < 0 || value <= -floor) return "negative";
  return value > 0 ? "near_positive" : "near_negative";
}

/** Return the part at a position, and on a log scale the value at the middle of the pixel. */
export function fromX(axis: ValueAxis, x: number): { part: Part; value: number } {
  const { range, pieces } = axis;
  let near = pieces[0];
  for (const piece of pieces) {
    const distance = (one: Piece) => Math.max(0, one.left - x, x - one.right);
    if (distance(piece) < distance(near)) near = piece;
  }
  const side = sideOf(near.part, range);
  if (!side) return { part: near.part, value: Number.NaN };
  const t = Math.min(1, Math.max(0, (x - near.left) / (near.right - near.left)));
  return near.part === "positive"
    ? { part: near.part, value: side[0] * (side[1] / side[0]) ** t }
    : { part: near.part, value: -side[1] * (side[0] / side[1]) ** t };
}

/** Return decades on the log scales with their positions, at least `apart` pixels apart. */
export function valueTicks(axis: ValueAxis, apart: number): { value: number; x: number }[] {
  const result: { value: number; x: number }[] = [];
  for (const { part, left, right } of axis.pieces) {
    const side = sideOf(part, axis.range);
    if (!side) continue;
    const first = Math.ceil(Math.log10(side[0]) - 1e-9);
    const last = Math.floor(Math.log10(side[1]) + 1e-9);
    const perDecade = (right - left) / Math.log10(side[1] / side[0]);
    const every = [1, 2, 3, 4, 5, 6, 10, 15].find((n) => n * perDecade >= apart) ?? 20;
    for (let e = Math.ceil(first / every) * every; e <= last; e += every) {
      const value = (part === "positive" ? 1 : -1) * Number(`1e${e}`);
      result.push({ value, x: toX(axis, value) });
    }
  }
  return result;
}

/** Return the bin of a value on a log scale. */
export function binAt(value: number): number {
  const size = Math.abs(value);
  const octave = Math.floor(Math.log2(size));
  const quarter = Math.min(3, Math.floor((size / 2 ** octave - 1) * 4 + 1e-12));
  const k = size < UNDERFLOW ? 1 : size >= OVERFLOW ? 258 : 2 + 4 * (octave + 40) + quarter;
  return value > 0 ? ZERO_BIN + k : ZERO_BIN - k;
}
