import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useStore } from "./context";

const MARGIN = 8;

interface Props {
  /** Position of the pointer. */
  x: number;
  y: number;
  run: string;
  step: string;
  children: ComponentChildren;
}

/** A box beside the pointer that names a run and a step. */
export function TooltipBox({ x, y, run, step, children }: Props) {
  const store = useStore();
  const ref = useRef<HTMLDivElement>(null);
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
  const content = useStore().tooltip.value;
  if (!content) return null;
  const { run, step, what, value, lines, help, x, y } = content;
  return (
    <TooltipBox run={run} step={step} x={x} y={y}>
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
