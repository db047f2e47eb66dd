/** The fixed signed-log bins of schema.md: four an octave, half-open in magnitude, symmetric about bin 260. */

export const BINS = 520;
export const ZERO_BIN = 260;
const LOWEST_OCTAVE = -40;
const QUARTERS = [1, 1.25, 1.5, 1.75];
/** Magnitudes from here on are in one bin that has no end. */
export const OVERFLOW = 2 ** 24;
export const UNDERFLOW = 2 ** -40;

/** Lower edge of the magnitudes of bin 260 + k, for k from 2 to 258. */
const edge = (k: number) => QUARTERS[(k - 2) & 3] * 2 ** (LOWEST_OCTAVE + ((k - 2) >> 2));

/**
 * Lower and upper end of a bin; NaN for bin 0, which is NaN.
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

/** The bin of 260 to 518 whose lower edge is nearest to a magnitude, on a log scale. */
function nearestEdge(magnitude: number): number {
  const at = Math.log2(Math.min(OVERFLOW, Math.max(UNDERFLOW, magnitude)));
  let best = 2;
  for (let k = 2; k <= 258; k++)
    if (Math.abs(Math.log2(edge(k)) - at) < Math.abs(Math.log2(edge(best)) - at)) best = k;
  return best;
}

/** The edge of a bin nearest to a value, so that a range holds whole bins. */
export const snap = (value: number) =>
  value === 0 ? 0 : Math.sign(value) * edge(nearestEdge(Math.abs(value)));

/** How wide a bin from 2^-40 on is, in decades: what shares are divided by to give a density. */
export const DECADES: Float64Array = Float64Array.from({ length: BINS }, (_, bin) => {
  const k = Math.abs(bin - ZERO_BIN);
  return k >= 2 && k <= 257 ? Math.log10(edge(k + 1) / edge(k)) : Number.NaN;
});
