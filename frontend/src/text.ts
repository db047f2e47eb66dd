/** Every text that a user sees, in one place. */

const KIND_NAMES: Record<string, string> = {
  parameter: "Parameter",
  gradient: "Gradient",
  update: "Update",
  activation: "Activation",
  activation_gradient: "Activation gradient",
  optimizer: "Optimizer",
};

const STATISTIC_NAMES: Record<string, string> = {
  norm: "norm",
  rms: "RMS",
  mean: "mean",
  std: "standard deviation",
  min: "minimum",
  max: "maximum",
  absmax: "largest magnitude",
  zero_fraction: "zero fraction",
  nonfinite: "NaN and Inf count",
  count: "element count",
  finite_norm: "norm of finite elements",
  finite_absmax: "largest finite magnitude",
  ratio: "ratio",
  dead_fraction: "dead fraction",
  nonpositive_unit_fraction: "share of units never positive",
  saturated_fraction: "saturated fraction",
  outlier_ratio: "outlier ratio of units",
  first_moment_norm: "first moment norm",
  second_moment_norm: "second moment norm",
  effective_step_size: "effective step size",
};

const ROLE_NAMES: Record<string, string> = {
  weight: "weights",
  bias: "biases",
  norm: "norm layers",
  embedding: "embeddings",
  other: "other parameters",
  all: "all parameters",
};

const AGGREGATES: Record<string, string> = {
  root_sum_squares: "root of the sum of squares",
  root_mean_square: "root of the mean square of all elements",
  min: "minimum",
  max: "maximum",
  sum: "sum",
  mean: "mean",
};

export const kindName = (kind: string) => KIND_NAMES[kind] ?? kind.replaceAll("_", " ");

/** `Gradient norm`, `Update ratio`; a statistic that we have never heard of is still readable. */
export function statisticName(kind: string, statistic: string): string {
  const estimate = statistic.endsWith("~");
  const base = estimate ? statistic.slice(0, -1) : statistic;
  const name = STATISTIC_NAMES[base] ?? base.replaceAll("_", " ");
  // What only optimizers keep says so by itself; their element count does not.
  const whole = kind === "optimizer" && base !== "count" ? upper(name) : `${kindName(kind)} ${name}`;
  return `${whole}${estimate ? " (estimate)" : ""}`;
}

export const roleName = (role: string) => ROLE_NAMES[role] ?? role;

/** What fills the page, by where it is typed. */
export const EMPTY_STEPS = [
  { title: "Once, in the environment that trains", code: "pip install tb_nnviz" },
  {
    title: "Around your training loop, which stays as it was",
    code: [
      "import tb_nnviz",
      "",
      'with tb_nnviz.watch(model, optimizer, logdir="runs/first") as monitor:',
      "    for x, y in loader:",
      "        loss = loss_fn(model(x), y)",
      "        loss.backward()",
      "        optimizer.step(); optimizer.zero_grad()",
      "        monitor.log(loss=loss)    # optional",
    ].join("\n"),
  },
  { title: "Beside it", code: "tensorboard --logdir runs" },
];

export const TEXT = {
  title: "What happens inside the network",
  gradientFlow: "Gradient flow",
  runs: "Runs",
  ofCount: (n: number, m: number) => `${n} of ${m}`,
  runFilter: "filter, e.g. lr|sigmoid",
  rowFilter: "filter layers",
  runFilterName: "Filter runs by regular expression",
  rowFilterName: "Filter layers by regular expression",
  badFilter: "invalid regular expression: the last valid one stays",
  noRunMatches: "No run matches.",
  all: "all",
  none: "none",
  allTitle: "Show all runs that the filter lets through",
  noneTitle: "Hide all runs that the filter lets through",
  ref: "ref",
  refTitle: (run: string) => `Reference run: ${run} is drawn first and gives the order of layers`,
  makeRef: (run: string) => `Make ${run} the reference run`,
  toggleRun: (run: string, shown: boolean) => `${shown ? "Hide" : "Show"} ${run}`,
  metricTitle: (name: string, step: number) => `${name} at step ${step}`,
  hideSide: "Hide the list of runs",
  showSide: "Show the list of runs",
  layers: "Layers",
  layerCount: (n: number) => `${n}`,
  collapseAll: "Collapse all blocks",
  expandAll: "Expand all blocks",
  blockRows: (n: number) => `${n} rows`,
  statistic: "Statistic",
  role: "Parameters shown",
  of: "of",
  scale: "Scale",
  log: "log",
  linear: "linear",
  logOff: "Signed values are drawn on a linear scale",
  thresholds: "thresholds",
  thresholdsHelp: "Gradient norms below or above these are marked in the profile and in the curves.",
  vanishing: "vanishing",
  exploding: "exploding",
  range: "range",
  rangeHelp: "Ends of the colour scale. Empty: 1st to 99th percentile of what is shown, rounded out.",
  auto: "auto",
  rangeLow: "from",
  rangeHigh: "to",
  reset: "Reset",
  step: "step",
  stepOf: (step: number, last: number) => `step ${step} of ${last}`,
  ofLast: (last: number) => `of ${last}`,
  play: "Play through the steps",
  pause: "Pause",
  csv: "CSV",
  csvTitle: "Download the values shown as a CSV file",
  png: "PNG",
  pngTitle: "Download this picture as a PNG file",
  profileAt: (step: number) => `Profile at step ${step}`,
  profileName: "Depth profile: value of each layer at the cursor's step",
  heatmapName: (run: string, statistic: string) => `Heat map of ${run}: ${statistic}, layers by steps`,
  overSteps: (statistic: string) => `${lower(statistic)} over steps`,
  seriesName: (row: string) => `${row} over steps`,
  legend: "Legend",
  under: "below",
  over: "above",
  exactZero: "exactly 0",
  nonfinite: "NaN, Inf",
  nan: "NaN",
  absent: "absent",
  absentOrUndefined: "absent, or no such figure",
  undefinedFigure: "no such figure",
  axisStep: "step",
  nearestStep: (step: number) => `step ${step}`,
  nearestTitle: "This run did not log the cursor's step; its nearest one is used.",
  state: {
    value: "",
    under: "below the colour scale",
    over: "above the colour scale",
    zero: "exactly 0",
    nonfinite: "NaN or Inf in this tensor",
    absent: "absent: no such row, or no value at this step",
    undefined: "this layer has no such figure",
    header: "",
  } as Record<string, string>,
  nonfiniteOf: (bad: string, all: string) => `${bad} of ${all} elements are NaN or Inf`,
  nonfiniteCount: (bad: string) => `${bad} elements are NaN or Inf`,
  mark: {
    legend: {
      peak: "peak",
      nonfinite: "NaN, Inf between",
      skipped: "skipped step",
    } as Record<string, string>,
    help: {
      peak: (factor: number, spreads: number, reach: number) =>
        `A window is the steps from one logged step to the next. Marked is a window's highest gradient norm or loss if it is at least ${factor} times the median of the ${reach} windows before and of the ${reach} after, and ${spreads} times their spread above it.`,
      nonfinite: () => "Steps that are not logged had gradients or a loss with NaN or Inf.",
      skipped: () => "The GradScaler found NaN or Inf in the gradients and skipped the optimizer's step.",
    } as Record<string, (factor: number, spreads: number, reach: number) => string>,
    toolbar: (run: string, n: number) =>
      `Marks of ${run} on the step axis: ${n}. Arrow left and right: next mark. Enter: move the cursor there.`,
    figure: { gradient_norm: "gradient norm", loss: "loss" } as Record<string, string>,
    at: (step: number) => `step ${step}`,
    between: (after: number, until: number) => `between the logged steps ${after} and ${until}`,
    before: (until: number) => `before the logged step ${until}`,
    logged: (step: number) => `at the logged step ${step}`,
    times: (ratio: string, usual: string) => `${ratio} times the usual highest of a window, ${usual}`,
    why: (factor: number, reach: number) =>
      `Marked: at least ${factor} times the median of the ${reach} windows before, and of the ${reach} after.`,
    badSteps: (n: number) =>
      n === 1 ? "NaN or Inf in the gradients of 1 step" : `NaN or Inf in the gradients of ${n} steps`,
    badElements: (n: string, until: number) => `${n} such elements in the window up to step ${until}`,
    skipped: (n: number) => (n === 1 ? "skipped by the GradScaler" : `${n} steps skipped by the GradScaler`),
    lossScale: (scale: string) => `loss scale ${scale}`,
    also: (figure: string, value: string) => `also ${figure} ${value}`,
    merged: (n: number, first: number, last: number) => `one of ${n} marks here, steps ${first} to ${last}`,
    sampled: (kept: number, written: number) => `${kept} of about ${written} windows kept`,
    sampledHelp:
      "TensorBoard keeps a sample of long series of scalars. To see every window, start it with --samples_per_plugin=scalars=0",
  },
  activations: {
    title: "Activations",
  },
  distributions: {
    title: "Distributions",
  },
  weights: {
    title: "Weights",
  },
  structure: {
    title: "Structure",
  },
  curves: {
    title: "Curves",
  },
  health: {
    title: "Findings",
  },
  aggregated: (rule: string, n: number) => `${AGGREGATES[rule] ?? rule} of ${n} rows`,
  elements: (n: string) => `${n} elements`,
  loading: "Loading…",
  retry: "Retry",
  failed: (what: string) => `Could not load ${what}`,
  whatRuns: "the list of runs",
  whatPanel: (title: string) => `the panel ${title}`,
  whatSeries: "the values",
  whatMarks: "the marks of what happened between logged steps",
  renderFailed: "tb_nnviz could not draw this page",
  noData: (statistic: string) => `no ${lower(statistic)} in this run`,
  noMoments: "Adam and its family have it.",
  noneSelected: "No run selected",
  noneSelectedHelp: "Choose one or more runs in the list at the left.",
  noLines: "No layer matches",
  noLinesHelp: "Change the filter or the parameters shown.",
  emptyTitle: "Nothing to see inside yet",
  emptyHelp:
    "No run in this log directory has data of tb_nnviz. One line around your training loop writes it; this page fills while the training runs.",
  emptyReload:
    "Already training? The first values come with the first logged step: press TensorBoard's reload button.",
  fillsIt: "What fills it",
  copy: "Copy",
  copied: "Copied",
  tree: "Layers, in the order in which they run",
  toggleBlock: (block: string, collapsed: boolean) => `${collapsed ? "Expand" : "Collapse"} ${block}`,
  stage: "Layers by steps, one map a run. Press ? for the keys.",
  keys: {
    title: "Keys",
    open: "Keys (?)",
    close: "Close",
    list: [
      { keys: ["←", "→"], what: "cursor to the previous or next logged step" },
      { keys: ["Shift ←", "Shift →"], what: "ten logged steps" },
      { keys: ["Home", "End"], what: "first or last step" },
      { keys: ["k", "j"], what: "previous or next layer; also ↑ and ↓" },
      { keys: ["1", "…", "6"], what: "panels, in the order of their tabs" },
      { keys: ["/"], what: "filter the layers" },
      { keys: ["Esc"], what: "close what is open" },
      { keys: ["?"], what: "this list" },
    ],
  },
  panels: "Panels",
};

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
