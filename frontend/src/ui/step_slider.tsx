import { useEffect, useState } from "preact/hooks";
import { nearest } from "../lib/steps";
import { UI_TEXT } from "./text";

/** Time per step while playing. */
const FRAME_MS = 350;
/** Number of logged steps by which a key moves. */
const KEYS = new Map([
  ["ArrowLeft", -1],
  ["ArrowDown", -1],
  ["ArrowRight", 1],
  ["ArrowUp", 1],
  ["PageDown", -10],
  ["PageUp", 10],
  ["Home", Number.NEGATIVE_INFINITY],
  ["End", Number.POSITIVE_INFINITY],
]);

interface Props {
  /** Ascending. */
  steps: ArrayLike<number>;
  step: number;
  set: (step: number) => void;
  /** False while the data of the current step is loading: playing waits for it. */
  ready?: boolean;
}

/** Slider over the steps that have data, with a button to play through them. */
export function StepSlider({ steps, step, set, ready = true }: Props) {
  const [playing, setPlaying] = useState(false);
  const last = steps.length - 1;
  const at = Math.max(0, nearest(steps, step));
  useEffect(() => {
    if (!playing || !ready) return;
    if (at >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => set(steps[at + 1]), FRAME_MS);
    return () => clearTimeout(timer);
  }, [playing, ready, at, last]);
  const toggle = () => {
    if (!playing && at >= last && last > 0) set(steps[0]);
    setPlaying(!playing);
  };
  const name = playing ? UI_TEXT.pause : UI_TEXT.play;
  return (
    <div class="slider">
      <button
        type="button"
        class="button"
        title={name}
        aria-label={name}
        data-testid="play"
        disabled={last < 1}
        onClick={toggle}
      >
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="currentColor">
          <path d={playing ? "M2 1.5h3v9h-3zM7 1.5h3v9h-3z" : "M2.5 1l8 5l-8 5z"} />
        </svg>
      </button>
      <input
        type="range"
        min={last < 0 ? 0 : steps[0]}
        max={last < 0 ? 0 : steps[last]}
        step="any"
        value={steps[at] ?? 0}
        disabled={last < 1}
        aria-label={UI_TEXT.step}
        aria-valuetext={UI_TEXT.stepOf(steps[at] ?? 0, steps[last] ?? 0)}
        data-testid="step-slider"
        style={{ "--at": last > 0 ? (steps[at] - steps[0]) / (steps[last] - steps[0]) : 0 }}
        onKeyDown={(event) => {
          const by = KEYS.get(event.key);
          if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          setPlaying(false);
          set(steps[Math.min(last, Math.max(0, at + by))]);
        }}
        onInput={(event) => {
          setPlaying(false);
          // The slider is as even as the steps: logged ones may be dense in places.
          const next = steps[nearest(steps, Number(event.currentTarget.value))];
          event.currentTarget.value = String(next);
          set(next);
        }}
      />
      <output class="button step" data-testid="step-value">
        {UI_TEXT.step} <b>{steps[at] ?? UI_TEXT.pendingValue}</b>{" "}
        {last >= 0 && <span class="dim">{UI_TEXT.ofLast(steps[last])}</span>}
      </output>
    </div>
  );
}
