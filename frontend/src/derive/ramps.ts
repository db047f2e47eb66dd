import * as sampled from "virtual:ramps";

/** Colour at a fraction of a ramp, from the table that the build has sampled from d3-scale-chromatic. */
const ramp = (hex: string) => (t: number) => {
  const last = hex.length / 6 - 1;
  const i = Math.round(Math.min(1, Math.max(0, t)) * last);
  return `#${hex.slice(6 * i, 6 * i + 6)}`;
};

export const interpolateViridis = ramp(sampled.viridis);
export const interpolateMagma = ramp(sampled.magma);
export const interpolateCividis = ramp(sampled.cividis);
export const interpolateRdBu = ramp(sampled.rdbu);
