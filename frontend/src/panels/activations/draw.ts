import { hatchTile, image, theme } from "../../plot/canvas";
import type { Pixels } from "./paint";

/**
 * Draw one pixel per value, which the stylesheet enlarges. If values are hatched (NaN, Inf, dead), the canvas has as
 * many pixels as the screen, because hatches are finer than values.
 */
export function drawPlane(
  canvas: HTMLCanvasElement,
  pixels: Pixels,
  size: { width: number; height: number; dark: boolean; dpr: number },
): void {
  const { rgba, width, height } = pixels;
  const hatched = [pixels.nonfinite, pixels.dead].filter((mask) => mask !== null);
  canvas.width = hatched.length > 0 ? Math.max(width, Math.round(size.width * size.dpr)) : width;
  canvas.height = hatched.length > 0 ? Math.max(height, Math.round(size.height * size.dpr)) : height;
  const g = canvas.getContext("2d");
  if (!g || width === 0 || height === 0) return;
  if (hatched.length === 0) {
    g.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
    return;
  }
  g.imageSmoothingEnabled = false;
  g.drawImage(image(rgba, width, height), 0, 0, canvas.width, canvas.height);
  const colours = theme(size.dark);
  for (const mask of hatched) {
    const layer = document.createElement("canvas");
    layer.width = canvas.width;
    layer.height = canvas.height;
    const h = layer.getContext("2d");
    const hatch = hatchTile(mask === pixels.dead ? colours.dots : colours.hatch, size.dpr);
    const pattern = h?.createPattern(hatch, "repeat");
    if (!h || !pattern) continue;
    h.imageSmoothingEnabled = false;
    h.drawImage(image(mask, width, height), 0, 0, canvas.width, canvas.height);
    h.globalCompositeOperation = "source-in";
    h.fillStyle = pattern;
    h.fillRect(0, 0, canvas.width, canvas.height);
    g.drawImage(layer, 0, 0);
  }
}
