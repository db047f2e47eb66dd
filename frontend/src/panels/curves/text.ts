/** Texts of the Curves panel. */
export const TEXT = {
  title: "Curves",
  what: "the scalars",
  charts: new Map(
    Object.entries({
      gradient_norm: "Gradient norm",
      learning_rate: "Learning rate",
      clipping: "Clipping",
      loss_scale: "Loss scale",
      skipped: "Skipped steps",
      overhead_seconds: "Seconds of tb_nnviz per logged step",
      window_gradient_norm_max: "Highest gradient norm since the last logged step",
      window_loss_max: "Highest loss since the last logged step",
      window_nonfinite: "Steps with NaN or Inf since the last logged step",
      window_skipped_steps: "Steps skipped since the last logged step",
    }),
  ),
  own: (name: string) => `${name} (SummaryWriter)`,
  parts: { train: "train", validation: "validation", test: "test" },
  labels: new Map(
    Object.entries({
      gradient_norm: ["after clipping", "before clipping"],
      clipping: ["factor", "rate"],
    }),
  ),
  group: (name: string) => `group ${name}`,
  smoothing: "smoothing",
  smoothingHelp: "Exponential moving average, as in TensorBoard. The raw line is drawn faintly behind it.",
  x: "Horizontal axis",
  xModes: { step: "step", relative: "relative", wall: "wall" },
  xTitles: {
    step: "By optimizer step",
    relative: "By time since the run's first logged step",
    wall: "By wall-clock time",
  },
  y: "Vertical axis",
  yModes: { auto: "auto", log: "log", linear: "linear" },
  yTitles: {
    auto: "Logarithmic if a chart's values span decades, else linear",
    log: "Logarithmic if there are positive values",
    linear: "Linear",
  },
  zoomFact: (from: string, to: string) => `from ${from} to ${to}`,
  yFact: (mode: string, outliers: boolean) => `vertical axis ${mode}${outliers ? " with outliers" : ""}`,
  smoothingFact: (weight: number) => `smoothing ${weight.toFixed(2)}`,
  filterFact: (filter: string) => `charts that match ${filter}`,
  outliers: "outliers",
  outliersTitle: "Include outliers in the range of the vertical axes",
  filter: "filter charts",
  filterName: "Filter charts by regular expression",
  noChart: "No chart matches",
  noChartHelp: "Change the filter.",
  pin: (title: string, on: boolean) => (on ? `Unpin ${title}` : `Pin ${title} to the top`),
  enlarge: (title: string, on: boolean) => (on ? `Reduce ${title}` : `Enlarge ${title}`),
  reset: "Show all steps",
  chart: (title: string, from: string, to: string) =>
    `${title}, from ${from} to ${to}. Click: move the cursor. Drag: zoom. Double click: show all steps.`,
  beyond: (n: number) => `${n} outside axis`,
  beyondTitle: (n: number) => (n === 1 ? "1 value outside of the axis" : `${n} values outside of the axis`),
  byTime: (label: string) => `${label} by time`,
  byTimeTitle: (tag: string) =>
    `The steps of ${tag} are not optimizer steps (for example, epochs). Its points are placed by wall time.`,
  explain: (step: number) => `What happened at step ${step}`,
  explainTitle: (run: string) =>
    `Open Gradient flow at the layer of ${run} whose gradient norm or update ratio rose most relative to its median over the preceding logged steps`,
  explaining: "Searching…",
  unexplained: "No layer found: too few steps were logged before this one.",
  marks: {
    peak: (name: string, step: number, ratio: string) =>
      `Peak of ${name} at step ${step}, ${ratio} times the median nearby: show the layer that caused it`,
    skipped: (step: number) => `Step ${step} was skipped by the GradScaler`,
    finding: (title: string, where: string) => `${title}: ${where}`,
  },
  value: (run: string, label: string, value: string, step: string) =>
    `${run}${label === "" ? "" : `, ${label}`}: ${value} at step ${step}`,
  smoothed: (value: string) => `smoothed ${value}`,
  away: (step: string) => `@${step}`,
  emptyTitle: "No scalars in these runs",
  emptyHelp: "Scalars logged with monitor.log are shown here, together with the scalars of tb_nnviz.",
  emptyCode:
    "monitor.log(loss=loss)          # in the training loop\nmonitor.log(val_loss=val_loss)  # after validation",
};
