const SHORT_FROM = 1e-3;
const SHORT_TO = 1e5;

/** Three significant digits: `0.271`, `12.3`, `3.02e-10`. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Inf" : "-Inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= SHORT_FROM && size < SHORT_TO) {
    const text = size >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
    return text.includes("e") ? String(Number(text)) : text;
  }
  return value.toExponential(2).replace("e+", "e");
}

/** The shortest decimal that is this float32 again: exact, without the digits that float64 would add. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return short(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return tidy(Number(text));
  }
  return tidy(value);
}

function tidy(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e7)) return String(value);
  return value.toExponential().replace("e+", "e");
}

/** Ends and ticks of scales: `1e-6`, `0.01`, `1`, `30`, `2e5`. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 0.01 && size < 1e4) return String(Number(value.toPrecision(6)));
  return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
}

/** A factor, of its decimal logarithm: `×2`, `÷50`, `1`, `×1e6`; three significant digits. */
export function factor(decades: number): string {
  if (Number.isNaN(decades)) return "NaN";
  if (!Number.isFinite(decades)) return decades < 0 ? "×0" : "×Inf";
  const size = Math.abs(decades);
  if (size < 5e-7) return "1";
  // Whole decades from 10 000 on are read best as such.
  if (size >= 3.9999 && Math.abs(size - Math.round(size)) < 1e-9)
    return `${decades < 0 ? "÷" : "×"}1e${Math.round(size)}`;
  const text = size < 300 ? short(10 ** size) : `1e${Math.round(size)}`;
  return `${decades < 0 ? "÷" : "×"}${tidied(text)}`;
}

/** `2.00` is 2. */
const tidied = (text: string) => text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");

/** Ends and ticks of a scale, in its own way. */
export const tickOf = (scale: { factor?: boolean }, value: number) =>
  scale.factor ? factor(value) : tick(value);

/** Numbers of elements: `144`, `2.3k`, `1.2M`. */
export function quantity(count: number): string {
  for (const [size, unit] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (count >= size) {
      const scaled = count / size;
      return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toFixed(1))}${unit}`;
    }
  }
  return String(count);
}

/** A headline metric: accuracies (names with `acc`, values within 0 and 1) as percent. */
export function metric(name: string, value: number): string {
  if (/acc/.test(name) && value >= 0 && value <= 1) return `${(100 * value).toFixed(1)}%`;
  return short(value);
}

/** A number that someone typed, or null. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}

/** Return a filter that was typed as a case-insensitive regular expression, or null if it is invalid. */
export function parseFilter(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "i");
  } catch {
    return null;
  }
}
