import { useMemo } from "preact/hooks";
import type { Graph } from "../../../lib/answers/structure";
import { FONT } from "../../../plot/canvas";
import { useSize, useStore } from "../../../ui/context";
import { useFoundLayers } from "../../../ui/health/findings";
import { textWidth } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import type { Values } from "../data";
import { curve, layFlow } from "../layout";
import type { Models } from "../model";
import { type FlowEdge, type FlowNode, visibleFlow } from "../model_dataflow";
import { usePanZoom } from "../pan_zoom";
import { TEXT } from "../text";
import { Box, clip, holds, isModule, pressed } from "./box";
import { differenceText, shapeText } from "./cells";
import { differencesOf } from "./table";

/** Size of the font of a group's name, as in style.css. */
const TAB = 10.5;

interface Props {
  models: Models;
  values: Values;
  place: number;
  open: ReadonlySet<string>;
  /** True if some open modules are drawn collapsed, because there would be too many boxes. */
  limited: boolean;
  selected: string | null;
  toggle: (name: string) => void;
}

/** The observed dataflow of one run, in the colours of the heat maps. */
export function Drawing(props: Props) {
  const { graph, run } = props.models.runs[props.place];
  if (!graph || graph.nodes.length === 0) {
    return (
      <div class="no-graph" data-testid="no-graph">
        <b>{TEXT.noGraph(run)}</b>
        <p>{graph?.reason ?? TEXT.noGraphHelp}</p>
      </div>
    );
  }
  return <Canvas key={run} {...props} graph={graph} run={run} />;
}

function Canvas({
  models,
  values,
  open,
  limited,
  selected,
  toggle,
  graph,
  run,
}: Props & { graph: Graph; run: string }) {
  const store = useStore();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const printing = store.printing.value;
  const flow = useMemo(() => visibleFlow(graph, open), [graph, [...open].join("\n")]);
  const laid = useMemo(() => layFlow(flow), [flow]);
  const chosen = flow.nodes.find((one) => holds(one, selected));
  const { frame, fit, zoom, handlers } = usePanZoom(
    ref,
    width,
    height,
    laid,
    chosen && laid.nodes.get(chosen.id),
  );
  const layers = useFoundLayers(run);
  const tooltip = useTooltip([laid, values.series, values.step]);
  const showTooltip = (what: string, value: string, lines: string[], event: MouseEvent) =>
    tooltip.show(event, { run, step: `${UI_TEXT.step} ${values.step}`, what, value, lines, help: "" });
  const byId = new Map(flow.nodes.map((node): [string, FlowNode] => [node.id, node]));
  const edgeNote = (edge: FlowEdge): [string, string[]] => {
    const name = (id: string) => byId.get(id)?.node.name ?? id;
    const lines = [
      edge.shape ? TEXT.carries(shapeText(edge.shape)) : "",
      edge.via.length > 0 ? TEXT.via(edge.via.join(", ")) : "",
      edge.assumed ? TEXT.assumed : "",
    ];
    return [`${name(edge.from)} → ${name(edge.to)}`, lines.filter(Boolean)];
  };
  const button = (label: string, text: string, act: () => void, testid: string) => (
    <button type="button" class="button" title={label} aria-label={label} data-testid={testid} onClick={act}>
      {text}
    </button>
  );
  return (
    <div
      class="drawing"
      data-testid="structure-graph"
      // A picture holds the whole drawing at its own size.
      style={printing ? { width: `${laid.width}px`, height: `${laid.height}px` } : undefined}
    >
      <div
        class="paper"
        ref={ref}
        tabIndex={0}
        role="application"
        aria-label={TEXT.graphName(run)}
        aria-roledescription={TEXT.graphKeys}
        {...handlers}
      >
        <svg width="100%" height="100%" role="group" aria-label={TEXT.graphName(run)}>
          <g transform={printing ? undefined : `translate(${frame.x} ${frame.y}) scale(${frame.k})`}>
            {flow.groups.map(({ name, parent }) => {
              const box = laid.groups.get(name)!;
              const label = parent === "" ? name : name.slice(parent.length + 1);
              return (
                <g key={`group ${name}`} class="group">
                  <rect x={box.x} y={box.y} width={box.width} height={box.height} rx={8} />
                  <g
                    class="fold"
                    role="button"
                    tabIndex={0}
                    aria-label={TEXT.collapseOne(name)}
                    data-testid={`fold-${name}`}
                    onClick={() => toggle(name)}
                    onKeyDown={(event) => pressed(event, () => toggle(name))}
                  >
                    <rect
                      class="tab"
                      x={box.x + 4}
                      y={box.y + 3}
                      width={20 + textWidth(clip(label, box.width - 32, TAB), `600 ${TAB}px ${FONT}`)}
                      height={15}
                      rx={4}
                    />
                    <text x={box.x + 9} y={box.y + 14}>
                      − {clip(label, box.width - 32, TAB)}
                    </text>
                  </g>
                </g>
              );
            })}
            {flow.edges.map((edge, i) => {
              const points = laid.edges[i];
              const path = curve(points);
              const [what, lines] = edgeNote(edge);
              const middle = points[Math.floor(points.length / 2)];
              const shown = edge.via.slice(0, 2).join(", ") + (edge.via.length > 2 ? " …" : "");
              const tip = points[points.length - 1];
              return (
                <g
                  key={`${edge.from} ${edge.to}`}
                  class={edge.assumed ? "edge assumed" : "edge"}
                  onMouseMove={(event) => showTooltip(what, "", lines, event)}
                  onMouseLeave={tooltip.hide}
                >
                  <path class="reach" d={path} />
                  <path class="way" d={path} />
                  <path
                    class="tip"
                    d={`M${tip.x - 3.5} ${tip.y - 6}L${tip.x} ${tip.y}L${tip.x + 3.5} ${tip.y - 6}Z`}
                  />
                  {shown !== "" && (
                    <text class="via" x={middle.x + 5} y={middle.y + 3}>
                      {shown}
                    </text>
                  )}
                </g>
              );
            })}
            {flow.nodes.map((node) => (
              <Box
                key={node.id}
                node={node}
                layers={layers}
                box={laid.nodes.get(node.id)!}
                values={values}
                run={run}
                selected={holds(node, selected)}
                differs={differenceText(
                  models.modules
                    .filter(({ name }) => name === node.module && isModule(node))
                    .flatMap((m) => differencesOf(models, m)),
                  (one) => store.shortNames.value.get(one) ?? one,
                )}
                select={() => {
                  store.view.row.value = node.kind === "call" ? node.node.name : node.module;
                }}
                toggle={() => toggle(node.module)}
                showTooltip={showTooltip}
                hideTooltip={tooltip.hide}
              />
            ))}
          </g>
        </svg>
      </div>
      <div class="graph-tools">
        {button(TEXT.zoomIn, "+", () => zoom(1.25), "zoom-in")}
        {button(TEXT.zoomOut, "−", () => zoom(0.8), "zoom-out")}
        {button(TEXT.fitHelp, TEXT.fit, fit, "zoom-fit")}
      </div>
      {limited && <div class="limited">{TEXT.limited}</div>}
    </div>
  );
}
