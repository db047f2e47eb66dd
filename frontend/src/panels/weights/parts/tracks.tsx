import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { exact, tick } from "../../../lib/format";
import { nearest, stepDomain } from "../../../lib/steps";
import { theme } from "../../../plot/canvas";
import { shapeOf } from "../../../plot/markers";
import { type PlotLayout, xIn } from "../../../plot/plot";
import { SeriesChart } from "../../../plot/series";
import { useStore } from "../../../ui/context";
import { ScrollRow } from "../../../ui/scroll_row";
import { useTooltip } from "../../../ui/tooltip";
import { isBeyond, type Track, trackColours, trackCurves, trackRange } from "../model_tracks";
import { TEXT } from "../text";

interface Props {
  names: readonly string[] | null;
  tracks: readonly Track[];
  parameter: string;
  /** Width of a run's column, number of columns, and gap between them. */
  width: number;
  across: number;
  gap: number;
  whole: number;
  height: number;
}

const HEAD = 34;
const LEFT = 46;

/** Single weights over steps: one chart per run, or one weight of all runs. */
export function Tracks({ names: known, tracks, parameter, width, across, gap, whole, height }: Props) {
  const store = useStore();
  const names = known ?? [];
  const key = store.key("weights.track");
  const runs = store.shown.value;
  const chosen = key.value !== null && names.includes(key.value) ? key.value : null;
  const colours = trackColours(names.length, store.dark.value);
  const shown = useMemo(
    () => (chosen === null ? tracks : tracks.filter(({ name }) => name === chosen)),
    [tracks, chosen],
  );
  const domain = useMemo(() => stepDomain(shown.map(({ steps }) => steps)), [shown]);
  const range = useMemo(() => trackRange(shown), [shown]);
  const cut = useMemo(() => isBeyond(shown, range), [shown, range]);
  const index = (name: string) => name.slice(parameter.length);
  const chart = (
    own: readonly Track[],
    colour: (track: Track) => string,
    wide: number,
    label: string,
    id: string,
  ) => (
    <TrackChart
      key={id}
      id={id}
      tracks={own}
      colours={own.map(colour)}
      domain={domain}
      range={range}
      width={wide}
      height={height - HEAD}
      label={label}
    />
  );
  return (
    <div class="w-tracks" aria-busy={known === null} style={{ height: `${height}px` }}>
      <div class="w-tracks-head">
        <b>{TEXT.tracks}</b>
        <ScrollRow label={TEXT.tracksView} items={names.join("\n")} testid="track-picks">
          {known?.length === 0 && <span class="dim">{TEXT.noTracks}</span>}
          {names.length > 0 && (
            <button
              type="button"
              class="w-pick"
              aria-pressed={chosen === null}
              data-testid="track-all"
              onClick={() => {
                key.value = null;
              }}
            >
              {TEXT.each}
            </button>
          )}
          {names.map((name, i) => (
            <button
              type="button"
              key={name}
              class="w-pick"
              data-print
              aria-pressed={chosen === name}
              title={name}
              data-testid={`track-${index(name)}`}
              onClick={() => {
                key.value = chosen === name ? null : name;
              }}
            >
              <i style={{ background: colours[i] }} />
              {index(name).replaceAll(" ", "")}
            </button>
          ))}
        </ScrollRow>
        {cut && (
          <span class="dim" data-testid="tracks-cut">
            {TEXT.tracksCut(tick(range[0]), tick(range[1]))}
          </span>
        )}
      </div>
      {tracks.length > 0 &&
        (chosen !== null ? (
          chart(shown, ({ run }) => store.colour(run), whole, TEXT.tracksAll(chosen), "tracks")
        ) : (
          <div
            class="w-runs"
            style={{ gridTemplateColumns: `repeat(${across}, ${width}px)`, gap: `0 ${gap}px` }}
          >
            {runs.map((run) =>
              chart(
                shown.filter((track) => track.run === run),
                ({ name }) => colours[names.indexOf(name)],
                width,
                TEXT.tracksName(run, parameter),
                `tracks-${run}`,
              ),
            )}
          </div>
        ))}
    </div>
  );
}

interface ChartProps {
  id: string;
  tracks: readonly Track[];
  colours: readonly string[];
  domain: readonly [number, number];
  range: readonly [number, number];
  width: number;
  height: number;
  label: string;
}

function TrackChart({ id, tracks, colours, domain, range, width, height, label }: ChartProps) {
  const store = useStore();
  const root = useRef<HTMLDivElement>(null);
  const chart = useRef<SeriesChart | null>(null);
  const [, redrawn] = useState(0);
  const dark = store.dark.value;
  const styles = colours.join();
  useLayoutEffect(() => {
    if (!root.current) return;
    chart.current ??= new SeriesChart(root.current, () => redrawn((n) => n + 1));
    chart.current.update({
      curves: trackCurves(tracks),
      styles: colours.map((colour) => ({ colour, shape: shapeOf(0) })),
      scale: { mode: "linear", lo: range[0], hi: range[1], diverging: false },
      domain,
      thresholds: null,
      names: { vanishing: "", exploding: "" },
      left: LEFT,
      width,
      height,
      theme: theme(dark),
    });
  }, [tracks, styles, domain, range, width, height, dark]);
  useLayoutEffect(() => () => chart.current?.plot.destroy(), []);
  const tooltip = useTooltip([tracks, domain, range, width, height]);
  const moved = (event: PointerEvent) => {
    const near = nearestTrack(event);
    if (!near) {
      tooltip.hide();
      return;
    }
    tooltip.show(event, {
      run: near.track.run,
      step: TEXT.at(near.track.steps[near.at]),
      what: near.track.name,
      value: exact(near.track.values[near.at]),
      lines: [],
      help: "",
    });
  };
  /** Return the curve nearest to the pointer, at the nearest step. */
  function nearestTrack(event: PointerEvent): { track: Track; at: number } | null {
    const box = chart.current?.plot.over?.getBoundingClientRect();
    if (!box) return null;
    const step = chart.current!.plot.valueAt(event.clientX - box.left);
    let best: { track: Track; at: number; distance: number } | null = null;
    for (const track of tracks) {
      const at = nearest(track.steps, step);
      if (at < 0) continue;
      const y = Number.isFinite(track.values[at]) ? chart.current!.yOf(track.values[at]) : 0;
      const distance = Math.abs(y - (event.clientY - box.top));
      if (!best || distance < best.distance) best = { track, at, distance };
    }
    return best;
  }
  return (
    <div
      class="w-chart"
      ref={root}
      role="img"
      aria-label={label}
      data-testid={id}
      style={{ height: `${height}px` }}
      onPointerMove={moved}
      onPointerLeave={tooltip.hide}
      onClick={(event) => {
        const near = nearestTrack(event as unknown as PointerEvent);
        if (near) store.view.step.value = near.track.steps[near.at];
      }}
    >
      {chart.current?.plot.layout && <Cursor layout={chart.current.plot.layout} />}
    </div>
  );
}

/** The cursor's line. It is a separate component, so that moving it does not redraw the curves. */
function Cursor({ layout }: { layout: PlotLayout }) {
  const store = useStore();
  const step = store.view.step.value;
  if (step === null) return null;
  const { area } = layout;
  const x = xIn(layout, step);
  if (x < 0 || x > area.width) return null;
  return (
    <div
      class="step-cursor plain"
      style={{
        left: `${area.left + x}px`,
        top: `${area.top}px`,
        height: `${area.height}px`,
      }}
    />
  );
}
