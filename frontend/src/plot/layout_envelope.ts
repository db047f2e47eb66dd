/** The upper and the lower edge of a line, pixel column by pixel column, from `from` on. */
export interface Envelope {
  from: number;
  tops: number[];
  bottoms: number[];
}

/**
 * A line whose points stand closer than pixels, as the area that it covers: one piece between two gaps.
 *
 * In each column from the least to the greatest value that the line takes there, neighbours' joints included, so that
 * pieces hang together and a spike of one point keeps its height. A stroke along all its points looks the same and costs
 * ten times as much.
 *
 * `xs` and `ys` are pixels; where `xs` falls another piece begins; a NaN in `ys` is a gap; `pixel` is the width of a column.
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
    // Clocks are set back: a line that returns begins anew, and nothing of it is lost.
    if (!piece || xs[i] < xs[i - 1]) {
      piece = { from: column, tops: [], bottoms: [] };
      pieces.push(piece);
    } else {
      // Where the joint crosses from column to column it belongs to both.
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
