import { useLayoutEffect, useRef } from "preact/hooks";
import { ink } from "../../charts/canvas";
import { shapeOf } from "../../charts/markers";
import { drawProfile, lanes, profileTicks, profileX } from "../../charts/profile";
import { tick } from "../../derive/format";
import { lineAt } from "../../derive/geometry";
import { runProfile } from "../../derive/profile";
import { toUnit } from "../../derive/scale";
import { nearest } from "../../derive/steps";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";

/** Nearer than this, in pixels, the names of the thresholds would cover each other. */
const TOGETHER = 70;

/** Title, and the names of the threshold lines right above them: inside they would scroll away. */
export function ProfileHead({ width }: { width: number }) {
  const store = useStore();
  const scale = store.scale.value;
  const thresholds = store.thresholds.value;
  const runs = store.grids.value.length;
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
  // on a linear scale they fall together
  const apart = thresholds && place(thresholds.exploding) - place(thresholds.vanishing) > TOGETHER;
  return (
    <div class="profile-head">
      <b>{TEXT.profileAt(store.step.value)}</b>
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

export function ProfileBody({ width, tops }: { width: number; tops: readonly number[] }) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const grids = store.grids.value;
  const scale = store.scale.value;
  const step = store.step.value;
  const dark = store.dark.value;
  const thresholds = store.thresholds.value;
  const profiles = grids.map((grid) => runProfile(grid, step, scale));
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const runs = profiles.map((profile) => ({
      ...profile,
      colour: store.colour(profile.run),
      shape: shapeOf(store.order.value.get(profile.run) ?? 0),
    }));
    drawProfile(canvas.current, {
      runs,
      scale,
      thresholds,
      tops,
      width,
      dpr: window.devicePixelRatio,
      ink: ink(dark),
    });
  }, [grids, scale, step, dark, thresholds, tops, width]);

  /** The line under the pointer, and the run whose point is nearest to it on that line. */
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
        point.lane === "zero" && !scale.diverging
          ? (zero * (i + 0.5)) / n
          : point.lane === "nonfinite"
            ? width - nonfinite + (nonfinite * (i + 0.5)) / n
            : profileX(point.lane === "zero" ? toUnit(scale, 0) : point.t, n, width);
      const distance = Math.abs(place - x);
      if (!best || distance < best.distance) best = { run, distance };
    });
    return { line, run: (best as { run: string } | null)?.run ?? null };
  };
  const cursor = store.line.value;
  return (
    <div
      class="map"
      style={{ width: `${width}px`, height: `${tops[tops.length - 1]}px` }}
      onPointerMove={(event) => {
        const { line, run } = locate(event);
        const grid = run === null ? undefined : store.gridOf.value.get(run);
        store.hover.value =
          run !== null && grid
            ? { run, line, at: nearest(grid.steps, step), x: event.clientX, y: event.clientY }
            : null;
      }}
      onPointerLeave={() => {
        store.hover.value = null;
      }}
      onClick={(event) => store.moveTo(locate(event).line, null)}
    >
      <canvas ref={canvas} data-testid="profile" role="img" aria-label={TEXT.profileName} />
      {cursor >= 0 && (
        <div
          class="row-cursor faint"
          style={{ top: `${tops[cursor]}px`, height: `${tops[cursor + 1] - tops[cursor]}px` }}
        />
      )}
    </div>
  );
}

export function ProfileAxis({ width }: { width: number }) {
  const store = useStore();
  const scale = store.scale.value;
  const runs = store.grids.value.length;
  const { zero, nonfinite } = lanes(runs, width);
  const states = store.labels.value;
  // Labels of the lanes come first: ticks that would run into them have none.
  const lowest = states.has("zero") && !scale.diverging ? zero / 2 + 24 : 10;
  const highest = states.has("nonfinite") ? width - nonfinite / 2 - 30 : width - 8;
  return (
    <div class="ticks">
      {states.has("zero") && !scale.diverging && (
        <span class="lane" style={{ left: `${zero / 2}px` }}>
          0
        </span>
      )}
      {profileTicks(scale, width)
        .map((value) => ({ value, x: profileX(toUnit(scale, value), runs, width) }))
        .filter(({ x }) => x > lowest && x < highest)
        .map(({ value, x }) => (
          <span key={value} style={{ left: `${x}px` }}>
            {tick(value)}
          </span>
        ))}
      {states.has("nonfinite") && (
        <span class="lane bad" style={{ left: `${width - nonfinite / 2 - 4}px` }}>
          {TEXT.nan}
        </span>
      )}
    </div>
  );
}
