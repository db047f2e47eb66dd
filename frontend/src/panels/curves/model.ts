import { GLOBAL_PREFIX, LOG_PREFIX, NNVIZ_PREFIX, WINDOW_PREFIX } from "../../lib/tags";
/** Scalars of one run under one tag, as `POST scalars` answers them. */
export interface ScalarCurve {
  run: string;
  tag: string;
  steps: Float64Array;
  wall_times: Float64Array;
  values: Float32Array;
}

/** How a line of a chart is drawn, whatever its run: each has a dash of its own. */
export type Part = "train" | "validation" | "test" | number;

export interface ChartTag {
  tag: string;
  part: Part;
  /** What tells it from the chart's other lines; empty where it is the only one. */
  label: string;
}

export interface ScalarChart {
  /** Stable in links. */
  id: string;
  title: string;
  section: Section;
  tags: ChartTag[];
}

const SECTIONS = ["logged", "optimization", "window", "own"] as const;
/** Figures that the user logs by `monitor.log`, ours, those between logged steps, and the user's other scalars. */
type Section = (typeof SECTIONS)[number];

const RATE = `${GLOBAL_PREFIX}learning_rate/`;

/** Ours that stand in one chart, and charts that are not worth one. */
const TOGETHER: Record<string, [chart: string, part: Part]> = {
  [`${GLOBAL_PREFIX}gradient_norm`]: ["gradient_norm", 0],
  [`${GLOBAL_PREFIX}gradient_norm_before_clipping`]: ["gradient_norm", 1],
  [`${GLOBAL_PREFIX}clip_factor`]: ["clipping", 0],
  [`${GLOBAL_PREFIX}clip_rate`]: ["clipping", 1],
  [`${WINDOW_PREFIX}nonfinite_steps`]: ["window_nonfinite", 0],
};
const HIDDEN = new RegExp(`^${WINDOW_PREFIX}(steps|nonfinite|.*_step)$`);
/** Charts that come first, in this order. */
const FIRST = ["loss", "accuracy", "learning_rate", "gradient_norm", "clipping", "loss_scale", "skipped"];
const LAST = ["overhead_seconds"];

const PARTS: [RegExp, Part][] = [
  [/^(val|valid|validation|eval|dev)([_/]|$)/i, "validation"],
  [/^test([_/]|$)/i, "test"],
  [/^train(ing)?([_/]|$)/i, "train"],
];

/** `val_loss`, `eval/loss`, `loss/val` are parts of `loss`. */
export function partOf(name: string): { base: string; part: Part } {
  const segments = name.split("/");
  for (const at of [segments.length - 1, 0]) {
    for (const [pattern, part] of PARTS) {
      const found = segments[at].match(pattern);
      if (!found) continue;
      const rest = segments[at].slice(found[0].length);
      const left =
        rest === "" ? segments.filter((_, i) => i !== at) : segments.map((one, i) => (i === at ? rest : one));
      if (left.length > 0) return { base: left.join("/"), part };
    }
  }
  return { base: name, part: "train" };
}

/** Which charts there are for these tags, and which lines each has; `label` names a part of a chart in words. */
export function scalarCharts(
  tags: readonly string[],
  words: { title: (id: string) => string; label: (id: string, part: Part, tag: string) => string },
): ScalarChart[] {
  const charts = new Map<string, ScalarChart>();
  const add = (id: string, section: Section, tag: string, part: Part) => {
    const chart = charts.get(id) ?? { id, title: words.title(id), section, tags: [] };
    chart.tags.push({ tag, part, label: "" });
    charts.set(id, chart);
  };
  const rates = tags.filter((tag) => tag.startsWith(RATE)).sort();
  for (const tag of [...new Set(tags)].sort()) {
    if (HIDDEN.test(tag)) continue;
    const together = TOGETHER[tag];
    if (together)
      add(together[0], tag.startsWith(WINDOW_PREFIX) ? "window" : "optimization", tag, together[1]);
    else if (tag.startsWith(RATE)) add("learning_rate", "optimization", tag, rates.indexOf(tag));
    else if (tag.startsWith(GLOBAL_PREFIX))
      add(tag.slice(GLOBAL_PREFIX.length), "optimization", tag, "train");
    else if (tag.startsWith(WINDOW_PREFIX))
      add(`window_${tag.slice(WINDOW_PREFIX.length)}`, "window", tag, "train");
    else if (tag.startsWith(NNVIZ_PREFIX) && !tag.startsWith(LOG_PREFIX)) add(tag, "own", tag, "train");
    else {
      const own = !tag.startsWith(LOG_PREFIX);
      const { base, part } = partOf(own ? tag : tag.slice(LOG_PREFIX.length));
      // A tag of the user's own may bear the name of one of our charts.
      add(own ? `own:${base}` : base, own ? "own" : "logged", tag, part);
    }
  }
  const place = ({ id, section }: ScalarChart) => {
    const first = FIRST.indexOf(id);
    const usual = first >= 0 ? first : LAST.includes(id) ? 1000 : 100;
    return (section === "own" ? 400 : section === "window" ? 300 : section === "logged" ? 0 : 200) + usual;
  };
  const top = (chart: ScalarChart) =>
    FIRST.slice(0, 4).includes(chart.id) ? FIRST.indexOf(chart.id) - 10 : place(chart);
  for (const chart of charts.values()) {
    chart.tags.sort((a, b) => orderOf(a.part) - orderOf(b.part) || a.tag.localeCompare(b.tag));
    if (chart.tags.length > 1 || ["validation", "test"].includes(String(chart.tags[0].part)))
      for (const one of chart.tags) one.label = words.label(chart.id, one.part, one.tag);
  }
  return [...charts.values()].sort((a, b) => top(a) - top(b) || a.title.localeCompare(b.title));
}

const orderOf = (part: Part) =>
  typeof part === "number" ? part : ["train", "validation", "test"].indexOf(part);
