/** Convolution kernels as images on one sheet. */
export interface KernelSheet {
  height: number;
  width: number;
  /** Which channels the images are of. */
  out: number[];
  in: number[];
  /** Output channels down each of the stacks that stand side by side. */
  down: number;
}

/**
 * Output channels down and input channels across. Of a first layer with few inputs, and of depthwise ones, that would be
 * a thin strip of tiny images: its output channels are broken into stacks side by side, so that the sheet is about square.
 */
export function kernelSheet(out: number[], into: number[], height: number, width: number): KernelSheet {
  const stacks = Math.max(1, Math.round(Math.sqrt((out.length * height) / (into.length * width))));
  const down = into.length > MAX_STACKED ? out.length : Math.ceil(out.length / stacks);
  return { height, width, out, in: into, down };
}

/** Colour images have three channels, with transparency or depth four. */
const MAX_STACKED = 4;

const stacksOf = ({ out, down }: KernelSheet) => Math.ceil(out.length / Math.max(1, down));

export const isStacked = (sheet: KernelSheet) => stacksOf(sheet) > 1;

export const sheetSize = (sheet: KernelSheet): [rows: number, columns: number] => [
  sheet.down * sheet.height,
  stacksOf(sheet) * sheet.in.length * sheet.width,
];

/** The row and column of an image's first cell; both channels as places among those that were kept. */
export function imageAt(sheet: KernelSheet, out: number, into: number): [row: number, column: number] {
  const stack = Math.floor(out / sheet.down);
  return [(out % sheet.down) * sheet.height, (stack * sheet.in.length + into) * sheet.width];
}

/** The output and the input channel that a cell is of; null below the last image. */
export function channelsAt(
  sheet: KernelSheet,
  row: number,
  column: number,
): [out: number, into: number] | null {
  const across = Math.floor(column / sheet.width);
  const out = Math.floor(across / sheet.in.length) * sheet.down + Math.floor(row / sheet.height);
  return out < sheet.out.length ? [sheet.out[out], sheet.in[across % sheet.in.length]] : null;
}
