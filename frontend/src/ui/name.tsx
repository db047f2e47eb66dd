import { useLayoutEffect, useRef } from "preact/hooks";
import { distinction, elide } from "../plot/layout_names";

interface Props {
  text: string;
  /** The names beside this one, from which it must differ when it is shortened. */
  among?: readonly string[];
  /** Tooltip: the full name, and more if it is known. Undefined if the element around has one. */
  title?: string | undefined;
  /** Further CSS class. */
  class?: string;
  /** Name of the element. */
  as?: "span" | "b" | "i" | "h3";
}

/**
 * A name that is shortened in the middle where it does not fit. Names differ at their ends, which an ellipsis at the
 * end would hide. The document contains the full name, for readers of screens and for searches. See base.css.
 */
export function Name({ text, among, title, class: own = "", as: Tag = "span" }: Props) {
  const ref = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    return observe(element, () => {
      const width = element.clientWidth;
      if (width === 0) return;
      const { fontSize, fontFamily } = getComputedStyle(element);
      // Bold, since a selected name must fit too.
      const fits = (part: string) => textWidth(part, `600 ${fontSize} ${fontFamily}`) <= width + 0.5;
      // A name that is as wide as its element is not measured: rounding must not shorten it.
      const whole = element.scrollWidth <= width;
      const shown = whole ? text : elide(text, fits, among && distinction(text, among));
      if (shown === text) delete element.dataset.shown;
      else element.dataset.shown = shown;
    });
  }, [text, among]);
  return (
    <Tag class={own === "" ? "fit" : `fit ${own}`} title={title} ref={ref as never}>
      {text}
    </Tag>
  );
}

const callbacks = new WeakMap<Element, () => void>();
let observer: ResizeObserver | null = null;

/**
 * Call a function whenever the size of an element is known or changes. All elements share one observer: it runs once
 * the layout is done, so that reading the size of a hundred names forces none.
 */
function observe(element: Element, callback: () => void): () => void {
  observer ??= new ResizeObserver((entries) => {
    for (const { target } of entries) callbacks.get(target)?.();
  });
  callbacks.set(element, callback);
  observer.observe(element);
  return () => {
    callbacks.delete(element);
    observer?.unobserve(element);
  };
}

let pen: CanvasRenderingContext2D | null = null;

/** Return the width of a text in CSS pixels. */
export function textWidth(text: string, font: string): number {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return 0;
  pen.font = font;
  return pen.measureText(text).width;
}
