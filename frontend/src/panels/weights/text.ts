/** Names of one row or column, and of several, by axis. */
const LINE = { row: "row", column: "column", out: "output channel", in: "input channel" };
const LINES = { row: "rows", column: "columns", out: "output channels", in: "input channels" };
const LINE_NAMES = new Map(Object.entries(LINE));
const LINES_NAMES = new Map(Object.entries(LINES));

/** Texts of the Weights panel. */
export const TEXT = {
  title: "Weights",
  what: "the weights",
  whatTracks: "the single weights",
  emptyTitle: "No weights yet",
  emptyHelp:
    "The shown runs have no weight maps. By default, they are logged every 500 steps, starting at step 0. Use a smaller number for short runs. tracked_weights selects the single weights that are logged at every logged step, by default the first ten of each layer.",
  emptyCode: "tb_nnviz.watch(model, optimizer, logdir=..., weights_every=100, tracked_weights=10)",
  show: "Values to show",
  minus: {
    none: "weights",
    ref: "− reference",
    first: "− first",
  },
  minusTitle: {
    none: "The weights themselves",
    ref: "Difference from the reference run at the nearest step",
    first: "Difference from the first kept step",
  },
  reduction: { mean: "mean", min: "min", max: "max" },
  minusFact: {
    none: () => "",
    ref: (ref: string) => `minus ${ref}`,
    first: () => "minus the first kept step",
  },
  shapeFact: (shape: string) => `shape ${shape}`,
  reductionFact: (reduction: string) => `${reduction} of each tile`,
  reductionName: "Value of a tile",
  reductionTitle: "If a cell contains several weights, show their mean, minimum or maximum",
  reductionOff: "Differences are available for means only",
  range: "Range",
  rangeLayer: "layer",
  rangeHelp:
    "Colours span from minus this value to plus this value, for all runs. If empty, the range fits the layer at all steps. Values beyond it are marked as clipped.",
  rangeField: "up to ±",
  column: (run: string, name: string, step: number) => `${name} of ${run} at step ${step}`,
  at: (step: number) => `step ${step}`,
  unlike: "shape differs from the reference",
  isReference: "the reference",
  noMap: "no map of this layer",
  noTracks: "no single weights of this layer",
  weight: (name: string, where: string) => `${name}[${where}]`,
  tile: (n: number) => `tile of ${n} weights`,
  three: (mean: string, min: string, max: string) => `mean ${mean} · min ${min} · max ${max}`,
  steps: (size: string) => `stored in steps of ${size}`,
  differs: (size: string) => `differences below ${size} are shown as 0`,
  other: (run: string, value: string) => `${run}: ${value}`,
  norms: (row: string, column: string) => `Bars: norm of each ${row} (right) and ${column} (below)`,
  line: LINE,
  lineOf: (axis: string) => LINE_NAMES.get(axis) ?? axis,
  lines: LINES,
  linesOf: (axis: string) => LINES_NAMES.get(axis) ?? axis,
  zeroLines: (n: number, isLowerBound: boolean, lines: string) =>
    `${isLowerBound ? "at least " : ""}${n} ${lines} all 0`,
  large: (line: string, name: string, times: string) => `${line} ${name}: ${times} × the median norm`,
  unchanged: (n: number, all: number, what: string) => `${n} of ${all} ${what} unchanged`,
  kernels: "kernels",
  nonfinite: (n: number) => `${n} NaN or Inf`,
  kept: (parts: string) => `shown: ${parts}`,
  keptOf: (kept: number, size: number, lines: string) => `${kept} of ${size} ${lines}`,
  tiles: (high: number, wide: number) => `tiles of ${high} × ${wide}`,
  zeroDifference: "no difference",
  tracks: "Single weights",
  tracksCut: (lo: string, hi: string) => `clipped at ${lo} and ${hi}`,
  each: "each run",
  tracksView: "Single weights: one chart per run, or one weight in all runs",
  tracksName: (run: string, name: string) => `Single weights of ${name} in ${run}, over steps`,
  tracksAll: (name: string) => `${name} over steps, all runs`,
  shown: "Weights of this layer, one map per run",
};
