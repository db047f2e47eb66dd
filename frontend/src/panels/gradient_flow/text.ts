import { lower } from "../../ui/text";

const AGGREGATES = new Map(
  Object.entries({
    root_sum_squares: "root of the sum of squares",
    root_mean_square: "root of the mean square of all elements",
    min: "minimum",
    max: "maximum",
    sum: "sum",
    mean: "mean",
  }),
);

/** Texts of the Gradient flow panel. */
export const TEXT = {
  title: "Gradient flow",
  rowFilterShort: "filter",
  blockRows: (n: number) => `${n} rows`,
  columnsStandIn: "Each column shows the largest value of its steps until all steps have loaded",
  csvEvery:
    "Download every logged value of the shown layers and steps as a CSV file, including steps that share a column here",
  profileAt: (step: number) => `Profile at step ${step}`,
  profileName: "Depth profile: value of each layer at the cursor's step",
  heatmapName: (run: string, statistic: string) => `Heat map of ${run}: ${statistic}, layers by steps`,
  seriesName: (row: string) => `${row} over steps`,
  axisStep: "step",
  factors: "factor",
  thresholdFact: (vanishing: string, exploding: string) => `thresholds ${vanishing} and ${exploding}`,
  filterFact: (filter: string) => `layers that match ${filter}`,
  mark: {
    legend: {
      finding: "finding",
      peak: "peak",
      nonfinite: "unlogged NaN, Inf",
      skipped: "skipped step",
    },
    help: {
      finding: () =>
        "A rule's finding, at the step at which it began. The layers that severe findings and warnings name are outlined from that step on.",
      peak: (factor: number, spreads: number, reach: number) =>
        `A window is the steps from one logged step to the next. A window's highest gradient norm or loss is marked if it is at least ${factor} times the median of the ${reach} preceding and of the ${reach} following windows, and ${spreads} times their spread above it.`,
      nonfinite: () => "Gradients or the loss had NaN or Inf at steps that were not logged.",
      skipped: () => "The GradScaler found NaN or Inf in the gradients and skipped the optimizer's step.",
    },
    sampled: (kept: number, written: number) => `${kept} of about ${written} windows kept`,
    sampledHelp:
      "TensorBoard keeps a sample of long scalar series. To see every window, start it with --samples_per_plugin=scalars=0",
    toolbar: (run: string, n: number) =>
      `Marks of ${run} on the step axis: ${n}. Arrow left and right: next mark. Enter: move the cursor there.`,
    quantity: { gradient_norm: "gradient norm", loss: "loss" },
    at: (step: number) => `step ${step}`,
    between: (after: number, until: number) => `between the logged steps ${after} and ${until}`,
    before: (until: number) => `before the logged step ${until}`,
    logged: (step: number) => `at the logged step ${step}`,
    times: (ratio: string, usual: string) => `${ratio} times the median of nearby windows, ${usual}`,
    why: (factor: number, reach: number) =>
      `Marked because it is at least ${factor} times the median of the ${reach} preceding and of the ${reach} following windows.`,
    badSteps: (n: number) =>
      n === 1 ? "NaN or Inf in the gradients of 1 step" : `NaN or Inf in the gradients of ${n} steps`,
    badElements: (n: string, until: number) => `${n} NaN or Inf elements in the window up to step ${until}`,
    skipped: (n: number) => (n === 1 ? "skipped by the GradScaler" : `${n} steps skipped by the GradScaler`),
    lossScale: (scale: string) => `loss scale ${scale}`,
    also: (quantity: string, value: string) => `also ${quantity} ${value}`,
    merged: (n: number, first: number, last: number) => `one of ${n} marks here, steps ${first} to ${last}`,
  },
  against: (statistic: string, ref: string) => `${statistic} against ${ref}`,
  isRef: "reference",
  band: "5–95 %",
  bandName: "Behind each curve: the 5th to the 95th percentile of each layer over the shown steps",
  bandUnavailable: "Percentiles are not available for gains and comparisons of runs with this many steps",
  order: "Order of layers",
  orderTitle: (step: number | null, ref: string) =>
    step === null
      ? "Order of layers"
      : `Order of layers: by the values of ${ref} at step ${step}, largest first`,
  byDepth: "depth",
  byName: "name",
  byValue: (step: number) => `value, step ${step}`,
  zoomed: (from: number, to: number) => `steps ${from} – ${to}`,
  zoomReset: "Show all steps",
  whatMarks: "the marks of events between logged steps",
  noData: (statistic: string) => `no ${lower(statistic)} in this run`,
  noMoments: "Optimizers such as Adam provide it.",
  noLinesHelp: "Change the filter or the shown parameters.",
  tree: "Layers in execution order",
  toggleBlock: (block: string, collapsed: boolean) => `${collapsed ? "Expand" : "Collapse"} ${block}`,
  stage: "Layers by steps, one heat map per run. Press ? for keyboard shortcuts.",
  role: "Parameters shown",
  of: "of",
  thresholds: "thresholds",
  thresholdsHelp: "Gradient norms beyond these thresholds are marked in the profile and in the curves.",
  vanishing: "vanishing",
  exploding: "exploding",
  range: "range",
  rangeHelp:
    "Ends of the colour scale. If empty: 1st to 99th percentile of the shown values, rounded outward.",
  rangeLow: "from",
  rangeHigh: "to",
  steps: (from: number, to: number, count: number) =>
    count === 1 ? `step ${from}` : `steps ${from} to ${to}, ${count} logged`,
  atStep: (step: number) => `at step ${step}`,
  columnSummary: (min: string, mean: string, max: string) => `min ${min}, mean ${mean}, max ${max}`,
  ofColumns:
    "aggregated from the largest value of each row in these steps; the value at the cursor's step is exact",
  absentOrUndefined: "absent or undefined",
  undefinedValue: "undefined",
  nonfiniteOf: (bad: string, all: string) => `${bad} of ${all} elements are NaN or Inf`,
  ofElements: (bad: string, all: string) => `${bad} of ${all}`,
  nonfiniteSteps: (n: number, of: number) => `NaN or Inf at ${n} of ${of} logged steps`,
  nonfiniteMost: (step: number, elements: string, n: number) =>
    n === 1 ? `, step ${step}: ${elements} elements` : `, most at step ${step}: ${elements} elements`,
  finiteElements: "NaN or Inf, although all elements are finite",
  nonfiniteCount: (bad: string) => `${bad} elements are NaN or Inf`,
  aggregated: (aggregate: string, n: number) => `${AGGREGATES.get(aggregate) ?? aggregate} of ${n} rows`,
  elements: (n: string) => `${n} elements`,
  compare: "Values or differences",
  value: "value",
  versus: (ref: string) => `vs ${ref}`,
  valueTitle: "Each run's own values",
  versusTitle: (ref: string) =>
    `Every run compared with ${ref} at its nearest step: the ratio, or the difference for signed values and fractions`,
  versusOff: "Select another run to compare with",
  ratioTo: (ref: string) => `ratio to ${ref}`,
  differenceTo: (ref: string) => `difference from ${ref}`,
  equalTo: (value: string, ref: string) => `${value} = ${ref}`,
  own: (ref: string) => `Values of ${ref}`,
  at: (run: string, step: number) => `${run}, step ${step}`,
  far: "these steps are further apart than half a logging interval",
  farChip: "steps far apart",
  outline: "layers of findings",
  outlineTitle:
    "Layers that severe findings and warnings name, outlined from the step on at which the finding began",
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
};
