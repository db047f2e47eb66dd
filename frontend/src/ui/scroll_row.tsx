import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStore } from "./context";
import { UI_TEXT } from "./text";

interface Props {
  /** Name of the row for assistive technology. */
  label: string;
  /** Changes with the items. */
  items: string;
  testid: string;
  children: ComponentChildren;
}

type Side = "left" | "right";

/** Part of an item in pixels that may be cut. */
const CUT = 2;

/** A row of items that scrolls sideways. Signs beside it count the items beyond its ends, and scroll to them. */
export function ScrollRow({ label, items, testid, children }: Props) {
  const { printing } = useStore();
  const row = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState({ left: 0, right: 0 });
  const measure = () => {
    const element = row.current;
    if (!element) return;
    const area = element.getBoundingClientRect();
    const boxes = [...element.children].map((item) => item.getBoundingClientRect());
    const left = boxes.filter((box) => box.left < area.left - CUT).length;
    const right = boxes.filter((box) => box.right > area.right + CUT).length;
    setHidden((old) => (old.left === left && old.right === right ? old : { left, right }));
  };
  useLayoutEffect(() => {
    const element = row.current;
    if (!element) return;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [items]);
  const sign = (side: Side) =>
    hidden[side] > 0 &&
    !printing.value && (
      <button
        type="button"
        class="more-items"
        data-testid={`${testid}-${side}`}
        title={UI_TEXT.moreItems[side](hidden[side])}
        onClick={() => {
          const element = row.current;
          element?.scrollBy(0.8 * element.clientWidth * (side === "left" ? -1 : 1), 0);
        }}
      >
        {UI_TEXT.more[side](hidden[side])}
      </button>
    );
  return (
    <>
      {sign("left")}
      <div
        class="scroll-row"
        ref={row}
        role="group"
        aria-label={label}
        data-testid={testid}
        onScroll={measure}
      >
        {children}
      </div>
      {sign("right")}
    </>
  );
}
