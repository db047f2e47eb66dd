/**
 * A picture of a part of the page as it stands: canvases, texts, plain boxes and marks, each at its place.
 * (An SVG foreignObject would be shorter, but the page's content security policy and fonts forbid it.)
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
    drawMark(g, element, box);
  } else {
    const children = [...element.childNodes];
    // Sticky cells lie above what scrolls beneath them.
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

/** Line by line, where the browser broke it, shortened where the browser shortened it. */
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
  let text = node.data;
  const room = parent.getBoundingClientRect().right - rect.left;
  if (style.textOverflow === "ellipsis" && rect.width > room + 1) {
    while (text.length > 1 && g.measureText(`${text}…`).width > room) text = text.slice(0, -1);
    text += "…";
  }
  g.fillText(text, rect.left, rect.top + rect.height / 2 + 0.5);
}

function drawMark(g: CanvasRenderingContext2D, svg: SVGSVGElement, box: DOMRect): void {
  g.translate(box.left, box.top);
  for (const path of svg.querySelectorAll("path")) {
    const shape = new Path2D(path.getAttribute("d") ?? "");
    const style = getComputedStyle(path);
    if (style.fill !== "none") {
      g.fillStyle = style.fill;
      g.fill(shape);
    }
    if (style.stroke !== "none") {
      g.strokeStyle = style.stroke;
      g.lineWidth = Number.parseFloat(style.strokeWidth) || 1;
      g.lineJoin = style.strokeLinejoin as CanvasLineJoin;
      g.stroke(shape);
    }
  }
}
