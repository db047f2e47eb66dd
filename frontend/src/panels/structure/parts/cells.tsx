import { exact, short } from "../../../lib/format";
import { colourOf, cssColour, labelOf, type Palette } from "../../../lib/palette";
import { toUnit } from "../../../lib/scale";
import { CELL, type Scale } from "../../../lib/types";
import { sideOf } from "../../../plot/clipped";
import { UI_TEXT } from "../../../ui/text";
import type { Difference, Module } from "../model";
import type { Cell, LineSeries } from "../model_values";
import { TEXT } from "../text";

export const shapeText = (shape: readonly (number | null)[] | null) =>
  shape === null ? "" : shape.length === 0 ? TEXT.scalar : shape.map((n) => n ?? "?").join(" × ");

const clamp = (t: number) => Math.min(1, Math.max(0, t));

/** Format a value with three digits, or its state if there is no value. */
export function cellText({ state, value, pending }: Cell): string {
  if (pending) return UI_TEXT.pendingValue;
  if (state === CELL.absent) return "";
  return state === CELL.undefined ? "–" : short(value);
}

/** Return the exact value and its state, for the tooltip. */
export function cellTooltip(cell: Cell, scale: Scale): { value: string; state: string } {
  if (cell.pending) return { value: "", state: UI_TEXT.statePending };
  const label = labelOf(cell.state, cell.value, scale);
  const blank = label === "absent" || label === "undefined";
  return { value: blank ? "" : exact(cell.value), state: UI_TEXT.state[label] };
}

interface BarProps {
  cell: Cell;
  scale: Scale;
  colours: Palette;
  /** True if the number is above the bar. */
  stacked: boolean;
}

/** A value as a bar on the shared scale, in the colour of the heat maps, and as text. */
export function Bar({ cell, scale, colours, stacked }: BarProps) {
  const rgb = colourOf(cell.state, cell.value, scale, colours);
  const t = clamp(toUnit(scale, cell.value));
  const from = scale.diverging ? Math.min(t, 0.5) : 0;
  const to = scale.diverging ? Math.max(t, 0.5) : t;
  const empty = cell.state === CELL.absent || cell.state === CELL.undefined;
  const look = cell.state === CELL.nonfinite ? "fill hatched" : "fill";
  const whole = cell.state === CELL.nonfinite;
  const style = whole
    ? { left: "0", width: "100%" }
    : { left: `${100 * from}%`, width: `max(2px, ${100 * (to - from)}%)` };
  return (
    <div class={stacked ? "bar-cell stacked" : "bar-cell"}>
      <div class={cell.pending ? "track pending" : empty ? "track dotted" : "track"}>
        {!empty && rgb && <i class={look} style={{ ...style, backgroundColor: cssColour(rgb) }} />}
      </div>
      <span class={whole ? "number bad" : "number"}>{cellText(cell)}</span>
    </div>
  );
}

interface SparkProps {
  series: readonly LineSeries[];
  line: number;
  scale: Scale;
  /** True if NaN at every step means that the statistic is undefined for the layer. */
  mayBeUndefined: boolean;
  width: number;
  height: number;
  colour: (run: string) => string;
  step: number;
}

/** Minimum distance of two marks of a sparkline in pixels. */
const APART = 6;

/**
 * A module's values over steps with the cursor. All runs and lines share one scale. Values beyond it are triangles at
 * its end, and NaN and Inf are crosses at the top.
 */
export function Sparkline({ series, line, scale, mayBeUndefined, width, height, colour, step }: SparkProps) {
  const ends = series.flatMap(({ steps }) => (steps.length > 0 ? [steps[0], steps[steps.length - 1]] : []));
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const x = (at: number) => (last > first ? 1 + ((width - 2) * (at - first)) / (last - first) : width / 2);
  const y = (value: number) => height - 2 - (height - 4) * clamp(toUnit(scale, value));
  const n = (value: number) => Number(value.toFixed(1));
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {ends.length > 0 && <path class="now" d={`M${n(x(step))} 0V${height}`} />}
      {series.map((one) => {
        const { curve, clipped, bad } = sparkPaths(one, line, scale, x, y, height);
        return (
          <g key={one.run}>
            <path class="curve" d={curve} stroke={colour(one.run)} />
            {clipped !== "" && <path class="clipped" d={clipped} style={{ fill: colour(one.run) }} />}
            {bad !== "" && (curve + clipped !== "" || !mayBeUndefined) && <path class="bad" d={bad} />}
          </g>
        );
      })}
    </svg>
  );
}

/** Return the paths of one run's values: the curve, triangles for clipped values, and crosses for NaN and Inf. */
export function sparkPaths(
  { at, value: values, absent, lines }: LineSeries,
  line: number,
  scale: Scale,
  x: (step: number) => number,
  y: (value: number) => number,
  height: number,
): { curve: string; clipped: string; bad: string } {
  const n = (value: number) => Number(value.toFixed(1));
  const paths = { curve: "", clipped: "", bad: "" };
  let pen: number | null = null;
  let marked = { clipped: Number.NEGATIVE_INFINITY, bad: Number.NEGATIVE_INFINITY };
  for (let i = 0; i < at.length; i++) {
    const value = values[i * lines + line];
    const left = n(x(at[i]));
    if (absent[i * lines + line] !== 0) {
      pen = null;
      continue;
    }
    if (!Number.isFinite(value)) {
      pen = null;
      if (left - marked.bad < APART) continue;
      marked = { ...marked, bad: left };
      paths.bad += `M${n(left - 2)} 0.5l4 4m0 -4l-4 4`;
      continue;
    }
    const side = sideOf(toUnit(scale, value));
    if (side !== 0 && left - marked.clipped >= APART) {
      marked = { ...marked, clipped: left };
      const [tip, base] = side === 1 ? [0, 4.5] : [height, height - 4.5];
      paths.clipped += `M${left} ${tip}L${n(left - 2.5)} ${base}h5z`;
    }
    // No line along the end of the scale, which would read as a value. A single point needs a line to be visible.
    const joined: boolean = pen !== null && (side === 0 || pen !== side);
    paths.curve += joined ? `L${left} ${n(y(value))}` : `M${left} ${n(y(value))}${side === 0 ? "h0.1" : ""}`;
    pen = side;
  }
  return paths;
}

/** Describe how a module differs in other runs. */
export function differenceText(
  found: readonly { run: string; difference: Difference }[],
  nameOf: (run: string) => string = (run) => run,
): string {
  const say = (run: string, difference: Difference) => {
    switch (difference.what) {
      case "missing":
        return TEXT.notIn(run);
      case "added":
        return TEXT.onlyIn(run);
      case "type":
        return TEXT.typeIn(difference.there, run);
      case "shape":
        return TEXT.shapeIn(shapeText(difference.there), run);
      case "parameters":
        return TEXT.parametersIn(difference.there.toLocaleString("en"), run);
    }
  };
  // Runs with the same difference are merged.
  const alike = new Map<string, { difference: Difference; runs: string[] }>();
  for (const { run, difference } of found) {
    const key = JSON.stringify(difference);
    const known = alike.get(key);
    if (known) known.runs.push(run);
    else alike.set(key, { difference, runs: [run] });
  }
  return [...alike.values()]
    .map(({ difference, runs }) => say(runs.map(nameOf).join(", "), difference))
    .join("; ");
}

export const labelOfModule = (module: Module) => (module.name === "" ? TEXT.model : module.label);
