import type { Missing } from "../lib/types";

/** Texts that the page and several panels share. */

const KIND_NAMES = new Map(
  Object.entries({
    parameter: "Parameter",
    gradient: "Gradient",
    update: "Update",
    activation: "Activation",
    activation_gradient: "Activation gradient",
    optimizer: "Optimizer",
    input: "Input",
    output: "Output",
  }),
);

const STATISTIC_NAMES = new Map(
  Object.entries({
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
    batch_std: "standard deviation over samples",
    attention_entropy: "attention entropy",
    attention_entropy_min: "attention entropy, lowest head",
    attention_logit: "largest attention logit",
    gate_saturated_fraction: "share of saturated gates",
    largest_share: "largest share of one unit",
    sum_deviation: "deviation of sums from 1",
    first_moment_norm: "first moment norm",
    second_moment_norm: "second moment norm",
    effective_step_size: "effective step size",
    gradient_ratio: "gradient over its usual size",
    lost_fraction: "lost fraction",
    backward_gain: "backward gain",
  }),
);

const ROLE_NAMES = new Map(
  Object.entries({
    weight: "weights",
    bias: "biases",
    norm: "norm layers",
    embedding: "embeddings",
    other: "other parameters",
    all: "all parameters",
  }),
);

export const kindName = (kind: string) => KIND_NAMES.get(kind) ?? kind.replaceAll("_", " ");

/** Return the display name of a statistic: `Gradient norm`, `Update ratio`. Unknown names are made readable. */
export function statisticName(kind: string, statistic: string): string {
  const estimate = statistic.endsWith("~");
  const base = estimate ? statistic.slice(0, -1) : statistic;
  const name = STATISTIC_NAMES.get(base) ?? base.replaceAll("_", " ");
  // The names of statistics of the optimizer, attention and gates need no kind, except for the element count.
  if (base === "backward_gain") return upper(name);
  const needsKind = !/^(attention|gate)_/.test(base) && (kind !== "optimizer" || base === "count");
  const whole = !needsKind ? upper(name) : `${kindName(kind)} ${name}`;
  return `${whole}${estimate ? " (estimate)" : ""}`;
}

export const roleName = (role: string) => ROLE_NAMES.get(role) ?? role;

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

const runs = (n: number) => (n === 1 ? "1 more run" : `${n} more runs`);

export const UI_TEXT = {
  rowFilter: "filter layers",
  rowFilterName: "Filter layers by regular expression",
  badFilter: "invalid regular expression: the last valid one stays in effect",
  metricTitle: (name: string, step: number) => `${name} at step ${step}`,
  layers: "Layers",
  splitter: "Width of the list of layers",
  splitterTitle: "Drag, or use the arrow keys: width of the list. Double click: default width",
  collapseAll: "Collapse all blocks",
  expandAll: "Expand all blocks",
  statistic: "Statistic",
  scale: "Scale",
  log: "log",
  linear: "linear",
  symlog: "symlog",
  symlogTitle: "Logarithmic on both sides of 0 and linear near it, for values of either sign",
  linearOff: "Factors are drawn on a logarithmic scale",
  auto: "auto",
  reset: "Reset",
  step: "step",
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
  svg: "SVG",
  svgTitle: "Download the whole drawing as an SVG file, which stays sharp at any size",
  drawing: "Drawing the picture…",
  reference: "reference",
  layerFact: (layer: string) => `layer ${layer}`,
  stepFact: (step: number) => `step ${step}`,
  stepsFact: (from: number, to: number) => `steps ${from} to ${to}`,
  cursorFact: (step: number) => `cursor at step ${step}`,
  scaleFact: (mode: string, lo: string, hi: string) => `${mode} scale from ${lo} to ${hi}`,
  firstLines: (n: number, all: number) => `the first ${n} of ${all} layers`,
  overSteps: (statistic: string) => `${lower(statistic)} over steps`,
  legend: "Legend",
  more: {
    left: (n: number) => `‹ ${n} more`,
    right: (n: number) => `${n} more ›`,
    above: (n: number) => `↑ ${n} more`,
    below: (n: number) => `↓ ${n} more`,
  },
  moreTitle: {
    left: (n: number) => `${runs(n)} to the left`,
    right: (n: number) => `${runs(n)} to the right`,
    above: (n: number) => `${runs(n)} above`,
    below: (n: number) => `${runs(n)} below`,
  },
  moreItems: {
    left: (n: number) => `${n} more to the left`,
    right: (n: number) => `${n} more to the right`,
  },
  exactZero: "exactly 0",
  nonfinite: "NaN, Inf",
  nan: "NaN",
  absent: "absent",
  pending: "pending",
  pendingValue: "…",
  statePending: "pending: not loaded yet",
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
  },
  health: {
    severity: { severe: "severe", warning: "warning", notice: "notice" },
    since: (layer: string, since: number) =>
      layer === "" ? `since step ${since}` : `${layer}, since step ${since}`,
  },
  loading: "Loading…",
  loadingRuns: (done: number, of: number) => `Loading… ${done} of ${of} runs`,
  missing: ({ run, tag, row, step, reason }: Missing) =>
    [run, row ?? tag, step == null ? null : `step ${step}`, reason].filter((part) => part != null).join(": "),
  unread: (n: number, first: string) =>
    n === 1 ? `1 item could not be read: ${first}` : `${n} items could not be read. ${first}`,
  andMore: (n: number) => `and ${n} more`,
  retry: "Retry",
  failed: (what: string) => `Could not load ${what}`,
  whatSeries: "the values",
  noneSelected: "No run selected",
  noneSelectedHelp: "Select one or more runs in the list on the left.",
  noLines: "No layer matches",
  noLinesHelp: "Change the filter.",
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
