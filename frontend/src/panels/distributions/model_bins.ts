/** The signed-log bins of docs/schema.md: four per octave, half-open in magnitude, symmetric about bin 260. */

export const BINS = 520;
export const ZERO_BIN = 260;
const MIN_EXPONENT = -40;
const QUARTERS = [1, 1.25, 1.5, 1.75];
/** Larger magnitudes are in one unbounded bin. */
export const OVERFLOW = 2 ** 24;
export const UNDERFLOW = 2 ** -40;

/** Return the lower magnitude of bin 260 + k, for k from 2 to 258. */
const edge = (k: number) => QUARTERS[(k - 2) & 3] * 2 ** (MIN_EXPONENT + ((k - 2) >> 2));

/**
 * Return the lower and upper end of a bin, or NaN for bin 0, which counts NaN.
 *
 * >>> binEnds(422)
 * [1, 1.25]
 */
export function binEnds(bin: number): [number, number] {
  if (bin === 0) return [Number.NaN, Number.NaN];
  const k = Math.abs(bin - ZERO_BIN);
  let low = 0;
  let high = 0;
  if (k === 1) high = UNDERFLOW;
  else if (k === 259) low = high = Number.POSITIVE_INFINITY;
  else if (k > 1) [low, high] = [edge(k), k === 258 ? Number.POSITIVE_INFINITY : edge(k + 1)];
  return bin >= ZERO_BIN ? [low, high] : [-high, -low];
}

/** Return the index k of the bin whose lower magnitude is nearest, on a log scale. */
function nearestEdge(magnitude: number): number {
  const at = Math.log2(Math.min(OVERFLOW, Math.max(UNDERFLOW, magnitude)));
  let best = 2;
  for (let k = 2; k <= 258; k++)
    if (Math.abs(Math.log2(edge(k)) - at) < Math.abs(Math.log2(edge(best)) - at)) best = k;
  return best;
}

/** Return the bin edge nearest to a value, so that a range contains whole bins. */
export const snap = (value: number) =>
  value === 0 ? 0 : Math.sign(value) * edge(nearestEdge(Math.abs(value)));

/** Width of each bin in decades. A fraction of the elements divided by it is a density. */
export const DECADES: Float64Array = Float64Array.from({ length: BINS }, (_, bin) => {
  const k = Math.abs(bin - ZERO_BIN);
  return k >= 2 && k <= 257 ? Math.log10(edge(k + 1) / edge(k)) : Number.NaN;
});
