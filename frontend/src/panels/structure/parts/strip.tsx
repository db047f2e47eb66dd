import { colourOf, cssColour, type Palette } from "../../../lib/palette";
import { CELL, type Scale } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { statisticName, UI_TEXT } from "../../../ui/text";
import { type Range, unitOf } from "../model_range";
import { type Cell, textOn } from "../model_values";
import type { Area } from "../readable";
import { TEXT } from "../text";
import { cellTooltip } from "./cells";
import type { ShowTooltip } from "./draw";

interface Props {
  /** Names of the blocks or their layers, in execution order, and their values. */
  names: readonly string[];
  cells: readonly Cell[];
  range: Range;
  box: Area;
  scale: Scale;
  colours: Palette;
  /** Index of the selected block, or -1. */
  chosen: number;
  /** Draw one block separately. */
  separate: (index: number) => void;
  showTooltip: ShowTooltip;
  hideTooltip: () => void;
}

/**
 * One cell per repeated block, in order. Colours are on the scale of the panel. The points show the position of each
 * value between the extremes of these blocks.
 */
export function Strip({
  names,
  cells,
  range,
  box,
  scale,
  colours,
  chosen,
  separate,
  showTooltip,
  hideTooltip,
}: Props) {
  const store = useStore();
  const each = box.width / names.length;
  const gap = each > 5 ? 1 : 0;
  const statistic = statisticName(store.kind.value, store.statistic.value);
  return (
    <g class="strip">
      {cells.map((cell, i) => {
        const left = box.x + i * each;
        const rgb = colourOf(cell.state, cell.value, scale, colours);
        const { value, state } = cellTooltip(cell, scale);
        const hasPoint = rgb && !cell.pending && Number.isFinite(cell.value);
        const wide = Math.min(Math.max(each - gap, 1), 5);
        const y =
          box.y + box.height - 2.5 - (box.height - 5) * unitOf(cell.value, range, scale.mode === "log");
        return (
          <g
            key={names[i]}
            class={`bar${rgb ? "" : cell.pending ? " coming" : " blank"}`}
            data-testid={`bar-${names[i]}`}
            onClick={(event) => {
              event.stopPropagation();
              separate(i);
            }}
            onMouseMove={(event) => {
              event.stopPropagation();
              showTooltip(
                names[i],
                value && `${statistic} ${value}`,
                [state, cell.pending ? UI_TEXT.pending : "", TEXT.separateHelp].filter(Boolean),
                event,
              );
            }}
            onMouseLeave={hideTooltip}
          >
            <rect
              x={left}
              y={box.y}
              width={Math.max(each - gap, 0.5)}
              height={box.height}
              style={rgb ? { fill: cssColour(rgb) } : undefined}
            />
            {cell.state === CELL.nonfinite && (
              <path class="hatch" d={`M${left} ${box.y + box.height}l${each - gap} ${-box.height}`} />
            )}
            {hasPoint && (
              <rect
                class="point"
                x={left + (each - gap - wide) / 2}
                y={y - 1}
                width={wide}
                height={2}
                style={{ fill: textOn(rgb) }}
              />
            )}
            {i === chosen && (
              <rect class="chosen" x={left} y={box.y - 1} width={each - gap} height={box.height + 2} />
            )}
          </g>
        );
      })}
    </g>
  );
}
