import { chartOf, RATE_PREFIX, SHARED_CHARTS } from "../../lib/scalar_charts";
import { type Part, partOf } from "../../lib/scalar_parts";
import { GLOBAL_PREFIX, LOG_PREFIX, NNVIZ_PREFIX, WINDOW_PREFIX } from "../../lib/tags";

export interface ChartTag {
  tag: string;
  part: Part;
  /** Label that distinguishes it from the chart's other lines. Empty if it is the only one. */
  label: string;
}

export interface ScalarChart {
  /** Links contain it, so it must not change. */
  id: string;
  title: string;
  section: Section;
  tags: ChartTag[];
}

const SECTIONS = ["logged", "optimization", "window", "own"] as const;
/**
 * Sections: scalars logged with `monitor.log`, nnviz's scalars, nnviz's scalars between logged steps, and other
 * scalars of the user.
 */
type Section = (typeof SECTIONS)[number];

const HIDDEN = new RegExp(`^${WINDOW_PREFIX}(steps|nonfinite|.*_step)$`);
/** Charts that come first, in this order. */
const FIRST = [
  "loss",
  "accuracy",
  "learning_rate",
  "gradient_norm",
  "clipping",
  "loss_scale",
  "skipped",
  "stale_gradient",
];
const LAST = ["overhead_seconds"];

/** Return the charts for these tags with their lines. `words` provides titles and labels. */
export function scalarCharts(
  tags: readonly string[],
  words: { title: (id: string) => string; label: (id: string, part: Part, tag: string) => string },
): ScalarChart[] {
  const charts = new Map<string, ScalarChart>();
  const add = (section: Section, tag: string, part: Part) => {
    const id = chartOf(tag);
    const chart = charts.get(id) ?? { id, title: words.title(id), section, tags: [] };
    chart.tags.push({ tag, part, label: "" });
    charts.set(id, chart);
  };
  const rates = tags.filter((tag) => tag.startsWith(RATE_PREFIX)).sort();
  for (const tag of [...new Set(tags)].sort()) {
    if (HIDDEN.test(tag)) continue;
    const shared = SHARED_CHARTS.get(tag);
    if (shared) add(tag.startsWith(WINDOW_PREFIX) ? "window" : "optimization", tag, shared[1]);
    else if (tag.startsWith(RATE_PREFIX)) add("optimization", tag, rates.indexOf(tag));
    else if (tag.startsWith(GLOBAL_PREFIX)) add("optimization", tag, "train");
    else if (tag.startsWith(WINDOW_PREFIX)) add("window", tag, "train");
    else if (tag.startsWith(NNVIZ_PREFIX) && !tag.startsWith(LOG_PREFIX)) add("own", tag, "train");
    else {
      const own = !tag.startsWith(LOG_PREFIX);
      add(own ? "own" : "logged", tag, partOf(own ? tag : tag.slice(LOG_PREFIX.length)).part);
    }
  }
  const place = ({ id, section }: ScalarChart) => {
    const first = FIRST.indexOf(id);
    const position = first >= 0 ? first : LAST.includes(id) ? 1000 : 100;
    return (section === "own" ? 400 : section === "window" ? 300 : section === "logged" ? 0 : 200) + position;
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
