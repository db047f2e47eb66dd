/** Limits of the server: runs per request, and bytes of a request's body. */
export const MAX_RUNS = 500;
const MAX_BYTES = 1 << 20;
/** Bytes left for the ids of known layouts. */
const ROOM = 1 << 17;

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

/**
 * Divide a request into requests of fewer runs that the server accepts, in the order of its runs. A part has at least
 * one run.
 */
export function divideRuns<B extends { runs?: readonly string[] }>(body: B): B[] {
  const { runs } = body;
  if (!runs || runs.length === 0) return [body];
  const most = MAX_BYTES - ROOM - bytesOf({ ...body, runs: [] });
  const parts: string[][] = [];
  let bytes = 0;
  for (const run of runs) {
    const own = bytesOf(run) + 1;
    const last = parts.at(-1);
    if (last && last.length < MAX_RUNS && bytes + own <= most) {
      last.push(run);
      bytes += own;
    } else {
      parts.push([run]);
      bytes = own;
    }
  }
  return parts.length === 1 ? [body] : parts.map((some) => ({ ...body, runs: some }));
}
