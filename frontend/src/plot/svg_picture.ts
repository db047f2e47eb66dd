import type { Theme } from "./canvas";
import { svgPath } from "./markers";
import { headHeight, type PictureHead, placed } from "./picture_head";
import { linesOf } from "./snapshot";

const MARGIN = 20;
const MIN_WIDTH = 520;
const GAP = 14;
/** Distance of the lines of a hatch in pixels. */
const HATCH = 4;

/** Attributes of a shape that say where it is. */
const GEOMETRY = ["d", "x", "y", "width", "height", "rx", "x1", "y1", "x2", "y2"];

type Attributes = Record<string, string | number | undefined>;

const ENTITIES = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
]);
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES.get(sign) ?? sign);

const round = (value: number) => Number(value.toFixed(2));

/** Return an SVG element. Attributes without a value are left out. */
export function svgElement(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(
      ([key, value]) =>
        ` ${key}="${escaped(typeof value === "number" ? String(round(value)) : String(value))}"`,
    );
  return `<${name}${written.join("")}${content === "" ? "/>" : `>${content}</${name}>`}`;
}

const textElement = (text: string, attributes: Attributes) =>
  svgElement("text", { ...attributes, "xml:space": "preserve" }, escaped(text));

/** Return the font of an element as attributes. */
const fontOf = ({ fontWeight, fontSize, fontFamily }: CSSStyleDeclaration): Attributes => ({
  "font-weight": fontWeight === "400" ? undefined : fontWeight,
  "font-size": fontSize,
  "font-family": fontFamily,
});

/**
 * Return an SVG document of parts of the page, one below the other, under a head that explains them. It needs no other
 * file: styles are attributes of its elements.
 */
export function svgPicture(
  parts: readonly HTMLElement[],
  head: PictureHead,
  theme: Theme,
  g: CanvasRenderingContext2D,
): string {
  const frames = parts.map((part) => part.getBoundingClientRect());
  const room = Math.max(MIN_WIDTH, ...parts.map((part, i) => Math.max(frames[i].width, part.scrollWidth)));
  let y = headHeight(g, head, room);
  const body = parts.map((part, i) => {
    const inner = svgElement(
      "g",
      { transform: `translate(${round(-frames[i].left)} ${round(y - frames[i].top)})` },
      contentOf(part),
    );
    y += frames[i].height + GAP;
    return inner;
  });
  const [width, height] = [room + 2 * MARGIN, y - GAP + 2 * MARGIN];
  const all = svgElement(
    "g",
    { transform: `translate(${MARGIN} ${MARGIN})` },
    [...headOf(g, head, room, theme), ...body].join("\n"),
  );
  return svgElement(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${round(width)} ${round(height)}` },
    [
      svgElement("title", {}, escaped([head.title, ...head.facts].join(", "))),
      svgElement("rect", { width, height, fill: theme.panel }),
      all,
    ].join("\n"),
  );
}

function headOf(g: CanvasRenderingContext2D, head: PictureHead, width: number, theme: Theme): string[] {
  return placed(g, head, width).flatMap(({ x, y, text, font, isDim, mark }) => {
    const [, weight, size, family] = font.match(/^(?:(\d+) )?(\S+px) (.*)$/) ?? [];
    return [
      mark
        ? svgElement("path", {
            d: svgPath(mark.shape),
            fill: mark.colour,
            transform: `translate(${round(x - 1)} ${round(y - 6)})`,
          })
        : "",
      textElement(text, {
        x: x + (mark ? 16 : 0),
        y,
        "dominant-baseline": "central",
        fill: isDim ? theme.dim : theme.text,
        "font-weight": weight,
        "font-size": size,
        "font-family": family,
      }),
    ].filter(Boolean);
  });
}

/** Return the boxes, texts, images and marks of a part at their positions on the screen. */
function contentOf(element: Element): string {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.visibility === "hidden" || (box.width === 0 && box.height === 0))
    return "";
  if (/^(INPUT|BUTTON|SELECT)$/.test(element.tagName) && !element.hasAttribute("data-print")) return "";
  const { left: x, top: y, width, height } = box;
  const place = { x, y, width, height };
  if (element instanceof SVGSVGElement) return marksOf(element);
  if (element instanceof HTMLCanvasElement)
    return element.width === 0
      ? ""
      : svgElement("image", { ...place, href: element.toDataURL(), preserveAspectRatio: "none" });
  const out: string[] = [];
  const isClear = /^rgba\(.*, 0\)$|^transparent$/.test(style.backgroundColor);
  const hasBorder = Number.parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none";
  if (!isClear || hasBorder)
    out.push(
      svgElement("rect", {
        ...place,
        rx: Number.parseFloat(style.borderTopLeftRadius) || undefined,
        fill: isClear ? "none" : style.backgroundColor,
        stroke: hasBorder ? style.borderTopColor : undefined,
      }),
    );
  if (style.backgroundImage !== "none") out.push(patternOf(element, box, style));
  for (const child of element.childNodes) {
    if (child instanceof Element) out.push(contentOf(child));
    else if (child instanceof Text && child.data.trim() !== "") {
      for (const { text, rect } of linesOf(child))
        out.push(
          textElement(text, {
            x: rect.left,
            y: rect.top + rect.height / 2,
            "dominant-baseline": "central",
            fill: style.color,
            ...fontOf(style),
          }),
        );
    }
  }
  return out.join("");
}

/** Return the lines of a hatch, or the dashed outline that stands for dots. */
function patternOf(
  element: Element,
  { left, top, width, height }: DOMRect,
  { backgroundImage }: CSSStyleDeclaration,
) {
  const stroke = backgroundImage.match(/rgba?\([^)]*\)/)?.[0];
  if (!element.classList.contains("hatched"))
    return svgElement("rect", {
      x: left,
      y: top,
      width,
      height,
      fill: "none",
      stroke,
      "stroke-dasharray": "1 2",
    });
  let d = "";
  for (let at = 0; at < width; at += HATCH)
    d += `M${round(left + at)} ${round(top + height)}L${round(Math.min(left + width, left + at + height))} ${round(top + Math.max(0, height - (width - at)))}`;
  return svgElement("path", { d, stroke, fill: "none" });
}

/** Return the shapes and texts of an SVG with their styles as attributes. */
function marksOf(svg: SVGSVGElement): string {
  return [...svg.querySelectorAll<SVGGraphicsElement>("path, rect, text, line")]
    .map((shape) => {
      const at = shape.getScreenCTM();
      if (!at) return "";
      const style = getComputedStyle(shape);
      const isSeen = style.fill !== "none" || style.stroke !== "none";
      if (!isSeen || style.stroke === "rgba(0, 0, 0, 0)") return "";
      const own: Attributes = Object.fromEntries(
        GEOMETRY.map((name) => [name, shape.getAttribute(name) ?? undefined]),
      );
      const look: Attributes = {
        fill: style.fill,
        "fill-opacity": style.fillOpacity === "1" ? undefined : style.fillOpacity,
        stroke: style.stroke === "none" ? undefined : style.stroke,
        "stroke-width": style.stroke === "none" ? undefined : style.strokeWidth,
        "stroke-dasharray": style.strokeDasharray === "none" ? undefined : style.strokeDasharray,
        "stroke-linejoin": style.strokeLinejoin === "miter" ? undefined : style.strokeLinejoin,
        "paint-order": style.paintOrder === "normal" ? undefined : style.paintOrder,
        transform: `matrix(${[at.a, at.b, at.c, at.d, at.e, at.f].map(round).join(" ")})`,
      };
      if (shape.tagName !== "text") return svgElement(shape.tagName, { ...own, ...look });
      const anchor = style.textAnchor === "start" ? undefined : style.textAnchor;
      return textElement(shape.textContent ?? "", {
        ...own,
        ...look,
        ...fontOf(style),
        "text-anchor": anchor,
      });
    })
    .join("\n");
}
