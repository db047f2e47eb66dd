import { a as u, T as TEXT, ay as Code, u as useStore, S } from "./main-B9rrWoHG.js";
function PanelEmpty({ title, help, code }) {
  return /* @__PURE__ */ u("div", { class: "panel-empty", "data-testid": "panel-empty", children: [
    /* @__PURE__ */ u("h2", { children: title }),
    /* @__PURE__ */ u("p", { children: help }),
    /* @__PURE__ */ u(Code, { title: TEXT.fillsIt, code })
  ] });
}
function NoRuns() {
  return /* @__PURE__ */ u("div", { class: "notice", children: [
    /* @__PURE__ */ u("b", { children: TEXT.noneSelected }),
    /* @__PURE__ */ u("p", { children: TEXT.noneSelectedHelp })
  ] });
}
function ink(dark) {
  return dark ? {
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
    dash: "rgba(255,255,255,.55)"
  } : {
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
    dash: "rgba(31,36,48,.5)"
  };
}
const FONT = 'Roboto, "Segoe UI", Helvetica, Arial, sans-serif';
function prepare(canvas, width, height, dpr) {
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const g = canvas.getContext("2d");
  g?.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  return g;
}
function tile(size, draw2) {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const g = canvas.getContext("2d");
  if (g) draw2(g);
  return canvas;
}
const hatchTile = (colour, dpr) => {
  const size = Math.round(6 * dpr);
  return tile(size, (g) => {
    g.strokeStyle = colour;
    g.lineWidth = 1.1 * dpr;
    g.beginPath();
    for (const shift of [-size, 0, size]) {
      g.moveTo(shift - 1, size + 1);
      g.lineTo(shift + size + 1, -1);
    }
    g.stroke();
  });
};
const dotTile = (colour, dpr) => {
  const size = Math.round(6 * dpr);
  const dot = Math.max(1, Math.round(dpr));
  return tile(size, (g) => {
    g.fillStyle = colour;
    g.fillRect(Math.round(size / 4), Math.round(size / 4), dot, dot);
    g.fillRect(Math.round(size * 3 / 4), Math.round(size * 3 / 4), dot, dot);
  });
};
const dashTile = (colour, dpr) => {
  const size = Math.round(8 * dpr);
  const thick = Math.max(1, Math.round(1.2 * dpr));
  return tile(size, (g) => {
    g.fillStyle = colour;
    g.fillRect(0, Math.round(size / 4), Math.round(size / 2), thick);
    g.fillRect(Math.round(size / 2), Math.round(size * 3 / 4), Math.round(size / 2), thick);
  });
};
function snapshot(root, background, dpr) {
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
function draw(g, element) {
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
    const layer = (node) => node instanceof Element ? Number(getComputedStyle(node).zIndex) || 0 : 0;
    children.sort((a, b) => layer(a) - layer(b));
    for (const child of children) {
      if (child instanceof Element) draw(g, child);
      else if (child instanceof Text) drawText(g, child, style);
    }
  }
  g.restore();
}
function drawBox(g, box, style) {
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
function drawText(g, node, style) {
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
function drawMark(g, svg) {
  for (const shape of svg.querySelectorAll("path, rect, text")) {
    const place = shape.getScreenCTM();
    if (!place) continue;
    const style = getComputedStyle(shape);
    g.save();
    g.transform(place.a, place.b, place.c, place.d, place.e, place.f);
    const number = (name) => Number(shape.getAttribute(name) ?? 0);
    if (shape.tagName === "text") {
      g.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      g.fillStyle = style.fill;
      g.textBaseline = "alphabetic";
      g.textAlign = { middle: "center", end: "right" }[style.textAnchor] ?? "left";
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
      g.lineJoin = style.strokeLinejoin;
      g.setLineDash(
        style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(Number.parseFloat)
      );
      g.stroke(path);
    }
    g.restore();
  }
}
function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1e4);
}
function Exports({ name, png, csv, disabled = false }) {
  const store = useStore();
  const picture = () => {
    const element = png();
    if (!element) return;
    const canvas = snapshot(element, ink(store.dark.value).panel, Math.max(2, window.devicePixelRatio));
    canvas.toBlob((blob) => blob && download(blob, `${name}.png`), "image/png");
  };
  const table = () => download(new Blob([csv()], { type: "text/csv" }), `${name}.csv`);
  return /* @__PURE__ */ u(S, { children: [
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "button",
        title: TEXT.pngTitle,
        "data-testid": "export-png",
        onClick: picture,
        disabled,
        children: TEXT.png
      }
    ),
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "button",
        title: TEXT.csvTitle,
        "data-testid": "export-csv",
        onClick: table,
        disabled,
        children: TEXT.csv
      }
    )
  ] });
}
export {
  Exports as E,
  FONT as F,
  NoRuns as N,
  PanelEmpty as P,
  dashTile as a,
  dotTile as d,
  hatchTile as h,
  ink as i,
  prepare as p
};
