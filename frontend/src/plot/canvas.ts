/** Colours of canvases, matching the page's stylesheet. */
export interface Theme {
  text: string;
  dim: string;
  grid: string;
  accent: string;
  critical: string;
  band: string;
  panel: string;
  dots: string;
  hatch: string;
  nonfinite: string;
  /** Visible on cells of any colour. */
  dash: string;
}

export function theme(dark: boolean): Theme {
  return dark
    ? {
        text: "#e8eaed",
        dim: "#a3a9b4",
        grid: "#303339",
        accent: "#ff9d45",
        critical: "#f28b82",
        band: "rgba(242,139,130,.10)",
        panel: "#1e1f22",
        dots: "#54585f",
        hatch: "rgba(255,255,255,.62)",
        nonfinite: "#f06fd2",
        dash: "rgba(255,255,255,.55)",
      }
    : {
        text: "#1f2430",
        dim: "#5d6677",
        grid: "#e9ecf0",
        accent: "#d9630a",
        critical: "#c5221f",
        band: "rgba(197,34,31,.06)",
        panel: "#ffffff",
        dots: "#c3c8d0",
        hatch: "rgba(255,255,255,.62)",
        nonfinite: "rgb(200,30,160)",
        dash: "rgba(31,36,48,.5)",
      };
}

export const FONT = 'Roboto, "Segoe UI", Helvetica, Arial, sans-serif';

/** Size a canvas for the screen's pixels, which also clears it, and return its context in CSS pixels. */
export function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  dpr: number,
): CanvasRenderingContext2D | null {
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const g = canvas.getContext("2d");
  g?.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  return g;
}

/** Return RGBA pixels as a canvas that can be drawn at any size. */
export function image(pixels: Uint8ClampedArray, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  return canvas;
}

function tile(size: number, draw: (g: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const g = canvas.getContext("2d");
  if (g) draw(g);
  return canvas;
}

/** Return a tile of diagonal lines, for cells that are not finite. */
export const hatchTile = (colour: string, dpr: number) => {
  const size = Math.round(6 * dpr);
  const thick = Math.max(1, Math.round(1.4 * dpr));
  return tile(size, (g) => {
    g.fillStyle = colour;
    // Draw pixel by pixel: antialiased lines would fill the space between them.
    for (let y = 0; y < size; y++)
      for (let i = 0; i < thick; i++) g.fillRect((size - 1 - y + i) % size, y, 1, 1);
  });
};

/** Return a tile of sparse dots, for cells without a row or a value. */
export const dotTile = (colour: string, dpr: number) => {
  const size = Math.round(6 * dpr);
  const dot = Math.max(1, Math.round(dpr));
  return tile(size, (g) => {
    g.fillStyle = colour;
    g.fillRect(Math.round(size / 4), Math.round(size / 4), dot, dot);
    g.fillRect(Math.round((size * 3) / 4), Math.round((size * 3) / 4), dot, dot);
  });
};

/** Return a tile of horizontal dashes, for cells without a reference value. */
export const dashTile = (colour: string, dpr: number) => {
  const size = Math.round(8 * dpr);
  const thick = Math.max(1, Math.round(1.2 * dpr));
  return tile(size, (g) => {
    g.fillStyle = colour;
    g.fillRect(0, Math.round(size / 4), Math.round(size / 2), thick);
    g.fillRect(Math.round(size / 2), Math.round((size * 3) / 4), Math.round(size / 2), thick);
  });
};
