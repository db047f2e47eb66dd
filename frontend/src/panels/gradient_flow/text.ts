import { lower } from "../../ui/text";

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
  mark: {
    toolbar: (run: string, n: number) =>
      `Marks of ${run} on the step axis: ${n}. Arrow left and right: next mark. Enter: move the cursor there.`,
    figure: { gradient_norm: "gradient norm", loss: "loss" } as Record<string, string>,
    at: (step: number) => `step ${step}`,
    between: (after: number, until: number) => `between the logged steps ${after} and ${until}`,
    before: (until: number) => `before the logged step ${until}`,
    logged: (step: number) => `at the logged step ${step}`,
    times: (ratio: string, usual: string) => `${ratio} times the usual maximum of a window, ${usual}`,
    why: (factor: number, reach: number) =>
      `Marked because it is at least ${factor} times the median of the ${reach} preceding and of the ${reach} following windows.`,
    badSteps: (n: number) =>
      n === 1 ? "NaN or Inf in the gradients of 1 step" : `NaN or Inf in the gradients of ${n} steps`,
    badElements: (n: string, until: number) => `${n} NaN or Inf elements in the window up to step ${until}`,
    skipped: (n: number) => (n === 1 ? "skipped by the GradScaler" : `${n} steps skipped by the GradScaler`),
    lossScale: (scale: string) => `loss scale ${scale}`,
    also: (figure: string, value: string) => `also ${figure} ${value}`,
    merged: (n: number, first: number, last: number) => `one of ${n} marks here, steps ${first} to ${last}`,
  },
  against: (statistic: string, ref: string) => `${statistic} against ${ref}`,
  isRef: "reference",
  band: "5–95 %",
  bandName: "Behind each curve: the 5th to the 95th percentile of each layer over the shown steps",
  bandBarred: "Percentiles are not available for gains and comparisons of runs with this many steps",
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
  noMoments: "Optimizers such as Adam have it.",
  noLinesHelp: "Change the filter or the shown parameters.",
  tree: "Layers in execution order",
  toggleBlock: (block: string, collapsed: boolean) => `${collapsed ? "Expand" : "Collapse"} ${block}`,
  stage: "Layers by steps, one heat map per run. Press ? for keyboard shortcuts.",
};
