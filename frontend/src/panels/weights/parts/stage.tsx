import { useMemo, useState } from "preact/hooks";
import { useSize, useStore } from "../../../ui/context";
import { Failure } from "../../../ui/failure";
import { MoreRuns } from "../../../ui/more_runs";
import { RunHead } from "../../../ui/run_head";
import type { Weight } from "../data";
import { MARGIN } from "../draw";
import { isStacked } from "../layout";
import { cellValues, fold } from "../model";
import { barReach, bars } from "../model_facts";
import type { Track } from "../model_tracks";
import { labelsOf, placeCells } from "../paint";
import type { WeightsModel } from "../state";
import { TEXT } from "../text";
import { WeightLegend } from "./legend";
import { type Drawn, RunMap } from "./map";
import { Tracks } from "./tracks";

interface Props {
  model: WeightsModel;
  weight: Weight;
  /** Name of the parameter that `model` is of: the previous one while the weights of `weight` are pending. */
  name: string;
  loading: boolean;
  /** Names of the single weights of this parameter, or null until they have loaded. */
  names: readonly string[] | null;
  tracks: readonly Track[];
  tracksError: string | null;
  retryTracks: () => void;
}

const GAP = 14;
const MIN_WIDTH = 190;
/** Height of the sentences about a run's weights. */
const FACTS = 24;
const AROUND = 30 + FACTS;
const TRACKS = 208;
const MAX_TRACKS = 320;
const LEGEND = 34;
const MIN_MAP = 130;

/** The maps in one column per run, with single weights below them. */
export function Stage({ model, weight, name, loading, names, tracks, tracksError, retryTracks }: Props) {
  const store = useStore();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const [cell, setCell] = useState<{ row: number; column: number } | null>(null);
  const runs = store.shown.value;
  // Use the same number of columns in each line, so that the last line is not nearly empty.
  const maxColumns = Math.max(1, Math.min(runs.length, Math.floor((width + GAP) / (MIN_WIDTH + GAP))));
  const across = Math.ceil(runs.length / Math.ceil(runs.length / maxColumns));
  const each = Math.floor((width - GAP * (across - 1)) / across);
  const room = Math.max(MIN_MAP, height - AROUND - LEGEND - TRACKS - MARGIN.bottom - 12);
  const dpr = window.devicePixelRatio;
  const drawn = useMemo(() => {
    const found = new Map<string, Drawn>();
    if (width === 0) return found;
    for (const [run, { map, cells: whole, shown }] of model.runs) {
      if (!shown) continue;
      const cells = fold(shown, Math.floor(room * dpr), Math.floor((each - MARGIN.right) * dpr));
      const values = fold(whole, Math.floor(room * dpr), Math.floor((each - MARGIN.right) * dpr));
      const placed = placeCells(cells, each - MARGIN.right, room);
      const [rows, columns] = cells.kernel ? (["out", "in"] as const) : (["row", "column"] as const);
      const { kernel } = cells;
      const stacked = kernel !== null && isStacked(kernel);
      found.set(run, {
        map,
        cells,
        values,
        shown: cellValues(cells, model.reduction),
        placement: placed,
        // In a stacked sheet, a channel has no row or column of its own.
        rows: stacked ? null : bars(map.header, rows, kernel ? kernel.out.length : cells.rows),
        columns: stacked ? null : bars(map.header, columns, kernel ? kernel.in.length : cells.columns),
      });
    }
    return found;
  }, [model.runs, model.reduction, each, room, dpr, width]);
  const reach = useMemo(
    () => ({
      rows: barReach([...drawn.values()].map((one) => one.rows)),
      columns: barReach([...drawn.values()].map((one) => one.columns)),
    }),
    [drawn],
  );
  const labels = useMemo(
    () =>
      labelsOf(
        [...drawn.values()].map((one) => one.shown),
        model.scale,
      ),
    [drawn, model.scale],
  );
  // Reserve the height of the maps before they load.
  const expected = width === 0 ? 0 : placeCells(weight.sheet, each - MARGIN.right, room).height;
  const high = Math.max(
    Math.min(room, drawn.size > 0 ? 0 : expected),
    ...[...drawn.values()].map(({ placement }) => Math.min(room, placement.height)),
  );
  const left = height - AROUND - LEGEND - high - MARGIN.bottom - 12;
  const tracksHeight = runs.length > across ? TRACKS : Math.max(TRACKS, Math.min(MAX_TRACKS, left));
  const all = [...drawn.values()];
  const kernels = all.some(({ cells }) => cells.kernel !== null);
  const barred = all.some(({ rows, columns }) => rows || columns);
  return (
    <>
      <div class="w-stage" ref={ref} data-testid="weights-stage">
        <div
          class={loading ? "w-runs stale" : "w-runs"}
          style={{ gridTemplateColumns: `repeat(${across}, ${each}px)`, gap: `0 ${GAP}px` }}
          role="group"
          aria-label={TEXT.shown}
          aria-busy={loading}
        >
          {runs.map((run) => {
            const one = model.runs.get(run);
            const picture = drawn.get(run);
            const elsewhere = one && one.map.step !== model.step ? TEXT.at(one.map.step) : undefined;
            const why = !one
              ? TEXT.noMap
              : model.minus === "ref" && run === store.ref.value
                ? TEXT.isReference
                : TEXT.unlike;
            return (
              <div class="w-run" key={run}>
                <RunHead run={run} width={each} {...(elsewhere === undefined ? {} : { note: elsewhere })} />
                {picture && !(model.minus === "ref" && run === store.ref.value) ? (
                  <RunMap
                    run={run}
                    name={name}
                    drawn={picture}
                    all={drawn}
                    model={model}
                    reach={reach}
                    maxHeight={room}
                    cell={cell}
                    setCell={setCell}
                  />
                ) : (
                  <div class="w-none" style={{ height: `${high + MARGIN.bottom + FACTS}px` }}>
                    {loading || width === 0 ? <div class="pending" /> : <div class="no-data">{why}</div>}
                  </div>
                )}
              </div>
            );
          })}
        </div>
        <WeightLegend model={model} labels={labels} bars={barred ? (kernels ? "kernels" : "rows") : null} />
        {tracksError !== null ? (
          <Failure what={TEXT.whatTracks} message={tracksError} retry={retryTracks} />
        ) : (
          <Tracks
            names={names}
            tracks={tracks}
            parameter={weight.name}
            width={each}
            across={across}
            gap={GAP}
            whole={width}
            height={tracksHeight}
          />
        )}
      </div>
      <MoreRuns box={ref} runs={runs} />
    </>
  );
}
