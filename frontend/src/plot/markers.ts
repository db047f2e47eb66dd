/** Shapes of runs, which distinguish them without colour. */
const SHAPES = ["circle", "square", "triangle", "diamond", "down", "plus"] as const;
export type Shape = (typeof SHAPES)[number];

export const shapeOf = (order: number): Shape => SHAPES[order % SHAPES.length];

/** Corners of a shape of radius 1 about the origin. The circle has none. */
const CORNERS: Record<Shape, readonly (readonly [number, number])[]> = {
  circle: [],
  square: [
    [-0.86, -0.86],
    [0.86, -0.86],
    [0.86, 0.86],
    [-0.86, 0.86],
  ],
  triangle: [
    [0, -1.15],
    [1.1, 0.8],
    [-1.1, 0.8],
  ],
  diamond: [
    [0, -1.25],
    [1.25, 0],
    [0, 1.25],
    [-1.25, 0],
  ],
  down: [
    [0, 1.15],
    [1.1, -0.8],
    [-1.1, -0.8],
  ],
  plus: [
    [-0.4, -1.2],
    [0.4, -1.2],
    [0.4, -0.4],
    [1.2, -0.4],
    [1.2, 0.4],
    [0.4, 0.4],
    [0.4, 1.2],
    [-0.4, 1.2],
    [-0.4, 0.4],
    [-1.2, 0.4],
    [-1.2, -0.4],
    [-0.4, -0.4],
  ],
};

export function tracePath(
  g: CanvasRenderingContext2D,
  shape: Shape,
  x: number,
  y: number,
  radius: number,
): void {
  g.beginPath();
  if (shape === "circle") g.arc(x, y, radius, 0, 2 * Math.PI);
  CORNERS[shape].forEach(([dx, dy], i) => {
    if (i === 0) g.moveTo(x + dx * radius, y + dy * radius);
    else g.lineTo(x + dx * radius, y + dy * radius);
  });
  g.closePath();
}

/** Return a shape as an SVG path in a box of 12 by 12, for swatches. */
export function svgPath(shape: Shape): string {
  if (shape === "circle") return "M6 1.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 1 0 0-9.2z";
  return `M${CORNERS[shape].map(([x, y]) => `${(6 + x * 4.4).toFixed(2)} ${(6 + y * 4.4).toFixed(2)}`).join("L")}z`;
}

export function cross(g: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  g.beginPath();
  g.moveTo(x - radius, y - radius);
  g.lineTo(x + radius, y + radius);
  g.moveTo(x + radius, y - radius);
  g.lineTo(x - radius, y + radius);
  g.stroke();
}
