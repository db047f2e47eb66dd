import { FONT, prepare } from "../../plot/canvas";
import { labelStride } from "./layout";

interface LabelModel {
  labels: readonly string[];
  /** Pixels along the axis, and across it. */
  length: number;
  room: number;
  /** At the left of what they label, one below the other; else below it, turned. */
  side: "left" | "below";
  colour: string;
  accent: string;
  /** Index of the one that is selected, or -1. */
  selected: number;
  dpr: number;
}

const SIZE = 10;

/** Labels of an axis at its places; where they are too many every second, third ... is written. */
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
    let text = label;
    while (text.length > 1 && g.measureText(text).width > room - 5) text = `${text.slice(0, -2)}…`;
    g.fillStyle = i === model.selected ? model.accent : model.colour;
    g.font = `${i === model.selected ? "600 " : ""}${SIZE}px ${FONT}`;
    const at = (i + 0.5) * pitch;
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
