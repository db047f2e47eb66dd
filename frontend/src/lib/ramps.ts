import * as sampled from "virtual:ramps";

/** Return a function from a fraction to the colour of a ramp, which the build sampled from d3-scale-chromatic. */
function ramp([first, steps]: sampled.Ramp) {
  const colours = [first];
  for (let i = 0; i < steps[0].length; i++) {
    colours.push(colours[i].map((part, k) => part + steps[k].charCodeAt(i) - 109));
  }
  return (t: number) => {
    const colour = colours[Math.round(Math.min(1, Math.max(0, t)) * (colours.length - 1))];
    return `rgb(${colour.join(",")})`;
  };
}

export const interpolateViridis = ramp(sampled.viridis);
export const interpolateMagma = ramp(sampled.magma);
export const interpolateCividis = ramp(sampled.cividis);
export const interpolateRdBu = ramp(sampled.rdbu);
