import { useMemo } from "preact/hooks";
import type { Graph } from "../../../lib/answers/structure";
import { useSize, useStore } from "../../../ui/context";
import { useFoundLayers } from "../../../ui/health/findings";
import { UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import type { Values } from "../data";
import { useFolds } from "../folds";
import { curve, layFlow } from "../layout";
import { type Models, openWithin } from "../model";
import { type FlowEdge, type FlowNode, visibleFlow } from "../model_dataflow";
import { drawnAs, isHidden } from "../model_fold";
import { isWithin } from "../model_repeats";
import { usePanZoom } from "../pan_zoom";
import { type Area, fontsAt, placeLabels } from "../readable";
import { TEXT } from "../text";
import { Box, FoldButton } from "./box";
import { differenceText, shapeText } from "./cells";
import { clip, holds, isModule, pressed, widthOf } from "./draw";
import { End } from "./end";
import { differencesOf } from "./table";

/** Maximum number of boxes. */
const MAX_BOXES = 300;

interface Props {
  models: Models;
  values: Values;
  place: number;
  open: ReadonlySet<string>;
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
  place,
  open: opened,
  selected,
  toggle,
  graph,
  run,
}: Props & { graph: Graph; run: string }) {
  const store = useStore();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const printing = store.printing.value;
  const rows = models.runs[place].parameters;
  const { folded, runs, separate, separateAll, refold } = useFolds(graph, rows);
  const { folds } = folded;
  const open = useMemo(
    () => openWithin(models.tree, opened, MAX_BOXES, (name) => isHidden(folds, name)),
    [models, opened, folds],
  );
  const isLimited = models.modules.some(
    ({ name }) => opened.has(name) && !open.has(name) && !isHidden(folds, name),
  );
  const flow = useMemo(() => visibleFlow(folded.graph, open, folds), [folded, [...open].join("\n")]);
  const laid = useMemo(() => layFlow(flow), [flow]);
  const drawn = selected === null ? null : drawnAs(folds, selected);
  const chosen = flow.nodes.find((one) => holds(one, drawn));
  const { frame, fit, zoom, handlers } = usePanZoom(
    ref,
    width,
    height,
    laid,
    chosen && laid.nodes.get(chosen.id),
  );
  const fonts = fontsAt(printing ? 1 : frame.k);
  const tab = (name: string, box: Area, label: string) => {
    const text = fonts.small > 0 ? clip(`− ${label}`, box.width - 76, fonts.small) : "";
    return {
      name,
      text,
      area: { x: box.x + 4, y: box.y + 3, width: 12 + widthOf(text, fonts.small), height: fonts.small + 5 },
    };
  };
  const tabs = new Map(
    flow.groups.map(({ name, parent, fold }) => {
      const label = fold
        ? TEXT.repeated(fold.blocks.length, fold.type)
        : parent === ""
          ? name
          : name.slice(parent.length + 1);
      return [name, tab(name, laid.groups.get(name)!, label)];
    }),
  );
  const vias = flow.edges.map(({ via }) => via.slice(0, 2).join(", ") + (via.length > 2 ? " …" : ""));
  const labels = placeLabels(
    vias.map((text, i) => ({
      points: laid.edges[i],
      width: fonts.small > 0 ? widthOf(text, fonts.small) : 0,
      height: fonts.small + 2,
    })),
    [...laid.nodes.values(), ...[...tabs.values()].map(({ area }) => area)],
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
  const module = useMemo(() => new Map(models.modules.map((one) => [one.name, one])), [models]);
  const differs = (node: FlowNode) => {
    const found = node.names.map((name) => {
      const one = module.get(name.replace(/#\d+$/, ""));
      return one ? differencesOf(models, one) : [];
    });
    const some = found.filter(({ length }) => length > 0);
    if (some.length === 0) return "";
    const text = differenceText(some[0], (one) => store.shortNames.value.get(one) ?? one);
    return some.length === found.length ? text : `${TEXT.differOf(some.length, found.length)}: ${text}`;
  };
  /** Return the repeated blocks to which a separate block belongs. */
  const repeatedOf = (name: string) => {
    if (folds.some(({ blocks }) => blocks[0] === name)) return null;
    const one = runs.find(({ units }) => units.some((unit) => unit.name === name));
    return one ? { count: one.units.length, type: one.units[0].type } : null;
  };
  const ends = flow.nodes.filter((node) => !isModule(node));
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
            {flow.groups.map(({ name, fold }) => {
              const box = laid.groups.get(name)!;
              const { text, area } = tabs.get(name)!;
              const repeated = repeatedOf(name);
              const right = area.x + area.width + 4;
              return (
                <g key={`group ${name}`} class="group">
                  {fold && <rect x={box.x + 5} y={box.y + 5} width={box.width} height={box.height} rx={8} />}
                  <rect class="inside" x={box.x} y={box.y} width={box.width} height={box.height} rx={8} />
                  <g
                    class="fold"
                    role="button"
                    tabIndex={0}
                    aria-label={
                      fold ? TEXT.collapseFold(fold.blocks.length, fold.type) : TEXT.collapseOne(name)
                    }
                    data-testid={`fold-${name}`}
                    onClick={() => toggle(name)}
                    onKeyDown={(event) => pressed(event, () => toggle(name))}
                  >
                    <rect class="tab" {...area} rx={4} />
                    <text x={box.x + 9} y={area.y + fonts.small} style={{ fontSize: `${fonts.small}px` }}>
                      {text}
                    </text>
                  </g>
                  {fold && (
                    <FoldButton
                      text={TEXT.all}
                      label={TEXT.separateAll(fold.blocks.length, fold.type)}
                      testid={`separate-${name}`}
                      act={() => separateAll(fold)}
                      x={right}
                      y={area.y}
                      width={26}
                    />
                  )}
                  {repeated && (
                    <FoldButton
                      text={TEXT.times(repeated.count)}
                      label={TEXT.refold(repeated.count, repeated.type)}
                      testid={`refold-${name}`}
                      act={() => refold(name)}
                      x={right}
                      y={area.y}
                      width={26}
                    />
                  )}
                </g>
              );
            })}
            {flow.edges.map((edge, i) => {
              const points = laid.edges[i];
              const path = curve(points);
              const [what, lines] = edgeNote(edge);
              const label = labels[i];
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
                  {label && (
                    <text
                      class="via"
                      x={label.x}
                      y={label.y + label.height - 3}
                      style={{ fontSize: `${fonts.small}px` }}
                    >
                      {vias[i]}
                    </text>
                  )}
                </g>
              );
            })}
            {flow.nodes.filter(isModule).map((node) => (
              <Box
                key={node.id}
                node={node}
                layers={layers}
                box={laid.nodes.get(node.id)!}
                fonts={fonts}
                values={values}
                run={run}
                selected={holds(node, drawn)}
                chosen={
                  selected !== null && holds(node, drawn)
                    ? node.names.findIndex((name) => isWithin(selected, name))
                    : -1
                }
                differs={differs(node)}
                repeated={repeatedOf(node.module)}
                select={() => {
                  store.view.row.value = node.kind === "call" ? node.node.name : node.module;
                }}
                toggle={() => toggle(node.module)}
                separate={(index) =>
                  index === null
                    ? node.fold && separateAll(node.fold)
                    : separate(node.fold, node.names[index])
                }
                refold={() => refold(node.module)}
                showTooltip={showTooltip}
                hideTooltip={tooltip.hide}
              />
            ))}
            {ends.map((node) => (
              <End
                key={node.id}
                node={node}
                box={laid.nodes.get(node.id)!}
                fonts={fonts}
                isLoose={node.kind === "input" && !flow.edges.some(({ from }) => from === node.id)}
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
      {isLimited && <div class="limited">{TEXT.limited}</div>}
    </div>
  );
}
