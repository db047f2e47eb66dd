/** The upper and lower edge of a line per pixel column, starting at column `from`. */
export interface Envelope {
  from: number;
  tops: number[];
  bottoms: number[];
}

/**
 * Return the area that a line covers if its points are denser than pixels, one piece per stretch between two gaps.
 *
 * Each column extends from the smallest to the largest value of the line within it, including the segments to
 * neighbouring points. Therefore pieces are connected, and a spike of one point keeps its height. A stroke through
 * all points looks the same and takes ten times as long.
 *
 * `xs` and `ys` are in pixels. A new piece begins if `xs` decreases. A NaN in `ys` is a gap. `pixel` is the width of
 * a column.
 */
export function envelopes(xs: ArrayLike<number>, ys: ArrayLike<number>, pixel = 1): Envelope[] {
  const pieces: Envelope[] = [];
  let piece: Envelope | null = null;
  const cover = (column: number, y: number) => {
    const { from, tops, bottoms } = piece!;
    const i = column - from;
    if (i === tops.length) {
      tops.push(y);
      bottoms.push(y);
    } else {
      if (y < tops[i]) tops[i] = y;
      if (y > bottoms[i]) bottoms[i] = y;
    }
  };
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i];
    if (Number.isNaN(y)) {
      piece = null;
      continue;
    }
    const column = Math.floor(xs[i] / pixel);
    // Wall times decrease if a clock was set back: the line continues as a new piece.
    if (!piece || xs[i] < xs[i - 1]) {
      piece = { from: column, tops: [], bottoms: [] };
      pieces.push(piece);
    } else {
      // The point at which a segment crosses between columns belongs to both.
      const slope = (y - ys[i - 1]) / (xs[i] - xs[i - 1]);
      for (let edge = piece.from + piece.tops.length; edge <= column; edge++) {
        const crossing = ys[i - 1] + slope * (edge * pixel - xs[i - 1]);
        cover(edge - 1, crossing);
        cover(edge, crossing);
      }
    }
    cover(column, y);
  }
  return pieces;
}
