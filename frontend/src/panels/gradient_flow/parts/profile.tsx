import { useLayoutEffect, useRef } from "preact/hooks";
import { cellAt } from "../../../lib/columns";
import { tickOf } from "../../../lib/format";
import { toUnit } from "../../../lib/scale";
import { theme } from "../../../plot/canvas";
import { shapeOf } from "../../../plot/markers";
import { useStore } from "../../../ui/context";
import { UI_TEXT } from "../../../ui/text";
import { useShown } from "../../../ui/tooltip";
import { drawProfile, lanes, profileTicks, profileX, zeroInside } from "../draw_profile";
import { lineAt, linesWithin } from "../layout";
import type { Band } from "../model_band";
import { runProfile } from "../model_profile";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Minimum distance in pixels at which the names of the thresholds do not overlap. */
const MIN_APART = 70;

/**
 * Title, and the names of the thresholds directly above their lines. Inside the profile the names would scroll away.
 */
export function ProfileHead({ width }: { width: number }) {
  const flow = useFlow();
  const scale = flow.picture.scale.value;
  const thresholds = flow.picture.thresholds.value;
  const runs = flow.picture.grids.value.length;
  const mark = (value: number, name: string, side: "left" | "right") => {
    const t = toUnit(scale, value);
    if (t < 0 || t > 1) return null;
    const x = profileX(t, runs, width);
    return (
      <span
        class="threshold"
        style={side === "left" ? { right: `${width - x - 2}px` } : { left: `${x - 2}px` }}
      >
        {name}
      </span>
    );
  };
  const place = (value: number) => profileX(toUnit(scale, value), runs, width);
  // On a linear scale the two thresholds almost coincide.
  const apart = thresholds && place(thresholds.exploding) - place(thresholds.vanishing) > MIN_APART;
  const { band } = flow.keys;
  const on = band.value === "on";
  const can = flow.atCursor.canBand.value;
  return (
    <div class="profile-head">
      <b>{TEXT.profileAt(flow.cursor.step.value)}</b>
      <button
        type="button"
        class="band-switch"
        aria-pressed={on && can}
        aria-label={TEXT.bandName}
        title={can ? TEXT.bandName : TEXT.bandUnavailable}
        disabled={!can}
        data-testid="band-switch"
        onClick={() => {
          band.value = on ? null : "on";
        }}
      >
        {TEXT.band}
      </button>
      {thresholds && apart && mark(thresholds.vanishing, TEXT.vanishing, "left")}
      {thresholds &&
        mark(
          thresholds.exploding,
          TEXT.exploding,
          toUnit(scale, thresholds.exploding) > 0.7 ? "left" : "right",
        )}
    </div>
  );
}

interface BodyProps {
  width: number;
  tops: readonly number[];
  part: { top: number; height: number };
}

export function ProfileBody({ width, tops, part }: BodyProps) {
  const store = useStore();
  const flow = useFlow();
  const canvas = useRef<HTMLCanvasElement>(null);
  const grids = flow.atCursor.gridsAtStep.value;
  // Columns of steps are shown while the exact step is pending.
  const coming = grids.some(({ reduced }) => reduced);
  const scale = flow.picture.scale.value;
  const step = flow.cursor.step.value;
  const dark = store.dark.value;
  const thresholds = flow.picture.thresholds.value;
  const banded = flow.atCursor.banded.value;
  const bands = flow.exact.bands.value;
  const guide = useGuide();
  const { top, height } = part;
  const within = linesWithin(tops, part);
  // Add a line at each end, so that curves continue beyond the edge.
  const lines: [number, number] = [Math.max(0, within[0] - 1), Math.min(tops.length - 1, within[1] + 1)];
  const profiles = grids.map((grid) => runProfile(grid, step, scale, lines));
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const runs = profiles.map((profile) => ({
      ...profile,
      colour: store.colour(profile.run),
      shape: shapeOf(store.order.value.get(profile.run) ?? 0),
      bands: banded ? bandsOf((line) => flow.atCursor.bandOf(profile.run, line), lines) : [],
    }));
    drawProfile(canvas.current, {
      runs,
      scale,
      thresholds,
      guide,
      tops,
      part: { top, height },
      width,
      dpr: window.devicePixelRatio,
      theme: theme(dark),
      bandAlpha: dark ? 0.18 : 0.11,
    });
  }, [grids, scale, step, dark, thresholds, guide, tops, top, height, width, banded, bands]);

  const tooltip = useShown(flow.hover, [grids, scale, step, width, tops]);
  /** Return the line under the pointer, and the run whose point on that line is nearest to it. */
  const locate = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const line = lineAt(tops, event.clientY - box.top);
    const x = event.clientX - box.left;
    let best: { run: string; distance: number } | null = null;
    profiles.forEach(({ run, points }, i) => {
      const point = points.find((one) => one.line === line);
      if (!point) return;
      const n = profiles.length;
      const { zero, nonfinite } = lanes(n, width);
      const place =
        point.lane === "zero" && !zeroInside(scale)
          ? (zero * (i + 0.5)) / n
          : point.lane === "nonfinite"
            ? width - nonfinite + (nonfinite * (i + 0.5)) / n
            : profileX(point.lane === "zero" ? toUnit(scale, 0) : point.t, n, width);
      const distance = Math.abs(place - x);
      if (!best || distance < best.distance) best = { run, distance };
    });
    return { line, run: (best as { run: string } | null)?.run ?? null };
  };
  return (
    <div
      class={coming ? "map coming" : "map"}
      aria-busy={coming}
      title={coming ? TEXT.columnsStandIn : undefined}
      style={{ width: `${width}px`, height: `${tops[tops.length - 1]}px` }}
      onPointerMove={(event) => {
        const { line, run } = locate(event);
        const own = run === null ? undefined : flow.picture.gridOf.value.get(run);
        const exact = own?.reduced && grids.find((one) => one.run === run);
        const grid = exact || own;
        if (run === null || !grid) tooltip.hide();
        else
          tooltip.show({
            owner: event.currentTarget,
            run,
            line,
            at: cellAt(grid, step),
            banded,
            ...(exact && { grid: exact, of: line }),
            x: event.clientX,
            y: event.clientY,
          });
      }}
      onPointerLeave={tooltip.hide}
      onClick={(event) => flow.moveTo(locate(event).line, null)}
    >
      <canvas
        ref={canvas}
        data-testid="profile"
        role="img"
        aria-label={TEXT.profileName}
        style={{ position: "absolute", left: 0, top: `${top}px` }}
      />
      <ProfileCursor tops={tops} />
    </div>
  );
}

const bandsOf = (of: (line: number) => Band | null, [first, end]: [number, number]): Band[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, i) => of(first + i)).filter((band) => band !== null);

/** The cursor's line on the profile. It is a separate component, so that moving it does not redraw the curves. */
function ProfileCursor({ tops }: { tops: readonly number[] }) {
  const line = useFlow().cursor.line.value;
  if (line < 0) return null;
  return (
    <div
      class="row-cursor faint"
      style={{ top: `${tops[line]}px`, height: `${tops[line + 1] - tops[line]}px` }}
    />
  );
}

/** Return the value that means "equal" on scales of factors and differences; null on other scales. */
export function useGuide(): number | null {
  const flow = useFlow();
  return flow.picture.scale.value.factor || flow.picture.compared.value ? 0 : null;
}

export function ProfileAxis({ width }: { width: number }) {
  const flow = useFlow();
  const scale = flow.picture.scale.value;
  const runs = flow.picture.grids.value.length;
  const { zero, nonfinite } = lanes(runs, width);
  const states = flow.picture.labels.value;
  // Labels of the lanes take precedence: ticks that would overlap them are omitted.
  const lowest = states.has("zero") && !zeroInside(scale) ? zero / 2 + 24 : 10;
  const bad = states.has("nonfinite") || states.has("refNonfinite");
  const highest = bad ? width - nonfinite / 2 - 30 : width - 8;
  return (
    <div class="ticks">
      {states.has("zero") && !zeroInside(scale) && (
        <span class="lane" style={{ left: `${zero / 2}px` }}>
          0
        </span>
      )}
      {profileTicks(scale, width)
        .map((value) => ({ value, x: profileX(toUnit(scale, value), runs, width) }))
        .filter(({ x }) => x > lowest && x < highest)
        .map(({ value, x }) => (
          <span key={value} style={{ left: `${x}px` }}>
            {tickOf(scale, value)}
          </span>
        ))}
      {bad && (
        <span class="lane bad" style={{ left: `${width - nonfinite / 2 - 4}px` }}>
          {UI_TEXT.nan}
        </span>
      )}
    </div>
  );
}
