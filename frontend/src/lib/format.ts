const SHORT_FROM = 1e-3;
const SHORT_TO = 1e5;

/** Format a value with three significant digits: `0.271`, `12.3`, `3.02e-10`. */
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

/** Format a float32 value as the shortest decimal that rounds to it. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return short(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return tidy(Number(text));
  }
  return tidy(value);
}

/** Format two values with at least three significant digits, and as many as it takes to tell them apart. */
export function apart(one: number, other: number): [string, string] {
  for (let digits = 3; digits <= 9; digits++) {
    const texts = [one, other].map((value) =>
      Number.isFinite(value) ? tidy(Number(value.toPrecision(digits))) : short(value),
    );
    if (texts[0] !== texts[1]) return [texts[0], texts[1]];
  }
  return [exact(one), exact(other)];
}

function tidy(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e7)) return String(value);
  return value.toExponential().replace("e+", "e");
}

/** Format a tick or an end of a scale: `1e-6`, `0.01`, `1`, `30`, `2e5`. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 0.01 && size < 1e4) return String(Number(value.toPrecision(6)));
  return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
}

/** Format a factor, given its decimal logarithm, with three significant digits: `×2`, `÷50`, `1`, `×1e6`. */
export function factor(decades: number): string {
  if (Number.isNaN(decades)) return "NaN";
  if (!Number.isFinite(decades)) return decades < 0 ? "×0" : "×Inf";
  const size = Math.abs(decades);
  if (size < 5e-7) return "1";
  // Powers of ten from 10,000 on are written in exponential notation.
  if (size >= 3.9999 && Math.abs(size - Math.round(size)) < 1e-9)
    return `${decades < 0 ? "÷" : "×"}1e${Math.round(size)}`;
  const text = size < 300 ? short(10 ** size) : `1e${Math.round(size)}`;
  return `${decades < 0 ? "÷" : "×"}${tidied(text)}`;
}

/** Remove trailing zeros: `2.00` becomes `2`. */
const tidied = (text: string) => text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");

/** Format a tick or an end of this scale. */
export const tickOf = (scale: { factor?: boolean }, value: number) =>
  scale.factor ? factor(value) : tick(value);

/** Format a number of elements: `144`, `2.3k`, `1.2M`. */
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

/** Format a logged metric. Accuracies (names with `acc`, values within 0 and 1) are percentages. */
export function metric(name: string, value: number): string {
  if (/acc/.test(name) && value >= 0 && value <= 1) {
    const text = (100 * value).toFixed(1);
    // Rounding must not turn a small share into none, or nearly all into all.
    if (value > 0 && text === "0.0") return "<0.1%";
    return value < 1 && text === "100.0" ? ">99.9%" : `${text}%`;
  }
  return short(value);
}

/** Parse a number that was typed, or return null if it is invalid. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}

/** Parse a typed filter as a case-insensitive regular expression, or return null if it is invalid. */
export function parseFilter(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "i");
  } catch {
    return null;
  }
}
