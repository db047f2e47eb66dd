import type { Part } from "./layout_value_axis";

/** Texts of the Distributions panel. */
export const TEXT = {
  title: "Distributions",
  kind: "Kind of the histograms",
  stock: "add_histogram",
  stockTitle: "Histograms that you log with add_histogram, as kept by TensorBoard",
  view: "View",
  views: { ridges: "Ridgeline", map: "Heat map", layers: "All layers" },
  viewHelp: {
    ridges: "One histogram per step, the newest in front",
    map: "Values over steps, with density as colour and quantiles as lines",
    layers: "All layers at the cursor's step",
  },
  height: "Height and colour",
  shared: "shared",
  sharedHelp: "One density scale for all runs and steps",
  perStep: "per step",
  perStepHelp: "Each histogram is scaled to its own highest density: compare shapes, not heights",
  overlay: "outline",
  overlays: { ref: "reference run", first: "first step", none: "none" },
  overlayHelp: "Histogram to draw as an outline over each run's histogram at the cursor's step",
  outlineRef: (run: string, step: number) => `outline: ${run}, step ${step}`,
  outlineFirst: (step: number) => `outline: step ${step}`,
  at: (step: number) => `step ${step}`,
  values: "values",
  whole: "all",
  valuesHelp:
    "Ends of the value axis, rounded to bins. Values outside are shown as separate strips. You can also drag across a plot to zoom. A double click shows all values.",
  from: "from",
  to: "to",
  heightFact: (own: boolean) => (own ? "height per step" : "height shared"),
  valuesFact: (from: string | null, to: string | null) =>
    from === null && to === null
      ? "all values"
      : `values from ${from ?? "the smallest"} to ${to ?? "the largest"}`,
  overlayFact: (name: string) => `outline: ${name}`,
  perDecade: "share per decade",
  heightHelp:
    "Height and colour show density: the share of a histogram's elements in a bin, divided by the bin's width in decades. Strips show shares: a full strip contains all elements.",
  heightOf: (peak: string) => `full height: ${peak} of the elements per decade`,
  nearNote: (floor: string) => `narrow strips beside 0: magnitudes below ${floor}`,
  absent: "no histogram at this step",
  noRow: (row: string) => `no ${row} in this run`,
  noKind: (kind: string) => `no histograms of kind ${kind.toLowerCase()} in this run`,
  fromStock: "from TensorBoard",
  stockHelp:
    "From a TensorBoard histogram, whose buckets are distributed over finer bins. It lacks the number of NaN and infinities.",
  unknown: "some",
  unknownHelp: "The tensor has NaN or infinities. A TensorBoard histogram lacks their number.",
  part: (part: Part, from: number, to: number, floor: number, exact: (value: number) => string) => {
    switch (part) {
      case "nan":
        return "NaN";
      case "negative_infinity":
        return "−Inf";
      case "positive_infinity":
        return "+Inf";
      case "below":
        return `x ${from < 0 ? "≤" : "<"} ${exact(from)}`;
      case "above":
        return `x ${to > 0 ? "≥" : ">"} ${exact(to)}`;
      case "zero":
        return "exactly 0";
      case "near_negative":
        return `−${exact(floor)} < x < 0`;
      case "near_positive":
        return `0 < x < ${exact(floor)}`;
      default:
        return part;
    }
  },
  partLabel: {
    nan: "NaN",
    negative_infinity: "−Inf",
    positive_infinity: "Inf",
    below: "<",
    above: "≥",
    zero: "0",
    near_negative: "",
    near_positive: "",
    negative: "",
    positive: "",
  },
  partName: {
    nan: "NaN",
    negative_infinity: "−Inf",
    positive_infinity: "+Inf",
    below: "below the axis",
    above: "above the axis",
    zero: "exactly 0",
    near: "between 0 and the axis",
  },
  bin: (low: string, high: string) => `${low} ≤ x < ${high}`,
  negativeBin: (low: string, high: string) => `${low} < x ≤ ${high}`,
  elements: (n: string) => (n === "1" ? "1 element" : `${n} elements`),
  share: (share: string, total: string) => `${share} of ${total}`,
  density: (share: string) => `${share} per decade`,
  readout: ["p5", "p25", "median", "p75", "p95", "zero", "NaN, Inf", "elements"],
  readoutHelp: [
    "5 % of the elements are at most this",
    "25 % of the elements are at most this",
    "Half of the elements are at most this",
    "75 % of the elements are at most this",
    "95 % of the elements are at most this",
    "Share that is exactly 0",
    "Share that is NaN or infinite",
    "Number of elements of this histogram",
  ],
  quantileHelp:
    "Quantiles are of all elements except NaN. They are interpolated within a bin, whose width is at most 25 %.",
  plot: (run: string, row: string, kind: string) => `${kind} histograms of ${row} in ${run} over steps`,
  slice: (run: string, row: string, step: number) => `Histogram of ${row} in ${run} at step ${step}`,
  layersOf: (run: string, step: number) => `Histograms of all layers of ${run} at step ${step}`,
  openLayer: "Click: show this layer over steps",
  thinned: (kept: number, all: number) => `${kept} of ${all} steps drawn`,
  legendMedian: "median",
  legendQuarters: "p25, p75",
  legendTails: "p5, p95",
  emptyTitle: "No histograms in these runs",
  emptyHelp:
    "By default, histograms are logged at every 100th step. histograms_every sets the interval, None turns them off.",
  emptyCode: "with tb_nnviz.watch(model, optimizer, logdir=..., histograms_every=100) as monitor:",
  what: "the histograms",
};
