import { cssColour, NONFINITE } from "../../lib/palette";
import { hatchTile, type Theme } from "../../plot/canvas";
import { isLog, type Part, type ValueAxis } from "./layout_value_axis";

interface ShareStyle {
  colour: string;
  /** True for NaN and infinities, which must be recognizable without colour. */
  hatched: boolean;
}

/** Return the style of a special bin: NaN and infinities magenta and hatched, zero grey, others in the run's colour. */
export function shareStyle(part: Part, own: string, dark: boolean): ShareStyle {
  if (part === "nan" || part.endsWith("infinity")) return { colour: cssColour(NONFINITE), hatched: true };
  if (part === "zero") return { colour: dark ? "#8b8f98" : "#898d96", hatched: false };
  return { colour: own, hatched: false };
}

/**
 * Draw the share of a special bin as a bar in its strip. The full width of the strip is 100 %. A bar is at least one
 * pixel wide.
 */
export function drawShareBar(
  g: CanvasRenderingContext2D,
  axis: ValueAxis,
  part: Part,
  share: number,
  top: number,
  height: number,
  style: ShareStyle,
  pattern: CanvasPattern | null,
): void {
  const piece = axis.pieces.find((one) => one.part === part);
  if (!piece || share <= 0) return;
  const whole = piece.right - piece.left;
  const width = Math.max(1, share * whole);
  // Bars of zero and NaN are centred. Bars of values outside of the range start at the side of the range.
  const toLeft = part === "below" || part === "near_negative" || part === "negative_infinity";
  const x =
    part === "zero" || part === "nan"
      ? piece.left + (whole - width) / 2
      : toLeft
        ? piece.right - width
        : piece.left;
  g.fillStyle = style.colour;
  g.fillRect(x, top, width, height);
  if (style.hatched && pattern) {
    g.fillStyle = pattern;
    g.fillRect(x, top, width, height);
  }
}

/** Draw the backgrounds of the strips over the full height. */
export function drawStrips(
  g: CanvasRenderingContext2D,
  axis: ValueAxis,
  top: number,
  height: number,
  theme: Theme,
): void {
  g.fillStyle = theme.grid;
  g.globalAlpha = 0.45;
  for (const { part, left, right } of axis.pieces) {
    if (!isLog(part)) g.fillRect(left, top, right - left, height);
  }
  g.globalAlpha = 1;
}

export const hatch = (g: CanvasRenderingContext2D, theme: Theme): CanvasPattern | null => {
  const pattern = g.createPattern(hatchTile(theme.hatch, 1), "repeat");
  return pattern;
};
