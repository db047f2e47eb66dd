const SECONDS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
];
const DAY = 86400;

/**
 * Return about `count` round times in seconds from `lo` to `hi`. They are round relative to `origin`, such as local
 * midnight.
 */
export function timeTicks(lo: number, hi: number, count: number, origin = 0): number[] {
  const wanted = (hi - lo) / Math.max(1, count);
  const every = SECONDS.find((one) => one >= wanted) ?? DAY * Math.max(1, Math.ceil(wanted / DAY));
  const first = Math.ceil((lo - origin) / every);
  // Beyond the integers that a number can count, there are no ticks to tell apart.
  if (!(hi > lo) || !Number.isSafeInteger(first)) return [];
  const result: number[] = [];
  for (let k = first; origin + k * every <= hi; k++) result.push(origin + k * every);
  return result;
}

/** Format a duration: `0`, `45 s`, `2:30`, `1:05:00`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds * 10) / 10;
  if (whole === 0) return "0";
  if (Math.abs(whole) < 60) return `${whole} s`;
  const all = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
