/**
 * Return a picture of a part of the page: canvases, texts, plain boxes and SVG marks. An SVG foreignObject would be
 * shorter, but the content security policy and fonts prevent it.
 */
export function snapshot(root: HTMLElement, background: string, dpr: number): HTMLCanvasElement {
  const frame = root.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(frame.width * dpr);
  canvas.height = Math.ceil(frame.height * dpr);
  const g = canvas.getContext("2d");
  if (!g) return canvas;
  g.scale(dpr, dpr);
  g.translate(-frame.left, -frame.top);
  g.fillStyle = background;
  g.fillRect(frame.left, frame.top, frame.width, frame.height);
  draw(g, root);
  return canvas;
}

function draw(g: CanvasRenderingContext2D, element: Element): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  if (box.width === 0 && box.height === 0) return;
  if (/^(INPUT|BUTTON|SELECT)$/.test(element.tagName)) return;
  g.save();
  g.globalAlpha *= Number(style.opacity);
  if (style.overflowX !== "visible" || style.overflowY !== "visible") {
    g.beginPath();
    g.rect(box.left, box.top, box.width, box.height);
    g.clip();
  }
  drawBox(g, box, style);
  if (element instanceof HTMLCanvasElement) {
    g.imageSmoothingEnabled = false;
    if (element.width > 0 && element.height > 0)
      g.drawImage(element, box.left, box.top, box.width, box.height);
  } else if (element instanceof SVGSVGElement) {
    drawMark(g, element);
  } else {
    const children = [...element.childNodes];
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

/** Draw a text where the browser placed it, shortened where the browser shortened it. */
function drawText(g: CanvasRenderingContext2D, node: Text, style: CSSStyleDeclaration): void {
  const parent = node.parentElement;
  if (!parent || node.data.trim() === "") return;
  const range = document.createRange();
  range.selectNodeContents(node);
  const rect = range.getClientRects()[0];
  if (!rect) return;
  g.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  g.fillStyle = style.color;
  g.textBaseline = "middle";
  // A name that is shortened in the middle, see ui/name.tsx.
  let text = parent.dataset.shown ?? node.data;
  const room = parent.getBoundingClientRect().right - rect.left;
  if (style.textOverflow === "ellipsis" && rect.width > room + 1) {
    while (text.length > 1 && g.measureText(`${text}…`).width > room) text = text.slice(0, -1);
    text += "…";
  }
  g.fillText(text, rect.left, rect.top + rect.height / 2 + 0.5);
}

/** Draw the paths, boxes and texts of an SVG at their positions on the screen. */
function drawMark(g: CanvasRenderingContext2D, svg: SVGSVGElement): void {
  for (const shape of svg.querySelectorAll<SVGGraphicsElement>("path, rect, text")) {
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
