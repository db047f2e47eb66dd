import { cssColour, NONFINITE } from "../../lib/palette";
import { hatchTile, type Theme } from "../../plot/canvas";
import { isLog, type Part, type ValueAxis } from "./layout_value_axis";

interface ShareLook {
  colour: string;
  /** Hatched, so that what is no number does not rest on its colour. */
  hatched: boolean;
}

/** How bins of their own look: NaN and infinities magenta and hatched, zero grey, the others as the run. */
export function shareLook(part: Part, own: string, dark: boolean): ShareLook {
  if (part === "nan" || part.endsWith("infinity")) return { colour: cssColour(NONFINITE), hatched: true };
  if (part === "zero") return { colour: dark ? "#8b8f98" : "#898d96", hatched: false };
  return { colour: own, hatched: false };
}

/**
 * A strip for each bin of its own: in it a bar as wide as its share of the item's elements, the whole strip being
 * all of them. The least share is a pixel: nothing that is there is invisible.
 */
export function drawShareBar(
  g: CanvasRenderingContext2D,
  axis: ValueAxis,
  part: Part,
  share: number,
  top: number,
  height: number,
  look: ShareLook,
  pattern: CanvasPattern | null,
): void {
  const piece = axis.pieces.find((one) => one.part === part);
  if (!piece || share <= 0) return;
  const whole = piece.right - piece.left;
  const width = Math.max(1, share * whole);
  // Zero grows from its middle, what lies beyond the range from the side of the range.
  const toLeft = part === "below" || part === "near_negative" || part === "negative_infinity";
  const x =
    part === "zero" || part === "nan"
      ? piece.left + (whole - width) / 2
      : toLeft
        ? piece.right - width
        : piece.left;
  g.fillStyle = look.colour;
  g.fillRect(x, top, width, height);
  if (look.hatched && pattern) {
    g.fillStyle = pattern;
    g.fillRect(x, top, width, height);
  }
}

/** Faint grounds of the strips, from the first item to the last. */
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
