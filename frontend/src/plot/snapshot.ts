import { dashTile, dotTile, hatchTile, type Theme } from "./canvas";
import { drawHead, headHeight, type PictureHead } from "./picture_head";

/** Space around a picture. */
const MARGIN = 20;
const MIN_WIDTH = 520;
/** Limits of canvases in browsers, in pixels. */
const MAX_SIDE = 16_000;
const MAX_AREA = 120e6;

/**
 * Return a picture of a part of the page: canvases, texts, plain boxes and SVG marks, below a head that explains them.
 * Everything that the part contains is drawn, also beyond its edges. An SVG foreignObject would be shorter, but the
 * content security policy and fonts prevent it.
 */
export function snapshot(root: HTMLElement, head: PictureHead, theme: Theme, dpr: number): HTMLCanvasElement {
  const frame = root.getBoundingClientRect();
  const [inner, high] = [Math.max(frame.width, root.scrollWidth), Math.max(frame.height, root.scrollHeight)];
  const canvas = document.createElement("canvas");
  const g = canvas.getContext("2d");
  if (!g) return canvas;
  const room = Math.max(inner, MIN_WIDTH);
  const above = headHeight(g, head, room);
  const [width, height] = [room + 2 * MARGIN, above + high + 2 * MARGIN];
  const scale = Math.min(dpr, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_AREA / (width * height)));
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  // The last row and column of pixels may be only partly covered by the content.
  g.fillStyle = theme.panel;
  g.fillRect(0, 0, canvas.width, canvas.height);
  g.scale(scale, scale);
  g.translate(MARGIN, MARGIN);
  drawHead(g, head, room, theme);
  g.translate(-frame.left, above - frame.top);
  draw(g, root);
  return canvas;
}

function draw(g: CanvasRenderingContext2D, element: Element): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  if (box.width === 0 && box.height === 0) return;
  // Controls do nothing in a picture. Those that are also labels say so.
  if (/^(INPUT|BUTTON|SELECT)$/.test(element.tagName) && !element.hasAttribute("data-print")) return;
  g.save();
  g.globalAlpha *= Number(style.opacity);
  if (style.overflowX !== "visible" || style.overflowY !== "visible") {
    g.beginPath();
    g.rect(box.left, box.top, box.width, box.height);
    g.clip();
  }
  drawBox(g, box, style);
  drawPattern(g, element, box, style);
  if (element instanceof HTMLCanvasElement) {
    g.imageSmoothingEnabled = false;
    if (element.width > 0 && element.height > 0)
      g.drawImage(element, box.left, box.top, box.width, box.height);
  } else if (element instanceof SVGSVGElement) {
    drawMark(g, element);
  } else {
    const isClosed = element instanceof HTMLDetailsElement && !element.open;
    const children = [...element.childNodes].filter(
      (node) => !isClosed || (node instanceof Element && node.tagName === "SUMMARY"),
    );
    // Sticky cells are drawn above the content that scrolls beneath them.
    const layer = (node: Node) => (node instanceof Element ? Number(getComputedStyle(node).zIndex) || 0 : 0);
    children.sort((a, b) => layer(a) - layer(b));
    for (const child of children) {
      if (child instanceof Element) draw(g, child);
      else if (child instanceof Text) drawText(g, child, style);
    }
  }
  g.restore();
}

function drawBox(g: CanvasRenderingContext2D, box: DOMRect, style: CSSStyleDeclaration): void {
  if (!/^rgba\(.*, 0\)$|^transparent$/.test(style.backgroundColor)) {
    g.fillStyle = style.backgroundColor;
    g.beginPath();
    g.roundRect(box.left, box.top, box.width, box.height, Number.parseFloat(style.borderTopLeftRadius) || 0);
    g.fill();
  }
  const inset = style.boxShadow.match(/^(rgba?\([^)]*\)) 0px 0px 0px 1px inset$/);
  if (inset) {
    g.strokeStyle = inset[1];
    g.lineWidth = 1;
    g.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
  }
  const border = Number.parseFloat(style.borderTopWidth);
  if (border > 0 && style.borderTopStyle === "solid") {
    g.strokeStyle = style.borderTopColor;
    g.lineWidth = border;
    g.strokeRect(box.left + border / 2, box.top + border / 2, box.width - border, box.height - border);
  }
}

/** Tiles of the patterns that the stylesheet defines. */
const PATTERNS = { hatched: hatchTile, dotted: dotTile, dashed: dashTile };

/** Fill a box with the pattern of its class, in the first colour of its background image. */
function drawPattern(
  g: CanvasRenderingContext2D,
  element: Element,
  box: DOMRect,
  style: CSSStyleDeclaration,
): void {
  for (const [name, tile] of Object.entries(PATTERNS)) {
    const colour = style.backgroundImage.match(/rgba?\([^)]*\)/)?.[0];
    if (!colour || !element.classList.contains(name)) continue;
    g.fillStyle = g.createPattern(tile(colour, 1), "repeat") ?? "transparent";
    g.fillRect(box.left, box.top, box.width, box.height);
  }
}

/** Draw a text where the browser placed it, shortened where the browser shortened it. */
function drawText(g: CanvasRenderingContext2D, node: Text, style: CSSStyleDeclaration): void {
  const parent = node.parentElement;
  if (!parent || node.data.trim() === "") return;
  const range = document.createRange();
  range.selectNodeContents(node);
  const rects = range.getClientRects();
  if (rects.length === 0) return;
  g.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  g.fillStyle = style.color;
  g.textBaseline = "middle";
  const write = (text: string, { left, top, height }: DOMRect) =>
    g.fillText(text, left, top + height / 2 + 0.5);
  if (rects.length > 1 && parent.dataset.shown === undefined) {
    for (const { text, rect } of linesOf(node)) write(text, rect);
    return;
  }
  const rect = rects[0];
  // A name that is shortened in the middle, see ui/name.tsx.
  let text = parent.dataset.shown ?? node.data;
  const room = parent.getBoundingClientRect().right - rect.left;
  if (style.textOverflow === "ellipsis" && rect.width > room + 1) {
    while (text.length > 1 && g.measureText(`${text}…`).width > room) text = text.slice(0, -1);
    text += "…";
  }
  write(text, rect);
}

/** Return the lines into which the browser has broken a text, with their positions. */
export function linesOf(node: Text): { text: string; rect: DOMRect }[] {
  const lines: { text: string; rect: DOMRect }[] = [];
  const range = document.createRange();
  for (const { 0: word, index } of node.data.matchAll(/\S+\s*|\s+/g)) {
    // A long word may itself be broken, so that its characters are on several lines.
    range.setStart(node, index);
    range.setEnd(node, index + word.trimEnd().length);
    const parts = range.getClientRects().length > 1 ? [...word] : [word];
    let at = index;
    for (const part of parts) {
      range.setStart(node, at);
      range.setEnd(node, at + part.length);
      const rect = range.getClientRects()[0];
      at += part.length;
      if (!rect) continue;
      const last = lines.at(-1);
      if (last && Math.abs(last.rect.top - rect.top) < rect.height / 2) last.text += part;
      else lines.push({ text: part, rect });
    }
  }
  return lines.map(({ text, rect }) => ({ text: text.replace(/\s+/g, " ").trimEnd(), rect }));
}

/** Draw the paths, boxes and texts of an SVG at their positions on the screen. */
function drawMark(g: CanvasRenderingContext2D, svg: SVGSVGElement): void {
  for (const shape of svg.querySelectorAll<SVGGraphicsElement>("path, rect, text, line")) {
    const place = shape.getScreenCTM();
    if (!place) continue;
    const style = getComputedStyle(shape);
    g.save();
    g.transform(place.a, place.b, place.c, place.d, place.e, place.f);
    const number = (name: string) => Number(shape.getAttribute(name) ?? 0);
    if (shape.tagName === "text") {
      g.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      g.fillStyle = style.fill;
      g.textBaseline = "alphabetic";
      g.textAlign = style.textAnchor === "middle" ? "center" : style.textAnchor === "end" ? "right" : "left";
      g.fillText(shape.textContent ?? "", number("x"), number("y"));
      g.restore();
      continue;
    }
    const path = new Path2D(shape.getAttribute("d") ?? "");
    if (shape.tagName === "line") {
      path.moveTo(number("x1"), number("y1"));
      path.lineTo(number("x2"), number("y2"));
    }
    if (shape.tagName === "rect")
      path.roundRect(number("x"), number("y"), number("width"), number("height"), number("rx"));
    if (style.fill !== "none") {
      g.globalAlpha *= Number(style.fillOpacity);
      g.fillStyle = style.fill;
      g.fill(path);
      g.globalAlpha /= Number(style.fillOpacity) || 1;
    }
    if (style.stroke !== "none") {
      g.strokeStyle = style.stroke;
      g.lineWidth = Number.parseFloat(style.strokeWidth) || 1;
      g.lineJoin = style.strokeLinejoin as CanvasLineJoin;
      g.setLineDash(
        style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(Number.parseFloat),
      );
      g.stroke(path);
    }
    g.restore();
  }
}
