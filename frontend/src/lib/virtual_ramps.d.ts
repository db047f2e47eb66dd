/** Made by vite.config.ts: 256 colours a ramp, the first and for each part the steps to the next as letters about "m". */
declare module "virtual:ramps" {
  export type Ramp = [first: number[], steps: string[]];
  export const viridis: Ramp;
  export const magma: Ramp;
  export const cividis: Ramp;
  export const rdbu: Ramp;
}
