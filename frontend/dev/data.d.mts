export const RUNS: { run: string }[];
export function listing(): unknown;
export function encode(header: unknown): Uint8Array;
export function series(request: unknown): Uint8Array;
export function scalars(request: unknown): Uint8Array;
