import { FONT, prepare } from "../../plot/canvas";
import { distinction, elide } from "../../plot/layout_names";
import { labelStride } from "./layout";

interface LabelModel {
  labels: readonly string[];
  /** Pixels along the axis and across it. */
  length: number;
  room: number;
  /** Position of the labels: left of the map in a column, or below the map and rotated. */
  side: "left" | "below";
  colour: string;
  accent: string;
  /** Index of the selected label, or -1. */
  selected: number;
  dpr: number;
}

const SIZE = 10;

/** Draw the labels of an axis, omitting as many as needed to avoid overlap. */
export function drawLabels(canvas: HTMLCanvasElement, model: LabelModel): void {
  const { labels, length, room, side, dpr } = model;
  const left = side === "left";
  const g = prepare(canvas, left ? room : length, left ? length : room, dpr);
  if (!g) return;
  const pitch = length / Math.max(1, labels.length);
  const stride = labelStride(pitch, SIZE + 1);
  g.font = `${SIZE}px ${FONT}`;
  g.textBaseline = "middle";
  g.textAlign = "right";
  labels.forEach((label, i) => {
    if (i % stride !== 0 && i !== model.selected) return;
    g.fillStyle = i === model.selected ? model.accent : model.colour;
    g.font = `${i === model.selected ? "600 " : ""}${SIZE}px ${FONT}`;
    const text = elide(label, (part) => g.measureText(part).width <= room - 5, distinction(label, labels));
    // Rows may be lower than a text, which stays within the picture.
    const at = Math.min(length - SIZE / 2, Math.max(SIZE / 2, (i + 0.5) * pitch));
    g.save();
    if (left) g.translate(room - 4, at);
    else {
      g.translate(at, 4);
      g.rotate(-Math.PI / 2);
    }
    g.fillText(text, 0, 0.5);
    g.restore();
  });
}
