/** Texts that the page and several panels share. */

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
  backward_gain: "backward gain",
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

/** Return the display name of a statistic: `Gradient norm`, `Update ratio`. Unknown names are made readable. */
export function statisticName(kind: string, statistic: string): string {
  const estimate = statistic.endsWith("~");
  const base = estimate ? statistic.slice(0, -1) : statistic;
  const name = STATISTIC_NAMES[base] ?? base.replaceAll("_", " ");
  // The names of optimizer statistics need no kind, except for the element count.
  if (base === "backward_gain") return upper(name);
  const whole = kind === "optimizer" && base !== "count" ? upper(name) : `${kindName(kind)} ${name}`;
  return `${whole}${estimate ? " (estimate)" : ""}`;
}

export const roleName = (role: string) => ROLE_NAMES[role] ?? role;

/** Steps to log the first data, shown on the empty page. */
export const EMPTY_STEPS = [
  { title: "Install it in your training environment", code: "pip install tb_nnviz" },
  {
    title: "Wrap your training loop, which stays unchanged",
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
  { title: "Start TensorBoard", code: "tensorboard --logdir runs" },
];

export const UI_TEXT = {
  rowFilter: "filter layers",
  rowFilterName: "Filter layers by regular expression",
  badFilter: "invalid regular expression: the last valid one stays in effect",
  metricTitle: (name: string, step: number) => `${name} at step ${step}`,
  layers: "Layers",
  collapseAll: "Collapse all blocks",
  expandAll: "Expand all blocks",
  statistic: "Statistic",
  role: "Parameters shown",
  of: "of",
  scale: "Scale",
  log: "log",
  linear: "linear",
  symlog: "symlog",
  symlogTitle: "Logarithmic on both sides of 0 and linear near it, for values of either sign",
  linearOff: "Factors are drawn on a logarithmic scale",
  thresholds: "thresholds",
  thresholdsHelp: "Gradient norms beyond these thresholds are marked in the profile and in the curves.",
  vanishing: "vanishing",
  exploding: "exploding",
  range: "range",
  rangeHelp:
    "Ends of the colour scale. If empty: 1st to 99th percentile of the shown values, rounded outward.",
  auto: "auto",
  rangeLow: "from",
  rangeHigh: "to",
  reset: "Reset",
  step: "step",
  steps: (from: number, to: number, count: number) =>
    count === 1 ? `step ${from}` : `steps ${from} to ${to}, ${count} logged`,
  atStep: (step: number) => `at step ${step}`,
  columnSummary: (min: string, mean: string, max: string) => `min ${min}, mean ${mean}, max ${max}`,
  ofColumns:
    "aggregated from the largest value of each row in these steps; the value at the cursor's step is exact",
  stepOf: (step: number, last: number) => `step ${step} of ${last}`,
  ofLast: (last: number) => `of ${last}`,
  play: "Play through the steps",
  pause: "Pause",
  csv: "CSV",
  csvTitle: "Download the values shown as a CSV file",
  csvCancel: "Cancel the CSV file",
  csvShare: (percent: number) => `CSV ${percent} %`,
  png: "PNG",
  pngTitle: "Download this picture as a PNG file",
  overSteps: (statistic: string) => `${lower(statistic)} over steps`,
  legend: "Legend",
  exactZero: "exactly 0",
  nonfinite: "NaN, Inf",
  nan: "NaN",
  absent: "absent",
  absentOrUndefined: "absent or undefined",
  undefinedValue: "undefined",
  nearestStep: (step: number) => `step ${step}`,
  nearestTitle: "This run did not log the cursor's step. Its nearest step is shown.",
  state: {
    value: "",
    under: "below the colour scale",
    over: "above the colour scale",
    zero: "exactly 0",
    nonfinite: "NaN or Inf in this tensor",
    absent: "absent: no such row, or no value at this step",
    undefined: "undefined for this layer",
    refZero: "the reference is exactly 0",
    refNonfinite: "NaN or Inf in the reference",
    refAbsent: "the reference has no value to compare with",
    header: "",
  } as Record<string, string>,
  nonfiniteOf: (bad: string, all: string) => `${bad} of ${all} elements are NaN or Inf`,
  ofElements: (bad: string, all: string) => `${bad} of ${all}`,
  nonfiniteSteps: (n: number, of: number) => `NaN or Inf at ${n} of ${of} logged steps`,
  nonfiniteMost: (step: number, elements: string, n: number) =>
    n === 1 ? `, step ${step}: ${elements} elements` : `, most at step ${step}: ${elements} elements`,
  nonfiniteCount: (bad: string) => `${bad} elements are NaN or Inf`,
  mark: {
    legend: {
      finding: "finding",
      peak: "peak",
      nonfinite: "unlogged NaN, Inf",
      skipped: "skipped step",
    } as Record<string, string>,
    help: {
      finding: () => "A rule's finding, at the step at which it began.",
      peak: (factor: number, spreads: number, reach: number) =>
        `A window is the steps from one logged step to the next. A window's highest gradient norm or loss is marked if it is at least ${factor} times the median of the ${reach} preceding and of the ${reach} following windows, and ${spreads} times their spread above it.`,
      nonfinite: () => "Gradients or the loss had NaN or Inf at steps that were not logged.",
      skipped: () => "The GradScaler found NaN or Inf in the gradients and skipped the optimizer's step.",
    } as Record<string, (factor: number, spreads: number, reach: number) => string>,
    sampled: (kept: number, written: number) => `${kept} of about ${written} windows kept`,
    sampledHelp:
      "TensorBoard keeps a sample of long scalar series. To see every window, start it with --samples_per_plugin=scalars=0",
  },
  flow: {
    compare: "Values or differences",
    value: "value",
    versus: (ref: string) => `vs ${ref}`,
    valueTitle: "Each run's own values",
    versusTitle: (ref: string) =>
      `Every run compared with ${ref} at its nearest step: the ratio, or the difference for signed values and fractions`,
    versusOff: "Select another run to compare with",
    ratioTo: (ref: string) => `ratio to ${ref}`,
    differenceTo: (ref: string) => `difference from ${ref}`,
    asMuch: (nothing: string, ref: string) => `${nothing} = ${ref}`,
    own: (ref: string) => `Values of ${ref}`,
    at: (run: string, step: number) => `${run}, step ${step}`,
    far: "further apart than half a logging interval",
    farChip: "steps far apart",
    farTitle: "Compared with a step of the reference that is further away than half its logging interval",
    chip: {
      refZero: "reference 0",
      refNonfinite: "reference NaN, Inf",
      refAbsent: "no reference",
    },
    equal: "no difference",
    bothZero: "exactly 0 in both",
    zeroHere: "exactly 0 here",
    noRefStep: "no step",
    bandOf: (from: number, to: number) => `5th to 95th percentile, steps ${from} to ${to}`,
    bandSkips: (n: number) => `excluding ${n} NaN or Inf`,
    gainOf: (before: string) => `RMS at ${before}`,
    gainIn: "RMS at this layer",
    factorHelp:
      "Ends of the colour scale, as factors. If empty: 1st to 99th percentile of the shown values, rounded outward, symmetric about 1.",
    unitLast: (n: number | null) => `units: ${n === null ? "" : `${n} `}indices of the last axis`,
    unitChannel: (n: number | null) => `units: ${n === null ? "" : `${n} `}channels`,
    unitAxis: (axis: number) => `units: indices of axis ${axis}`,
    unitColumns: "image columns, not channels, because the layer is not a convolution",
  },
  health: {
    severity: { severe: "severe", warning: "warning", notice: "notice" } as Record<string, string>,
    one: (layer: string, since: number) => `${layer}, since step ${since}`,
    many: (n: number, layer: string, since: number) => `${n} layers, first ${layer} at step ${since}`,
  },
  aggregated: (rule: string, n: number) => `${AGGREGATES[rule] ?? rule} of ${n} rows`,
  elements: (n: string) => `${n} elements`,
  loading: "Loading…",
  loadingRuns: (done: number, of: number) => `Loading… ${done} of ${of} runs`,
  retry: "Retry",
  failed: (what: string) => `Could not load ${what}`,
  whatSeries: "the values",
  noneSelected: "No run selected",
  noneSelectedHelp: "Select one or more runs in the list on the left.",
  noLines: "No layer matches",
  emptyTitle: "No data yet",
  emptyHelp:
    "No run in this log directory was logged by tb_nnviz. Add one line around your training loop. This page updates while the training runs.",
  emptyReload:
    "Already training? The first values appear after the first logged step. Press TensorBoard's reload button.",
  fillsIt: "Code that logs it",
  copy: "Copy",
  copied: "Copied",
};

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
