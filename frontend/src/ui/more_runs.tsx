import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { STRIP } from "../plot/layout_strip";
import { useStore } from "./context";
import { UI_TEXT } from "./text";

/** Numbers of runs that are scrolled out of an area on each side. */
interface Hidden {
  left: number;
  right: number;
  above: number;
  below: number;
}

type Side = keyof Hidden;

const NONE: Hidden = { left: 0, right: 0, above: 0, below: 0 };
/** Fraction of a run's head that must be in view. */
const IN_VIEW = 0.95;

interface Props {
  /** The scrolling area. */
  box: { readonly current: HTMLElement | null };
  runs: readonly string[];
  /** Selector of the heads of the runs within the area. */
  heads?: string;
  /** Widths of sticky columns, which cover the area. */
  left?: number;
  right?: number;
}

/**
 * Signs with the numbers of runs beyond the edges of a scrolling area. A click scrolls to these runs. Place it behind the
 * area, in the same element. The signs stand on strips of their own, which the area gives up: one above it for runs
 * beside it, and one below it for runs above and below.
 */
export function MoreRuns({ box, runs, heads = ".run-head", left = 0, right = 0 }: Props) {
  const [hidden, setHidden] = useState(NONE);
  const { printing } = useStore();
  const hides = printing.value;
  useStrips(box, { heads, left, right, off: hides, key: runs.join("\n") });
  useLayoutEffect(() => {
    const root = box.current;
    if (!root) return;
    const sides = new Map<Element, Side | null>();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) sides.set(entry.target, sideOf(entry));
        const next = { ...NONE };
        for (const side of sides.values()) if (side) next[side]++;
        setHidden(next);
      },
      { root, rootMargin: `0px ${-right}px 0px ${-left}px`, threshold: [0, 0.5, IN_VIEW, 1] },
    );
    for (const head of root.querySelectorAll(heads)) observer.observe(head);
    return () => observer.disconnect();
  }, [runs.join("\n"), heads, left, right]);
  const root = box.current;
  if (!root || hides) return null;
  const { clientWidth: width, clientHeight: height } = root;
  const [x, y] = [root.offsetLeft + root.clientLeft, root.offsetTop + root.clientTop];
  const end = root.offsetTop + root.offsetHeight;
  const places: Record<Side, Record<string, string>> = {
    left: { left: `${x + left}px`, top: `${y}px`, height: `${height}px` },
    right: { left: `${x + width - right}px`, top: `${y}px`, height: `${height}px` },
    above: { left: `${x}px`, top: `${y}px`, width: `${width}px` },
    below: { left: `${x}px`, top: `${y + height}px`, width: `${width}px` },
  };
  const strips: Record<Side, Record<string, string>> = {
    left: { left: "3px", top: `${-STRIP}px` },
    right: { right: "3px", top: `${-STRIP}px` },
    above: { right: "calc(50% + 3px)", top: `${end - STRIP - y}px` },
    below: { left: "calc(50% + 3px)", top: `${end - STRIP - y - height}px` },
  };
  const scroll: Record<Side, [number, number]> = {
    left: [-1, 0],
    right: [1, 0],
    above: [0, -1],
    below: [0, 1],
  };
  return (
    <>
      {(Object.keys(NONE) as Side[]).map(
        (side) =>
          hidden[side] > 0 && (
            <div class={`more-runs ${side}`} key={side} style={places[side]}>
              <button
                type="button"
                style={strips[side]}
                title={UI_TEXT.moreTitle[side](hidden[side])}
                data-testid={`more-${side}`}
                onClick={() => {
                  const [dx, dy] = scroll[side];
                  box.current?.scrollBy(0.8 * dx * (width - left - right), 0.8 * dy * height);
                }}
              >
                {UI_TEXT.more[side](hidden[side])}
              </button>
            </div>
          ),
      )}
    </>
  );
}

interface Strips extends Required<Pick<Props, "heads" | "left" | "right">> {
  /** True while the area shows everything. */
  off: boolean;
  /** Changes with the runs. */
  key: string;
}

/**
 * Reserve the strips of an area in which runs do not fit, wherever it is scrolled to. A strip stays until the area's
 * size or its runs change: without this, what shrinks to the smaller area would take the strip away again.
 */
function useStrips(box: Props["box"], { heads, left, right, off, key }: Strips) {
  const [, redraw] = useState(0);
  const kept = useRef({ of: "", across: false, along: false });
  const reserve = () => {
    const root = box.current;
    if (!root) return;
    const of = [root.offsetWidth, root.offsetHeight, left, right, off, key].join();
    const before = kept.current;
    const found = off ? NO_STRIPS : exceeding(root, heads, right);
    const known = before.of === of;
    const next = {
      of,
      across: found.across || (known && before.across),
      along: found.along || (known && before.along),
    };
    kept.current = next;
    root.toggleAttribute("data-more-across", next.across);
    root.toggleAttribute("data-more-along", next.along);
    if (before.across !== next.across || before.along !== next.along) redraw((n) => n + 1);
  };
  useLayoutEffect(reserve);
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(() => {
      reserve();
      redraw((n) => n + 1);
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [heads, left, right, off, key]);
}

const NO_STRIPS = { across: false, along: false };

/** Return if the heads of an area need more width and more height than it has. */
function exceeding(root: HTMLElement, heads: string, right: number): typeof NO_STRIPS {
  const area = root.getBoundingClientRect();
  const strip = root.hasAttribute("data-more-along") ? STRIP : 0;
  const found = { ...NO_STRIPS };
  for (const head of root.querySelectorAll(heads)) {
    const own = head.getBoundingClientRect();
    const end = own.right - area.left - root.clientLeft + root.scrollLeft;
    const foot = own.bottom - area.top - root.clientTop + root.scrollTop;
    found.across ||= end - (root.clientWidth - right) > (1 - IN_VIEW) * own.width + 1;
    found.along ||= foot - (root.clientHeight + strip) > (1 - IN_VIEW) * own.height + 1;
  }
  return found;
}

/** Return the side on which a head is scrolled out of the area, or null if it is in view. */
function sideOf({
  boundingClientRect: own,
  rootBounds: area,
  intersectionRatio,
}: IntersectionObserverEntry): Side | null {
  if (!area || intersectionRatio >= IN_VIEW || own.width === 0) return null;
  if (own.right > area.right + 1) return "right";
  if (own.left < area.left - 1) return "left";
  return own.top < area.top ? "above" : "below";
}
