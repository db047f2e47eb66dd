import { short } from "../../../lib/format";
import { colourOf, cssColour, palette } from "../../../lib/palette";
import type { LayerFinding } from "../../../lib/rules/findings";
import { CELL } from "../../../lib/types";
import { markPath } from "../../../plot/marks";
import { useStore } from "../../../ui/context";
import { statisticName, UI_TEXT } from "../../../ui/text";
import type { Values } from "../data";
import type { FlowNode } from "../model_dataflow";
import { type Range, rangeOf } from "../model_range";
import { textOn } from "../model_values";
import type { Area, Fonts } from "../readable";
import { TEXT } from "../text";
import { cellText, cellTooltip, shapeText } from "./cells";
import { clip, foundIn, pressed, type ShowTooltip, widthOf } from "./draw";
import { Strip } from "./strip";

/** Maximum number of findings that a tooltip lists. */
const MAX_FOUND = 4;
const SIDE = 9;
/** Minimum room for a name beside a value. Without it, the value is left out. */
const MIN_NAME = 64;
/** Height of a strip of repeated blocks, and its width beside a type. */
const STRIP = { height: 12, width: 104 };

/** Return the values' key of a module or call. If a module has several calls, each call has its own value. */
export function keyOf(node: FlowNode, values: Values, name: string): string {
  if (node.kind === "block") return name;
  const module = name.replace(/#\d+$/, "");
  if (values.lineOf(`${module}#0`) < 0) return module;
  return name === module ? `${name}#0` : name;
}

const rangeText = ({ low, high, bad, isPending }: Range) =>
  isPending
    ? UI_TEXT.pendingValue
    : [Number.isNaN(low) ? "" : TEXT.range(short(low), short(high)), bad > 0 ? TEXT.badBlocks(bad) : ""]
        .filter(Boolean)
        .join(", ");

interface Props {
  node: FlowNode;
  /** Layers of the run that findings name. */
  layers: ReadonlyMap<string, LayerFinding>;
  box: Area;
  fonts: Fonts;
  values: Values;
  run: string;
  selected: boolean;
  /** True if it is found by the search, or contains what is found. */
  isMatch: boolean;
  /** Index of the selected block among repeated ones, or -1. */
  chosen: number;
  differs: string;
  /** Repeated blocks to which a separate block belongs. Null if there are none. */
  repeated: { count: number; type: string } | null;
  select: () => void;
  toggle: () => void;
  /** Draw one or all of repeated blocks separately. */
  separate: (index: number | null) => void;
  /** Draw the blocks as one again. */
  refold: () => void;
  showTooltip: ShowTooltip;
  hideTooltip: () => void;
}

/** Box of a call, a collapsed block, or repeated blocks. */
export function Box({
  node,
  layers,
  box,
  fonts,
  values,
  run,
  selected,
  isMatch,
  chosen,
  differs,
  repeated,
  select,
  toggle,
  separate,
  refold,
  showTooltip,
  hideTooltip,
}: Props) {
  const store = useStore();
  const { x, y, width, height } = box;
  const { fold, names } = node;
  const own = node.node;
  const isBlock = node.kind === "block";
  const isMany = names.length > 1;
  const name = isBlock ? node.module : own.name;
  const cells = names.map((one) => values.cell(run, keyOf(node, values, one)));
  const [cell] = cells;
  const range = rangeOf(cells);
  const colours = palette(values.scale.diverging, store.dark.value);
  const rgb = isMany ? null : colourOf(cell.state, cell.value, values.scale, colours);
  const textColour = rgb ? textOn(rgb) : undefined;
  const number = isMany ? rangeText(range) : cellText(cell);
  const { value, state } = isMany
    ? { value: number, state: TEXT.rangeHelp(names.length) }
    : cellTooltip(cell, values.scale);
  const statistic = statisticName(store.kind.value, store.statistic.value);
  const found = names.flatMap((one) => foundIn(layers, one.replace(/#\d+$/, ""), isBlock));
  const inParent = (block: string) => block.slice(node.parent === "" ? 0 : node.parent.length + 1);
  const type = fold
    ? TEXT.blocksFrom(inParent(fold.blocks[0]), inParent(fold.blocks[fold.blocks.length - 1]))
    : isBlock
      ? TEXT.callCount(node.calls)
      : (own.type ?? "");
  const label = fold ? TEXT.repeated(fold.blocks.length, fold.type) : node.label;
  const lines = [
    ...found.slice(0, MAX_FOUND),
    state,
    fold
      ? TEXT.callsEach(node.calls)
      : isBlock
        ? TEXT.callCount(node.calls)
        : TEXT.typed(
            own.type ?? "",
            shapeText(own.inputs?.[0]?.shape ?? null),
            shapeText(own.outputs?.[0]?.shape ?? null),
          ),
    differs,
  ];
  const isComing = cells.some(({ pending }) => pending);
  const look = isMany ? " many" : rgb ? "" : cell.pending ? " coming" : " blank";
  const hatch =
    !isMany && cell.state === CELL.nonfinite
      ? Array.from(
          { length: Math.floor((width - height) / 8) },
          (_, i) => `M${x + i * 8} ${y + height}l${height} ${-height}`,
        ).join("")
      : "";

  const buttons: Button[] = [];
  if (isBlock)
    buttons.push({
      text: "+",
      label: fold ? TEXT.expandFold(fold.blocks.length, fold.type) : TEXT.expandOne(node.module),
      testid: `unfold-${node.module}`,
      act: toggle,
    });
  if (fold)
    buttons.push({
      text: TEXT.all,
      label: TEXT.separateAll(fold.blocks.length, fold.type),
      testid: `separate-${node.module}`,
      act: () => separate(null),
    });
  if (repeated)
    buttons.push({
      text: TEXT.times(repeated.count),
      label: TEXT.refold(repeated.count, repeated.type),
      testid: `refold-${node.module}`,
      act: refold,
    });
  let right = x + width - 6;
  // Buttons that could not be read are left out.
  const placed = (fonts.small > 0 ? buttons : []).map((button) => {
    const wide = Math.max(16, 8 + 6 * button.text.length);
    right -= wide;
    const at = { ...button, x: right, y: y + (fold ? 5 : 21), width: wide };
    right -= 4;
    return at;
  });

  // Repeated blocks have their range in the second line, because the name of their class may be long.
  const room = fold ? right - x - SIDE : width - 2 * SIDE;
  const numberSize = fold ? fonts.small : fonts.title;
  const numberWidth = number === "" || numberSize === 0 ? 0 : 8 + widthOf(number, numberSize);
  const taken = fold ? 0 : numberWidth;
  const isTight = room - taken < MIN_NAME && widthOf(label, fonts.title) > room - taken;
  const hasStrip = isMany && (fold !== null || fonts.small > 0);
  const middle = y + (fold ? height - STRIP.height - 7 : height) / 2;
  const titleY = fonts.small > 0 ? y + 17 : middle + 0.36 * fonts.title;
  const end = isMany && !fold ? right - STRIP.width : fold ? x + width - SIDE - numberWidth : right;
  return (
    <g
      class={`box call${selected ? " selected" : ""}${found.length > 0 ? " found" : ""}${look}${isBlock ? " block" : ""}${isMatch ? " matched" : ""}`}
      role="button"
      tabIndex={0}
      aria-label={TEXT.nodeName(
        fold ? `${label}, ${type}` : name,
        fold ? "" : type,
        statistic,
        value || (isComing ? UI_TEXT.pending : UI_TEXT.absent),
        [...found, differs].filter(Boolean).join(", "),
      )}
      aria-pressed={selected}
      aria-busy={isComing}
      data-testid={`node-${name}`}
      onClick={select}
      onDblClick={() => isBlock && toggle()}
      onKeyDown={(event) => pressed(event, select)}
      onMouseMove={(event) =>
        showTooltip(fold ? label : name, value && `${statistic} ${value}`, lines.filter(Boolean), event)
      }
      onMouseLeave={hideTooltip}
    >
      {isMatch && <rect class="match" x={x - 4} y={y - 4} width={width + 8} height={height + 8} rx={9} />}
      {fold && <rect class="under" x={x + 8} y={y + 8} width={width} height={height} rx={6} />}
      {isBlock && <rect class="under" x={x + 4} y={y + 4} width={width} height={height} rx={6} />}
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
      {fonts.title > 0 && (
        <text
          class="title"
          x={x + SIDE}
          y={titleY}
          style={{ fill: textColour, fontSize: `${fonts.title}px` }}
        >
          {clip(label, room - (isTight ? 0 : taken), fonts.title)}
        </text>
      )}
      {numberSize > 0 && !isTight && (
        <text
          class="number"
          x={x + width - SIDE}
          y={fold ? y + 33 : titleY}
          text-anchor="end"
          style={{ fill: textColour, fontSize: `${numberSize}px` }}
        >
          {number}
        </text>
      )}
      {fonts.small > 0 && (
        <text x={x + SIDE} y={y + 32} style={{ fill: textColour, fontSize: `${fonts.small}px` }}>
          {clip(differs === "" ? type : `≠ ${differs}`, end - x - SIDE - 4, fonts.small)}
        </text>
      )}
      {hasStrip && (
        <Strip
          names={names}
          cells={cells}
          range={range}
          box={
            fold
              ? {
                  x: x + SIDE,
                  y: y + height - STRIP.height - 7,
                  width: width - 2 * SIDE,
                  height: STRIP.height,
                }
              : { x: right - STRIP.width, y: y + 23, width: STRIP.width, height: STRIP.height }
          }
          scale={values.scale}
          colours={colours}
          chosen={chosen}
          separate={separate}
          showTooltip={showTooltip}
          hideTooltip={hideTooltip}
        />
      )}
      {placed.map((button) => (
        <FoldButton key={button.testid} {...button} />
      ))}
    </g>
  );
}

interface Button {
  text: string;
  label: string;
  testid: string;
  act: () => void;
}

/** Button within the drawing. */
export function FoldButton({
  text,
  label,
  testid,
  act,
  x,
  y,
  width,
}: Button & { x: number; y: number; width: number }) {
  if (useStore().printing.value) return null;
  return (
    <g
      class="unfold"
      role="button"
      tabIndex={0}
      aria-label={label}
      data-testid={testid}
      onClick={(event) => {
        event.stopPropagation();
        act();
      }}
      onDblClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => pressed(event, act)}
    >
      <title>{label}</title>
      <rect x={x} y={y} width={width} height={15} rx={4} />
      <text x={x + width / 2} y={y + 11.5} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}
