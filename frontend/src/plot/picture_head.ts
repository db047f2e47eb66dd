import { FONT, type Theme } from "./canvas";
import { type Shape, tracePath } from "./markers";

/** Description of a picture. */
export interface PictureHead {
  title: string;
  /** Layer, step, statistic, scale: what the controls of the page say. */
  facts: readonly string[];
  /** The shown runs with their marks. */
  runs: readonly { name: string; note: string; colour: string; shape: Shape }[];
}

const LINE = 20;
const TITLE = 26;
const GAP = 18;
const MARK = 16;
const SEPARATOR = "  ·  ";

/** A text at its place in the head. */
interface Item {
  x: number;
  y: number;
  text: string;
  font: string;
  isDim: boolean;
  mark?: { colour: string; shape: Shape };
}

const NORMAL = `12px ${FONT}`;
const STRONG = `600 15px ${FONT}`;
const RUN = `500 12px ${FONT}`;

/** Place the texts of a head within a width. A text that is wider than a line is split. */
export function placed(
  g: CanvasRenderingContext2D,
  { title, facts, runs }: PictureHead,
  width: number,
): Item[] {
  const items: Item[] = [];
  let y = 0;
  const lines = (text: string, font: string, height: number, isDim: boolean) => {
    g.font = font;
    for (let rest = text; rest !== ""; y += height) {
      let end = rest.length;
      while (end > 1 && g.measureText(rest.slice(0, end)).width > width) end--;
      items.push({ x: 0, y: y + height / 2, text: rest.slice(0, end), font, isDim });
      rest = rest.slice(end);
    }
  };
  lines(title, STRONG, TITLE, false);
  g.font = NORMAL;
  let line = "";
  for (const fact of facts) {
    const longer = line === "" ? fact : `${line}${SEPARATOR}${fact}`;
    if (line !== "" && g.measureText(longer).width > width) {
      lines(line, NORMAL, LINE, true);
      line = fact;
    } else line = longer;
  }
  lines(line, NORMAL, LINE, true);
  let x = 0;
  for (const { name, note, colour, shape } of runs) {
    g.font = RUN;
    const wide = MARK + g.measureText(name).width;
    g.font = NORMAL;
    const all = wide + (note === "" ? 0 : 6 + g.measureText(note).width);
    if (x > 0 && x + all > width) {
      x = 0;
      y += LINE;
    }
    items.push({ x, y: y + LINE / 2, text: name, font: RUN, isDim: false, mark: { colour, shape } });
    if (note !== "") items.push({ x: x + wide + 6, y: y + LINE / 2, text: note, font: NORMAL, isDim: true });
    x += all + GAP;
  }
  return items;
}

/** Return the height of a head, with the gap below it. */
export function headHeight(g: CanvasRenderingContext2D, head: PictureHead, width: number): number {
  return Math.max(...placed(g, head, width).map(({ y }) => y)) + LINE / 2 + 14;
}

/** Draw a head at the origin. */
export function drawHead(g: CanvasRenderingContext2D, head: PictureHead, width: number, theme: Theme): void {
  g.textAlign = "left";
  g.textBaseline = "middle";
  for (const { x, y, text, font, isDim, mark } of placed(g, head, width)) {
    if (mark) {
      g.fillStyle = mark.colour;
      tracePath(g, mark.shape, x + 5, y, 4.4);
      g.fill();
    }
    g.font = font;
    g.fillStyle = isDim ? theme.dim : theme.text;
    g.fillText(text, x + (mark ? MARK : 0), y);
  }
}
