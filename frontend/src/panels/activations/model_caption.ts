/** Texts below a picture of a unit: its name on the left, its peak or its state on the right. */
interface Caption {
  name: string;
  note: string;
}

/** Minimum space between the two texts in pixels. */
const GAP = 4;

/**
 * Return the longest of the forms of a caption that fits. Forms are given from the longest to the shortest. A short
 * form of the name is preferred to a short one of the note, and a text is left out rather than cut: half a number reads
 * as another number.
 */
export function captionOf(
  names: readonly string[],
  notes: readonly string[],
  room: number,
  widthOf: (text: string) => number,
): Caption {
  const fits = (name: string, note: string) =>
    widthOf(name) + (note === "" ? 0 : GAP + widthOf(note)) <= room;
  for (const note of notes) for (const name of names) if (fits(name, note)) return { name, note };
  return { name: names.find((name) => fits(name, "")) ?? "", note: "" };
}

/** Return the forms of a value, from three significant digits to one. */
export function shorterNumbers(value: number, short: (value: number) => string): string[] {
  const digits = [2, 1].map((count) => {
    const rounded = Number(value.toPrecision(count));
    const size = Math.abs(rounded);
    return size >= 1e-3 && size < 1e5 ? String(rounded) : value.toExponential(count - 1).replace("e+", "e");
  });
  return [...new Set([short(value), ...(value === 0 || !Number.isFinite(value) ? [] : digits)])];
}
