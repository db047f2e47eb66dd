import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { PLOT_MARGIN } from "../../../plot/series";
import { useSize, useStore } from "../../../ui/context";
import { useFindings } from "../../../ui/health/findings";
import { useKeyboardNav } from "../../../ui/keyboard_nav";
import { Splitter, useListWidth } from "../../../ui/layer_list";
import { MoreRuns } from "../../../ui/more_runs";
import { RunHead } from "../../../ui/run_head";
import { UI_TEXT } from "../../../ui/text";
import { AXIS, BEYOND, GAP, HEADER, LANE, partInSight, roomFor, stageGeometry } from "../layout";
import { useFlow } from "../state/context";
import type { Flow } from "../state/flow";
import { TEXT } from "../text";
import { useZoomKeys } from "./brush";
import { HeatmapAxis, HeatmapBody } from "./heatmap";
import { LayerTree } from "./layer_tree";
import { MarkLanes } from "./marks";
import { ProfileAxis, ProfileBody, ProfileHead } from "./profile";
import { SeriesPanel } from "./series";
import { TreeHead } from "./tree_head";
import { ZoomLabel } from "./zoom_label";

/** Return whether no lines have loaded yet. Lines determine the layout, and nothing may jump when they load. */
export const isBlank = ({ waiting, rows }: Flow) => waiting.value && rows.lines.value.length === 0;

/** Heat maps and profile on shared lines, the series below on shared steps, and one cursor across all of them. */
export function Stage() {
  const store = useStore();
  const flow = useFlow();
  const blank = isBlank(flow);
  const { ref, width, height } = useSize<HTMLDivElement>();
  const scroll = useRef<HTMLDivElement>(null);
  const at = useRef(0);
  const lines = flow.rows.lines.value;
  const shown = store.shown.value;
  const [scrolled, setScrolled] = useState(0);
  const longest =
    lines.reduce((most, { label, depth }) => Math.max(most, label.length * 6.6 + depth * 12), 0) + 104;
  const kinds = flow.marks.markKinds.value.length;
  // Reserve one lane from the start, since findings load after the values.
  const lanes = Math.max(1, kinds);
  const axis = AXIS + LANE * lanes;
  const size = stageGeometry(width, height, lines, shown.length, longest, axis, useListWidth());
  const { tree, map, profile, rowHeight, window: visible } = size;
  const tops = useStable(size.tops);
  const body = tops[lines.length];
  const columns = `${tree}px repeat(${shown.length}, ${map}px) ${profile}px`;
  const total = tree + (map + GAP) * shown.length + GAP + profile;

  useKeyboardNav(
    useMemo(
      () => ({ moveStep: (by: number) => flow.moveStep(by), moveLayer: (by: number) => flow.moveLine(by) }),
      [store],
    ),
  );
  const printing = store.printing.value;
  const part = printing ? { top: 0, height: body } : partInSight(scrolled, visible, body);
  const room = roomFor(height, axis, shown.length);
  useLayoutEffect(() => {
    flow.tops.value = tops;
    if (height > 0) flow.room.value = room;
    if (width > 0) flow.mapPixels.value = Math.ceil(map * window.devicePixelRatio);
  }, [tops, room, height, width, map]);
  useZoomKeys();
  const { findings } = useFindings();
  useLayoutEffect(() => {
    flow.findings.value = findings;
  }, [findings]);
  const empty = lines.length === 0 && flow.series.value.length > 0;
  return (
    <div
      class={blank ? "stage blank" : flow.waiting.value ? "stage waits" : "stage"}
      ref={ref}
      tabIndex={0}
      role="application"
      aria-label={TEXT.stage}
      data-testid="stage"
    >
      {blank && <div class="pending" aria-busy="true" />}
      {width > 0 && (
        <>
          <div
            class={empty ? "scroll empty-lines" : "scroll"}
            ref={scroll}
            onScroll={(event) => {
              const { scrollTop } = event.currentTarget;
              at.current = scrollTop;
              if (partInSight(scrollTop, visible, body).top !== part.top) setScrolled(scrollTop);
            }}
            style={{
              height: empty ? "100%" : `${HEADER + visible + axis + (total > width ? BEYOND : 0)}px`,
            }}
          >
            <div
              class="grid"
              style={{
                gridTemplateColumns: columns,
                gridTemplateRows: `${HEADER}px ${body}px ${axis}px`,
                columnGap: `${GAP}px`,
                width: `${total}px`,
              }}
            >
              <div class="cell head first">
                <TreeHead />
              </div>
              {shown.map((run) => (
                <div class="cell head" key={`head ${run}`}>
                  <RunHead
                    run={run}
                    width={map}
                    {...(flow.picture.compared.value && run === store.ref.value ? { note: TEXT.isRef } : {})}
                  />
                </div>
              ))}
              <div class="cell head last">
                <ProfileHead width={profile} />
              </div>
              <div class="cell first">
                <LayerTree rowHeight={rowHeight} tops={tops} part={part} />
                <Splitter />
              </div>
              {shown.map((run) => (
                <div class="cell" key={run}>
                  <HeatmapBody run={run} width={map} tops={tops} />
                </div>
              ))}
              <div class="cell last">
                <ProfileBody width={profile} tops={tops} part={part} />
              </div>
              <div class="cell axis first" style={{ paddingTop: `${LANE * lanes}px` }}>
                <ZoomLabel />
              </div>
              {shown.map((run) => (
                <div class="cell axis" key={`axis ${run}`}>
                  {kinds > 0 ? <MarkLanes run={run} width={map} /> : <div style={{ height: `${LANE}px` }} />}
                  <HeatmapAxis width={map} />
                </div>
              ))}
              <div class="cell axis last">
                <ProfileAxis width={profile} />
              </div>
            </div>
            {empty && (
              <div class="notice inside">
                <b>{UI_TEXT.noLines}</b>
                <p>{TEXT.noLinesHelp}</p>
              </div>
            )}
          </div>
          <MoreRuns box={scroll} runs={shown} left={tree + GAP} right={profile + GAP} />
          <Follow scroll={scroll} at={at} tops={tops} visible={visible} />
          {!empty && (
            <SeriesPanel
              left={tree + GAP}
              width={Math.min(width, total) - profile - GAP + PLOT_MARGIN}
              readout={profile}
              height={size.series}
            />
          )}
        </>
      )}
    </div>
  );
}

/** Return the previous array if the numbers are equal, so that nothing is redrawn needlessly. */
function useStable(next: number[]): number[] {
  const kept = useRef(next);
  if (kept.current.length !== next.length || kept.current.some((value, i) => value !== next[i]))
    kept.current = next;
  return kept.current;
}

interface FollowProps {
  scroll: { readonly current: HTMLElement | null };
  /** Scroll position. Reading it from the DOM would force a layout. */
  at: { current: number };
  tops: readonly number[];
  visible: number;
}

/** Scroll to the cursor's line when keys move it. It is a separate component, so that nothing else renders. */
function Follow({ scroll, at, tops, visible }: FollowProps) {
  const line = useFlow().cursor.line.value;
  useLayoutEffect(() => {
    const box = scroll.current;
    if (!box || line < 0 || line + 1 >= tops.length) return;
    let to = at.current;
    if (tops[line] < to) to = Math.max(0, tops[line] - 24);
    else if (tops[line + 1] > to + visible) to = tops[line + 1] + 24 - visible;
    if (to === at.current) return;
    at.current = to;
    box.scrollTop = to;
  }, [line, tops, visible]);
  return null;
}
