/** Convolution kernels as images on one sheet. */
export interface KernelSheet {
  height: number;
  width: number;
  /** Indices of the output and input channels. */
  out: readonly number[];
  in: readonly number[];
  /** Number of output channels per stack. */
  down: number;
}

/**
 * Arrange kernels with output channels in rows and input channels in columns. For few inputs, and for depthwise
 * kernels, this would be a narrow strip. Then the output channels are split into stacks side by side, so that the sheet
 * is about square.
 */
export function kernelSheet(
  out: readonly number[],
  into: readonly number[],
  height: number,
  width: number,
): KernelSheet {
  const stacks = Math.max(1, Math.round(Math.sqrt((out.length * height) / (into.length * width))));
  const down = into.length > MAX_STACKED ? out.length : Math.ceil(out.length / stacks);
  return { height, width, out, in: into, down };
}

/** Maximum number of input channels of a stacked sheet: colour images with transparency or depth have four. */
const MAX_STACKED = 4;

const stacksOf = ({ out, down }: KernelSheet) => Math.ceil(out.length / Math.max(1, down));

export const isStacked = (sheet: KernelSheet) => stacksOf(sheet) > 1;

export const sheetSize = (sheet: KernelSheet): [rows: number, columns: number] => [
  sheet.down * sheet.height,
  stacksOf(sheet) * sheet.in.length * sheet.width,
];

/** Return the row and column of an image's first cell. `out` and `into` are positions among the kept channels. */
export function imageAt(sheet: KernelSheet, out: number, into: number): [row: number, column: number] {
  const stack = Math.floor(out / sheet.down);
  return [(out % sheet.down) * sheet.height, (stack * sheet.in.length + into) * sheet.width];
}

/** Return the output and input channel of a cell, or null below the last image. */
export function channelsAt(
  sheet: KernelSheet,
  row: number,
  column: number,
): [out: number, into: number] | null {
  const across = Math.floor(column / sheet.width);
  const out = Math.floor(across / sheet.in.length) * sheet.down + Math.floor(row / sheet.height);
  return out < sheet.out.length ? [sheet.out[out], sheet.in[across % sheet.in.length]] : null;
}
