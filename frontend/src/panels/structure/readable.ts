/** Smallest size of a text on the screen in pixels. Smaller ones are left out. */
export const SMALLEST = 9;

/** Sizes of a drawing's texts in its own units. A size of 0 leaves texts out. */
export interface Fonts {
  title: number;
  small: number;
  join: number;
}

/** Return a size that is readable at a zoom, or 0 if it would be larger than its place. */
const readable = (zoom: number, size: number, most: number) => {
  const needed = Math.max(size, SMALLEST / zoom);
  return needed <= most ? needed : 0;
};

/**
 * Return the sizes of texts at a zoom. When the drawing shrinks, texts grow in its units, as far as their boxes allow,
 * so that they stay readable. Titles have more room without the small texts below them.
 */
export function fontsAt(zoom: number): Fonts {
  const small = readable(zoom, 10, 13);
  return { title: readable(zoom, 12, small > 0 ? 14 : 24), small, join: readable(zoom, 11, 14) };
}

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const overlaps = (a: Area, b: Area) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const BESIDE = 5;

/**
 * Return a place beside its edge for each label, or null if every place overlaps a box or another label. The longest
 * parts of edges come first, because they are between boxes.
 */
export function placeLabels(
  labels: readonly { points: readonly { x: number; y: number }[]; width: number; height: number }[],
  boxes: readonly Area[],
): (Area | null)[] {
  const taken: Area[] = [];
  return labels.map(({ points, width, height }) => {
    if (width === 0) return null;
    const middles = points.slice(1).map((b, i) => {
      const a = points[i];
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.abs(b.y - a.y) };
    });
    middles.sort((a, b) => b.length - a.length);
    for (const { x, y } of middles) {
      for (const left of [x + BESIDE, x - BESIDE - width]) {
        const area = { x: left, y: y - height / 2, width, height };
        if ([...boxes, ...taken].some((one) => overlaps(one, area))) continue;
        taken.push(area);
        return area;
      }
    }
    return null;
  });
}
