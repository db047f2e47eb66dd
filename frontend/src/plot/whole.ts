/** Styles of an element and the values that they had. */
type Saved = [element: HTMLElement, property: string, value: string, priority: string];

/** Styles that let an element be as large as its content. */
const UNBOUND: Record<string, string> = {
  overflow: "visible",
  height: "max-content",
  "max-height": "none",
  flex: "none",
  "grid-template-rows": "none",
};

/**
 * Lay out all content of an element, including what is scrolled out of its parts, and return a function that restores
 * the element. Sticky parts return to their places, since nothing scrolls any more.
 */
export function layOutWhole(root: HTMLElement): () => void {
  const saved: Saved[] = [];
  const scrolled: [HTMLElement, number, number][] = [];
  const set = (element: HTMLElement, styles: Record<string, string>) => {
    for (const [name, value] of Object.entries(styles)) {
      saved.push([
        element,
        name,
        element.style.getPropertyValue(name),
        element.style.getPropertyPriority(name),
      ]);
      element.style.setProperty(name, value, "important");
    }
  };
  const unbound = new Set<HTMLElement>([root]);
  const sticky: HTMLElement[] = [];
  for (const element of [root, ...root.querySelectorAll<HTMLElement>("*")]) {
    if (!(element instanceof HTMLElement)) continue;
    if (element.scrollTop !== 0 || element.scrollLeft !== 0)
      scrolled.push([element, element.scrollTop, element.scrollLeft]);
    const style = getComputedStyle(element);
    if (style.position === "sticky") sticky.push(element);
    if (!/auto|scroll/.test(`${style.overflowX} ${style.overflowY}`)) continue;
    // Everything around a part that grows must grow with it.
    for (let at: HTMLElement | null = element; at && !unbound.has(at); at = at.parentElement) unbound.add(at);
  }
  for (const element of unbound) set(element, UNBOUND);
  for (const element of sticky) set(element, { position: "relative" });
  // Boxes and lines are as wide as the widest part, so that none ends where the page was cut.
  if (root.scrollWidth > root.clientWidth) set(root, { "min-width": `${root.scrollWidth}px` });
  return () => {
    for (const [element, name, value, priority] of saved) element.style.setProperty(name, value, priority);
    for (const [element, top, left] of scrolled) {
      element.scrollTop = top;
      element.scrollLeft = left;
    }
  };
}
