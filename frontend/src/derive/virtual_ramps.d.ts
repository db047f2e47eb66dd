/** Made by vite.config.ts: 256 colours a ramp, six hexadecimal digits each. */
declare module "virtual:ramps" {
  export const viridis: string;
  export const magma: string;
  export const cividis: string;
  export const rdbu: string;
}
