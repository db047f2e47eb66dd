import { d, n as nearest, h, a as u, T as TEXT } from "./main-B9rrWoHG.js";
const FRAME_MS = 350;
function StepSlider({ steps, step, set, ready = true }) {
  const [playing, setPlaying] = d(false);
  const last = steps.length - 1;
  const at = Math.max(0, nearest(steps, step));
  h(() => {
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
  const name = playing ? TEXT.pause : TEXT.play;
  return /* @__PURE__ */ u("div", { class: "slider", children: [
    /* @__PURE__ */ u(
      "button",
      {
        type: "button",
        class: "button",
        title: name,
        "aria-label": name,
        "data-testid": "play",
        disabled: last < 1,
        onClick: toggle,
        children: /* @__PURE__ */ u("svg", { width: "12", height: "12", viewBox: "0 0 12 12", "aria-hidden": "true", fill: "currentColor", children: /* @__PURE__ */ u("path", { d: playing ? "M2 1.5h3v9h-3zM7 1.5h3v9h-3z" : "M2.5 1l8 5l-8 5z" }) })
      }
    ),
    /* @__PURE__ */ u(
      "input",
      {
        type: "range",
        min: 0,
        max: Math.max(0, last),
        step: 1,
        value: at,
        disabled: last < 1,
        "aria-label": TEXT.step,
        "aria-valuetext": TEXT.stepOf(steps[at] ?? 0, steps[last] ?? 0),
        "data-testid": "step-slider",
        style: { "--at": last > 0 ? at / last : 0 },
        onInput: (event) => {
          setPlaying(false);
          set(steps[Number(event.currentTarget.value)]);
        }
      }
    ),
    /* @__PURE__ */ u("output", { class: "button step", "data-testid": "step-value", children: [
      TEXT.step,
      " ",
      /* @__PURE__ */ u("b", { children: steps[at] ?? "" }),
      " ",
      /* @__PURE__ */ u("span", { class: "dim", children: TEXT.ofLast(steps[last] ?? 0) })
    ] })
  ] });
}
export {
  StepSlider as S
};
