import { useLayoutEffect, useState } from "preact/hooks";
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
 * Signs at the edges of a scrolling area with the numbers of runs beyond them. A click scrolls to these runs. Place it
 * behind the area, in the same element.
 */
export function MoreRuns({ box, runs, heads = ".run-head", left = 0, right = 0 }: Props) {
  const [hidden, setHidden] = useState(NONE);
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
  if (!root) return null;
  const { offsetLeft: x, offsetTop: y, clientWidth: width, clientHeight: height } = root;
  const places: Record<Side, Record<string, string>> = {
    left: { left: `${x + left}px`, top: `${y}px`, height: `${height}px` },
    right: { left: `${x + width - right}px`, top: `${y}px`, height: `${height}px` },
    above: { left: `${x}px`, top: `${y}px`, width: `${width}px` },
    below: { left: `${x}px`, top: `${y + height}px`, width: `${width}px` },
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
