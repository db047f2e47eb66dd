import { colourOf, cssColour, palette } from "../../../lib/palette";
import type { LayerFinding } from "../../../lib/rules/findings";
import { CELL } from "../../../lib/types";
import { FONT } from "../../../plot/canvas";
import { elide } from "../../../plot/layout_names";
import { markPath } from "../../../plot/marks";
import { useStore } from "../../../ui/context";
import { textWidth } from "../../../ui/name";
import { statisticName, UI_TEXT } from "../../../ui/text";
import type { Values } from "../data";
import type { FlowNode } from "../model_dataflow";
import { textOn } from "../model_values";
import { TEXT } from "../text";
import { cellText, cellTooltip, shapeText } from "./cells";

/** Shorten a text of the drawing to a width in its own units. */
export const clip = (text: string, room: number, size: number) =>
  elide(text, (part) => textWidth(part, `600 ${size}px ${FONT}`) <= room);

/** Sizes of the fonts, as in style.css. */
const LARGE = 12;
const SMALL = 10;
/** Maximum number of findings that a tooltip lists. */
const MAX_FOUND = 4;

export const isModule = ({ kind }: FlowNode) => kind === "call" || kind === "block";

/** Return true if a box is the selected module, contains it, or is inside it. */
export const holds = (node: FlowNode, selected: string | null) =>
  selected !== null &&
  isModule(node) &&
  (node.module === selected || (node.kind === "block" && selected.startsWith(`${node.module}.`)));

/** Handle Enter and the space bar on an element that is not an HTML button. */
export function pressed(event: KeyboardEvent, act: () => void): void {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

/** Return the findings about a box, or about a layer within it. */
export const foundIn = (layers: ReadonlyMap<string, LayerFinding>, name: string, isBlock: boolean) =>
  [...layers].flatMap(([layer, { titles, since }]) =>
    layer === name || (isBlock && layer.startsWith(`${name}.`))
      ? titles.map((title) => TEXT.found(title, UI_TEXT.health.since(layer, since)))
      : [],
  );

interface BoxProps {
  node: FlowNode;
  /** Layers of the run that findings name. */
  layers: ReadonlyMap<string, LayerFinding>;
  box: { x: number; y: number; width: number; height: number };
  values: Values;
  run: string;
  selected: boolean;
  differs: string;
  select: () => void;
  toggle: () => void;
  showTooltip: (what: string, value: string, lines: string[], event: MouseEvent) => void;
  hideTooltip: () => void;
}

/** Box of a call, a collapsed block, an operator, an input or an output. */
export function Box({
  node,
  layers,
  box,
  values,
  run,
  selected,
  differs,
  select,
  toggle,
  showTooltip,
  hideTooltip,
}: BoxProps) {
  const store = useStore();
  const { x, y, width, height } = box;
  const own = node.node;
  if (!isModule(node)) {
    const outputs = own.outputs?.[0]?.shape ?? null;
    const end = node.kind !== "operator";
    const label = node.kind === "output" ? TEXT.outputEnd : own.name === "earlier" ? TEXT.earlier : own.name;
    const lines = [
      outputs ? TEXT.makes(shapeText(outputs)) : "",
      own.parameters?.length ? TEXT.withParameters(own.parameters.join(", ")) : "",
      own.module ? TEXT.ranIn(own.module) : "",
    ];
    return (
      <g
        class={end ? "box end" : "box join"}
        data-testid={`node-${node.id}`}
        onMouseMove={(event) => showTooltip(label, "", lines.filter(Boolean), event)}
        onMouseLeave={hideTooltip}
      >
        <rect x={x} y={y} width={width} height={height} rx={end ? height / 2 : 11} />
        <text x={x + width / 2} y={y + (end ? 17 : 15)} text-anchor="middle">
          {end ? clip(label, width - 16, LARGE) : label}
        </text>
        {end && (
          <text class="small" x={x + width / 2} y={y + 31} text-anchor="middle">
            {clip(shapeText(outputs), width - 12, SMALL)}
          </text>
        )}
      </g>
    );
  }
  // If a module has several calls, each call has its own value.
  const name = node.kind === "block" ? node.module : own.name;
  const several = values.lineOf(`${node.module}#0`) >= 0;
  const key = node.kind === "call" && several ? (own.name === node.module ? `${name}#0` : name) : node.module;
  const cell = values.cell(run, key);
  const colours = palette(values.scale.diverging, store.dark.value);
  const rgb = colourOf(cell.state, cell.value, values.scale, colours);
  const textColour = rgb ? textOn(rgb) : undefined;
  const text = cellText(cell);
  const { value, state } = cellTooltip(cell, values.scale);
  const type = node.kind === "block" ? TEXT.callCount(node.calls) : (own.type ?? "");
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const hatch =
    cell.state === CELL.nonfinite
      ? Array.from(
          { length: Math.floor((width - height) / 8) },
          (_, i) => `M${x + i * 8} ${y + height}l${height} ${-height}`,
        ).join("")
      : "";
  const found = foundIn(layers, node.module, node.kind === "block");
  const lines = [
    ...found.slice(0, MAX_FOUND),
    state,
    node.kind === "call"
      ? TEXT.typed(
          own.type ?? "",
          shapeText(own.inputs?.[0]?.shape ?? null),
          shapeText(own.outputs?.[0]?.shape ?? null),
        )
      : TEXT.callCount(node.calls),
    differs,
  ];
  return (
    <g
      class={`box call${selected ? " selected" : ""}${found.length > 0 ? " found" : ""}${rgb ? "" : cell.pending ? " coming" : " blank"}${node.kind === "block" ? " block" : ""}`}
      role="button"
      tabIndex={0}
      aria-label={TEXT.nodeName(
        name,
        type,
        statistic,
        value || (cell.pending ? UI_TEXT.pending : UI_TEXT.absent),
        [...found, differs].filter(Boolean).join(", "),
      )}
      aria-pressed={selected}
      aria-busy={cell.pending}
      data-testid={`node-${name}`}
      onClick={select}
      onDblClick={() => node.kind === "block" && toggle()}
      onKeyDown={(event) => pressed(event, select)}
      onMouseMove={(event) =>
        showTooltip(name, value && `${statistic} ${value}`, lines.filter(Boolean), event)
      }
      onMouseLeave={hideTooltip}
    >
      {node.kind === "block" && (
        <rect class="under" x={x + 4} y={y + 4} width={width} height={height} rx={6} />
      )}
      <rect
        class="face"
        x={x}
        y={y}
        width={width}
        height={height}
        rx={6}
        fill={rgb ? cssColour(rgb) : undefined}
      />
      {found.length > 0 && <path class="flag" d={markPath("finding", x + width - 5, y - 1)} />}
      {hatch && <path class="hatch" d={hatch} />}
      <text class="title" x={x + 9} y={y + 17} style={{ fill: textColour }}>
        {clip(
          node.label,
          width - 18 - (text === "" ? 0 : 8 + textWidth(text, `600 ${LARGE}px ${FONT}`)),
          LARGE,
        )}
      </text>
      <text class="number" x={x + width - 9} y={y + 17} text-anchor="end" style={{ fill: textColour }}>
        {text}
      </text>
      <text class="small" x={x + 9} y={y + 31} style={{ fill: textColour }}>
        {clip(differs === "" ? type : `≠ ${differs}`, width - (node.kind === "block" ? 34 : 18), SMALL)}
      </text>
      {node.kind === "block" && (
        <g
          class="unfold"
          role="button"
          tabIndex={0}
          aria-label={TEXT.expandOne(node.module)}
          data-testid={`unfold-${node.module}`}
          onClick={(event) => {
            event.stopPropagation();
            toggle();
          }}
          onKeyDown={(event) => pressed(event, toggle)}
        >
          <rect x={x + width - 22} y={y + 21} width={16} height={15} rx={4} />
          <text x={x + width - 14} y={y + 33} text-anchor="middle">
            +
          </text>
        </g>
      )}
    </g>
  );
}
