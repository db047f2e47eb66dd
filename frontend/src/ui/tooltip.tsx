import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { TooltipContent } from "../data/store";
import { useStore } from "./context";

const MARGIN = 8;

interface Props {
  /** The element that the tooltip describes. */
  owner: Element;
  /** Position of the pointer, or of an element that has the keyboard's focus. */
  x: number;
  y: number;
  run: string;
  step: string;
  hide: () => void;
  children: ComponentChildren;
}

/** A signal of what is shown. */
interface Shown<T> {
  value: T | null;
  peek(): T | null;
}

/**
 * Return functions that show and hide a view's content of `shown`. It is hidden when the view is removed, and when one
 * of `drawn` changes, because something else may then be under the pointer. Content of other views stays.
 */
export function useShown<T extends object>(shown: Shown<T>, drawn: readonly unknown[]) {
  const own = useRef<T | null>(null);
  const handlers = useMemo(
    () => ({
      show(content: T) {
        own.current = content;
        shown.value = content;
      },
      hide() {
        if (own.current !== null && shown.peek() === own.current) shown.value = null;
        own.current = null;
      },
    }),
    [shown],
  );
  useLayoutEffect(() => handlers.hide, drawn);
  return handlers;
}

/** Text of a tooltip. Its place comes from the event. */
export type TooltipText = Omit<TooltipContent, "owner" | "x" | "y">;

/**
 * Return functions that show and hide a view's tooltip. See `useShown`.
 *
 *     const tooltip = useTooltip([grid, width]);
 *     <canvas onPointerMove={(event) => tooltip.show(event, textAt(event))} onPointerLeave={tooltip.hide} />
 */
export function useTooltip(drawn: readonly unknown[]) {
  const { show, hide } = useShown(useStore().tooltip, drawn);
  return {
    show: (event: MouseEvent, text: TooltipText) =>
      show({ ...text, owner: event.currentTarget as Element, x: event.clientX, y: event.clientY }),
    /** Show the tooltip of an element that has the keyboard's focus, below the element. */
    showBelow(owner: Element, text: TooltipText) {
      const box = owner.getBoundingClientRect();
      show({ ...text, owner, x: box.left + box.width / 2, y: box.bottom });
    },
    hide,
  };
}

const isUnder = (owner: Element, x: number, y: number) => owner.contains(document.elementFromPoint(x, y));

/**
 * Hide a tooltip as soon as its element is no longer where it was: on removal, layout and scrolling. An element that is
 * removed or moved from under the pointer gets no event. Escape and a pointer that leaves the frame hide it too.
 */
function useEnd({ owner, x, y, hide }: Pick<Props, "owner" | "x" | "y" | "hide">): void {
  const now = useRef({ x, y, hide });
  now.current = { x, y, hide };
  useLayoutEffect(() => {
    const end = () => now.current.hide();
    if (!owner.isConnected) {
      end();
      return;
    }
    const pointed = isUnder(owner, x, y);
    const place = owner.getBoundingClientRect();
    const isThere = () => {
      if (pointed) return isUnder(owner, now.current.x, now.current.y);
      const { left, top } = owner.getBoundingClientRect();
      return owner.isConnected && left === place.left && top === place.top;
    };
    let frame = 0;
    const check = () => {
      // Wait for the frame, which computes the layout anyway.
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        if (!isThere()) end();
      });
    };
    const changes = new MutationObserver(check);
    changes.observe(document.body, { subtree: true, childList: true, attributes: true });
    const listeners: [EventTarget, string, (event: Event) => void][] = [
      [window, "resize", end],
      [document, "scroll", ({ target }) => target instanceof Node && target.contains(owner) && end()],
      [document, "keydown", (event) => (event as KeyboardEvent).key === "Escape" && end()],
      [document.documentElement, "pointerleave", end],
      [document, "pointermove", ({ target }) => pointed && !owner.contains(target as Node) && end()],
    ];
    for (const [target, name, listen] of listeners) target.addEventListener(name, listen, true);
    return () => {
      changes.disconnect();
      cancelAnimationFrame(frame);
      for (const [target, name, listen] of listeners) target.removeEventListener(name, listen, true);
    };
  }, [owner]);
}

/** A box beside the pointer that names a run and a step. */
export function TooltipBox({ owner, x, y, run, step, hide, children }: Props) {
  const store = useStore();
  const ref = useRef<HTMLDivElement>(null);
  useEnd({ owner, x, y, hide });
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const { offsetWidth: width, offsetHeight: height } = box;
    const right = x + 14 + width + MARGIN <= window.innerWidth;
    const below = y + 16 + height + MARGIN <= window.innerHeight;
    box.style.left = `${Math.max(MARGIN, right ? x + 14 : x - 14 - width)}px`;
    box.style.top = `${Math.max(MARGIN, below ? y + 16 : y - 12 - height)}px`;
  });
  return (
    <div class="tooltip" role="tooltip" data-testid="tooltip" ref={ref}>
      <div class="where">
        <i style={{ background: store.colour(run) }} />
        <b>{run}</b>
        <span>{step}</span>
      </div>
      {children}
    </div>
  );
}

/** Tooltip with the content that a panel has put into the store. */
export function Tooltip() {
  const { tooltip } = useStore();
  if (!tooltip.value) return null;
  const { what, value, lines, help, ...place } = tooltip.value;
  return (
    <TooltipBox
      {...place}
      hide={() => {
        tooltip.value = null;
      }}
    >
      <div class="what">{what}</div>
      {value !== "" && <div class="value">{value}</div>}
      {lines.map((line) => (
        <div class="state" key={line}>
          {line}
        </div>
      ))}
      {help !== "" && <div class="dim">{help}</div>}
    </TooltipBox>
  );
}
