import type { FlowNode } from "../model_dataflow";
import type { Area, Fonts } from "../readable";
import { TEXT } from "../text";
import { shapeText } from "./cells";
import { clip, type ShowTooltip } from "./draw";

interface Props {
  node: FlowNode;
  box: Area;
  fonts: Fonts;
  /** True if an input has no edge. */
  isLoose: boolean;
  showTooltip: ShowTooltip;
  hideTooltip: () => void;
}

/** Box of an input, an output or an operator. */
export function End({ node, box, fonts, isLoose, showTooltip, hideTooltip }: Props) {
  const { x, y, width, height } = box;
  const own = node.node;
  const outputs = own.outputs?.[0]?.shape ?? null;
  const isEnd = node.kind !== "operator";
  const label = node.kind === "output" ? TEXT.outputEnd : own.name === "earlier" ? TEXT.earlier : own.name;
  const lines = [
    outputs ? TEXT.makes(shapeText(outputs)) : "",
    own.parameters?.length ? TEXT.withParameters(own.parameters.join(", ")) : "",
    own.module ? TEXT.ranIn(own.module) : "",
    isLoose ? TEXT.loose : "",
  ];
  const shape = isEnd && fonts.small > 0 ? clip(shapeText(outputs), width - 12, fonts.small) : "";
  const size = isEnd ? fonts.title : fonts.join;
  return (
    <g
      class={`box ${isEnd ? "end" : "join"}${isLoose ? " loose" : ""}`}
      data-testid={`node-${node.id}`}
      onMouseMove={(event) => showTooltip(label, "", lines.filter(Boolean), event)}
      onMouseLeave={hideTooltip}
    >
      <rect x={x} y={y} width={width} height={height} rx={isEnd ? height / 2 : 11} />
      {size > 0 && (
        <text
          x={x + width / 2}
          y={shape === "" ? y + height / 2 + 0.36 * size : y + 17}
          text-anchor="middle"
          style={{ fontSize: `${size}px` }}
        >
          {isEnd ? clip(label, width - 16, size) : clip(label, width - 6, size)}
        </text>
      )}
      {shape !== "" && (
        <text x={x + width / 2} y={y + 31} text-anchor="middle" style={{ fontSize: `${fonts.small}px` }}>
          {shape}
        </text>
      )}
    </g>
  );
}
