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
import { around } from "../model_search";
import { usePanZoom } from "../pan_zoom";
import { type Area, fontsAt, placeLabels } from "../readable";
import { useSearch } from "../search";
import { TEXT } from "../text";
import { Box, FoldButton } from "./box";
import { differenceText, shapeText } from "./cells";
import { clip, holds, isModule, pressed, widthOf } from "./draw";
import { End } from "./end";
import { SearchField } from "./search";
import { differencesOf, differingWithin } from "./table";

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
  const search = useSearch(graph);
  // The current match of the search is drawn even if its blocks are collapsed or folded.
  const revealed = search.current;
  const { folded, runs, separate, separateAll, refold } = useFolds(graph, rows, revealed);
  const { folds } = folded;
  const { open, isLimited } = useMemo(() => {
    const shown = (name: string) => !isHidden(folds, name);
    const names = models.modules.map(({ name }) => name);
    const within = new Set(revealed === null ? [] : around(names, revealed));
    const wanted = new Set([...opened, ...within]);
    const kept = openWithin(models.tree, wanted, MAX_BOXES, (name) => !shown(name));
    const missing = names.some((name) => opened.has(name) && !kept.has(name) && shown(name));
    return { open: new Set([...kept, ...within]), isLimited: missing };
  }, [models, opened, folds, revealed]);
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
  const labels = useMemo(
    () =>
      placeLabels(
        vias.map((text, i) => ({
          points: laid.edges[i],
          width: fonts.small > 0 ? widthOf(text, fonts.small) : 0,
          height: fonts.small + 2,
        })),
        [...laid.nodes.values(), ...[...tabs.values()].map(({ area }) => area)],
      ),
    [laid, fonts.small],
  );
  const matches = new Set(search.found);
  const isMatch = (node: FlowNode) =>
    node.names.some(
      (name) =>
        matches.has(name.replace(/#\d+$/, "")) ||
        (node.kind === "block" && [...matches].some((one) => isWithin(one, name))),
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
    if (models.runs.length < 2) return "";
    const found = node.names.map((name) => {
      const one = module.get(name.replace(/#\d+$/, ""));
      return { own: one ? differencesOf(models, one) : [], within: one ? differingWithin(models, one) : 0 };
    });
    const some = found.filter(({ own }) => own.length > 0);
    const within = found.reduce((sum, one) => sum + one.within, 0);
    if (some.length === 0) return within > 0 && node.kind === "block" ? TEXT.differWithin(within) : "";
    const text = differenceText(some[0].own, (one) => store.shortNames.value.get(one) ?? one);
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
      class={printing ? "drawing whole" : "drawing"}
      data-testid="structure-graph"
      // A picture holds the whole drawing at its own size.
      style={printing ? { width: `${laid.width}px`, height: `${laid.height}px` } : undefined}
    >
      <div class="graph-tools">
        <SearchField search={search} />
        {button(TEXT.zoomIn, "+", () => zoom(1.25), "zoom-in")}
        {button(TEXT.zoomOut, "−", () => zoom(0.8), "zoom-out")}
        {button(TEXT.fitHelp, TEXT.fit, fit, "zoom-fit")}
      </div>
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
              const { x, y, width, height } = laid.groups.get(name)!;
              return (
                <g key={`group ${name}`} class="group">
                  {fold && <rect x={x + 5} y={y + 5} width={width} height={height} rx={8} />}
                  <rect x={x} y={y} width={width} height={height} rx={8} />
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
            {flow.groups.map(({ name, fold }) => {
              const box = laid.groups.get(name)!;
              const { text, area } = tabs.get(name)!;
              const repeated = repeatedOf(name);
              const right = area.x + area.width + 4;
              return (
                <g key={`head ${name}`} class="group-head">
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
                isMatch={isMatch(node)}
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
      {isLimited && <div class="limited">{TEXT.limited}</div>}
    </div>
  );
}
