export interface TileLayout {
  columns: number;
  /** Size of one map in whole CSS pixels. */
  width: number;
  height: number;
  /** Height of a row of maps, including captions and the gap below. */
  pitch: number;
  /** Number of rows of maps. */
  lines: number;
}

export const TILE_GAP = 8;
const CAPTION = 18;
const MIN_TILE = 40;
const MAX_TILE = 132;
const DEFAULT_TILE = 64;

/**
 * Arrange maps in as few columns as possible, so that they are as large as possible without scrolling. If they would
 * be too small, they get the default size and scroll. `max` is the maximum size. `gutter` is the space for labels
 * left of and below each map.
 */
export function tileLayout(
  width: number,
  height: number,
  count: number,
  rows: number,
  columns: number,
  { max = MAX_TILE, gutter = 0 } = {},
): TileLayout {
  const ratio = Math.min(3, Math.max(1 / 12, rows / columns));
  // A map with few rows needs width to be readable.
  const largest = columns > 3 * rows ? Math.max(max, width) : max;
  const of = (n: number): TileLayout => {
    const tile = Math.max(12, Math.min(largest, Math.floor((width - TILE_GAP * (n - 1)) / n) - gutter));
    const high = Math.max(12, Math.round(tile * ratio));
    const lines = Math.ceil(count / n);
    return { columns: n, width: tile, height: high, pitch: high + gutter + CAPTION + TILE_GAP / 2, lines };
  };
  const fits = (n: number) => Math.max(1, Math.min(n, count));
  const pitch = (size: number) => size + gutter + TILE_GAP;
  const narrowest = fits(Math.max(1, Math.floor((width + TILE_GAP) / pitch(MIN_TILE))));
  for (let n = 1; n <= narrowest; n++) {
    const layout = of(n);
    const filled = layout.columns * (layout.width + gutter + TILE_GAP) > 0.8 * width || n === count;
    if (filled && layout.lines * layout.pitch <= height) return layout;
  }
  return of(fits(Math.max(1, Math.floor((width + TILE_GAP) / pitch(Math.min(DEFAULT_TILE, max))))));
}

/** Return the first and last line (exclusive) in view, extended by one at each end. */
export function visibleLines(top: number, height: number, pitch: number, lines: number): [number, number] {
  const first = Math.max(0, Math.floor(top / pitch) - 1);
  return [Math.min(first, lines), Math.min(lines, Math.ceil((top + height) / pitch) + 1)];
}

/** Return the stride at which labels do not overlap. */
export const labelStride = (pitch: number, room: number) => Math.max(1, Math.ceil(room / pitch));
