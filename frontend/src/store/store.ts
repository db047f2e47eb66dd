import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { setFold } from "../derive/folds";
import { GAIN, sourceOf } from "../derive/gain";
import type { Overhead } from "../derive/overhead";
import { type Headline, headlines, runColour, runOrder, shortNames, shownRuns } from "../derive/runs";
import { sortKinds, sortStatistics } from "../derive/statistics";
import { nearest } from "../derive/steps";
import { DEFAULTS } from "../derive/url";
import type { Zoom } from "../derive/zoom";
import type { Row, RunInfo, RunSeries, ScalarSeries, ViewState } from "../types";
import { LOG_PREFIX } from "./constants";
import { drawn } from "./drawn";
import { Exact } from "./exact";
import { filtered } from "./filtered";
import type { Course, Hover, Loaded, Note } from "./shapes";

export type View = { readonly [K in keyof ViewState]: Signal<ViewState[K]> };

export type { Course, Hover, Loaded, Note } from "./shapes";

const FIRST_RUNS = 4;
const FIRST_LISTED = 40;
const SERIES_PANELS = ["gradient_flow"];

/** Everything that the page shows, as signals: what was loaded, what the user chose, and what follows of it. */
export class Store {
  readonly view: View = Object.fromEntries(
    Object.entries(DEFAULTS).map(([key, value]) => [key, signal(value)]),
  ) as unknown as View;

  /** Whether the list of keys lies over the page. */
  readonly keysListed = signal(false);
  /** True while a jump is under way. */
  jumping = false;
  /** What the arrow keys move in the panel that is open. */
  readonly course = signal<Course | null>(null);

  private readonly keys = new Map<string, Signal<string | null>>();
  private readonly asked = signal(0);
  /** What a link says beyond the shared view: keys of panels, which register them by asking. */
  private readonly others = signal<Readonly<Record<string, string>>>({});

  readonly dark = signal(false);
  readonly hover = signal<Hover | null>(null);
  readonly note = signal<Note | null>(null);
  /** Where the pointer is on the x axis that a panel's charts share. */
  readonly pointer = signal<number | null>(null);
  readonly runs = signal<RunInfo[] | null>(null);
  readonly runsError = signal<string | null>(null);
  readonly scalars = signal<ScalarSeries[]>([]);
  readonly loaded = signal<ReadonlyMap<string, Loaded>>(new Map());
  readonly seriesError = signal<string | null>(null);
  readonly loading = signal(false);
  /** Runs that have come, of those that were asked for; null when all are there. */
  readonly progress = signal<{ done: number; of: number } | null>(null);
  /** Runs whose lines of the list can be seen; null until it was laid out. */
  readonly listedInView = signal<readonly string[] | null>(null);
  /** Device pixels that a heat map has across; 0 until one was laid out. */
  readonly mapPixels = signal(0);
  readonly exact = new Exact();
  /** `nonfinite` and `count` of runs in which something is not finite, for the tooltips. */
  readonly nonfinite = signal<ReadonlyMap<string, RunSeries>>(new Map());

  /** Scalars that say what happened between logged steps, by run. */
  readonly windows = signal<ReadonlyMap<string, readonly ScalarSeries[]>>(new Map());
  /** Our own cost by run, where it is known. */
  readonly overheads = signal<ReadonlyMap<string, Overhead>>(new Map());
  readonly windowsError = signal<string | null>(null);

  readonly order = computed(() => runOrder(this.runs.value ?? []));
  readonly names = computed(() => [...this.order.value.keys()]);
  readonly selected = computed(() => {
    const chosen = this.view.runs.value;
    if (chosen === null) return this.names.value.slice(0, FIRST_RUNS);
    return chosen.filter((run) => this.order.value.has(run));
  });
  readonly ref = computed(() => {
    const wanted = this.view.ref.value;
    const selected = this.selected.value;
    if (wanted !== null && selected.includes(wanted)) return wanted;
    return this.names.value.find((run) => selected.includes(run)) ?? null;
  });
  readonly shown = computed(() => shownRuns(this.selected.value, this.ref.value, this.order.value));
  /** Runs of which anything can be seen. */
  readonly visible = computed(() => {
    const listed = this.listedInView.value ?? this.names.value.slice(0, FIRST_LISTED);
    return [...new Set([...this.shown.value, ...listed])].filter((run) => this.order.value.has(run));
  });
  readonly shortNames = computed(() => shortNames(this.shown.value));
  readonly headlines: ReadonlySignal<Map<string, Headline>> = computed(() =>
    headlines(this.scalars.value, LOG_PREFIX),
  );
  readonly listed = filtered(this.view.runFilter, this.names, (name) => name);

  /** Statistics at hand in any run, by kind, in the order of the select. */
  readonly statistics = computed(() => {
    const byKind = new Map<string, Set<string>>();
    for (const { kinds } of this.runs.value ?? []) {
      for (const [kind, names] of Object.entries(kinds)) {
        const set = byKind.get(kind) ?? new Set();
        for (const name of names ?? []) set.add(name);
        if (kind === GAIN.kind && set.has(GAIN.source)) set.add(GAIN.statistic);
        byKind.set(kind, set);
      }
    }
    return sortKinds([...byKind.keys()]).map((kind) => ({
      kind,
      names: sortStatistics([...byKind.get(kind)!]),
    }));
  });
  readonly kind = computed(() => this.choice.value?.kind ?? "gradient");
  readonly statistic = computed(() => this.choice.value?.statistic ?? "norm");
  private readonly choice = computed(() => {
    const groups = this.statistics.value;
    const group = groups.find(({ kind }) => kind === this.view.kind.value) ?? groups[0];
    if (!group) return null;
    const wanted = this.view.statistic.value;
    const statistic = wanted !== null && group.names.includes(wanted) ? wanted : group.names[0];
    return { kind: group.kind, statistic };
  });

  /** What the server is asked for: some statistics are derived here, of others. */
  readonly source = computed(() => sourceOf(this.kind.value, this.statistic.value));

  /** Whether the panel that is open shows the statistic of all rows: for the others it is not fetched. */
  readonly usesSeries = computed(() => SERIES_PANELS.includes(this.view.panel.value ?? SERIES_PANELS[0]));

  /** What follows of all that for the picture. */
  readonly flow = drawn(this);
  readonly series = this.flow.series;
  readonly union = this.flow.union;
  readonly roles = this.flow.roles;
  readonly role = this.flow.role;
  readonly filteredRows = this.flow.filteredRows;
  readonly lines = this.flow.lines;
  readonly grids = this.flow.grids;
  readonly gridOf = this.flow.gridOf;
  readonly gridsAtStep = this.flow.gridsAtStep;
  readonly gridsOfLine = this.flow.gridsOfLine;
  readonly mode = this.flow.mode;
  readonly scale = this.flow.scale;
  readonly labels = this.flow.labels;
  readonly thresholds = this.flow.thresholds;
  readonly steps = this.flow.steps;
  readonly domain = this.flow.domain;
  readonly step = this.flow.step;
  readonly line = this.flow.line;
  readonly marks = this.flow.marks;
  readonly markKinds = this.flow.markKinds;
  readonly windowCount = this.flow.windowCount;

  colour(run: string): string {
    return runColour(this.order.value.get(run) ?? 0, this.dark.value);
  }

  rowOf(line: number): Row | null {
    const one = this.lines.value[line];
    return one?.type === "row" ? this.union.value.rows[one.rows[0]] : null;
  }

  moveTo(line: number | null, step: number | null): void {
    batch(() => {
      const target = line === null ? null : this.lines.value[line];
      if (target && target.type !== "header") this.view.row.value = target.key;
      if (step !== null) this.view.step.value = step;
    });
  }

  /** To the next logged step of any shown run. */
  moveStep(by: number): void {
    const steps = this.steps.value;
    if (steps.length === 0) return;
    const at = nearest(steps, this.step.value);
    this.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
  }

  moveLine(by: number): void {
    const lines = this.lines.value;
    for (let line = this.line.value + by; line >= 0 && line < lines.length; line += by) {
      if (lines[line].type === "header") continue;
      this.moveTo(line, null);
      return;
    }
  }

  toggleBlock(key: string): void {
    const line = this.lines.value.find((one) => one.key === key);
    if (line)
      this.view.collapsed.value = setFold(this.flow.folds.value, key, line.depth, line.type === "header");
  }

  setCollapsed(all: boolean): void {
    this.view.collapsed.value = all ? ["@0"] : [];
  }

  /** Null: all steps. */
  zoomTo(zoom: Zoom | null): void {
    batch(() => {
      this.flow.keys.from.value = zoom && String(zoom[0]);
      this.flow.keys.to.value = zoom && String(zoom[1]);
    });
  }

  compare(on: boolean): void {
    batch(() => {
      this.flow.keys.against.value = on ? "ref" : null;
      // A range that was set for values says nothing about differences.
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }

  toggleRun(run: string): void {
    const now = this.selected.value;
    const next = now.includes(run) ? now.filter((one) => one !== run) : [...now, run];
    batch(() => {
      // A reference that was only implied must not jump to a run that is added.
      if (this.view.ref.value === null && now.length > 0 && next.includes(this.ref.value!)) {
        this.view.ref.value = this.ref.value;
      }
      this.view.runs.value = next;
    });
  }

  setRef(run: string): void {
    batch(() => {
      if (!this.selected.value.includes(run)) this.view.runs.value = [...this.selected.value, run];
      this.view.ref.value = run;
    });
  }

  selectListed(on: boolean): void {
    const listed = this.listed.items.value;
    const others = this.selected.value.filter((run) => !listed.includes(run));
    this.view.runs.value = on ? [...others, ...listed] : others;
  }

  choose(kind: string, statistic: string): void {
    batch(() => {
      this.view.kind.value = kind;
      this.view.statistic.value = statistic;
      // A range that was set for norms says nothing about fractions.
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }

  /**
   * A panel's own part of the address, such as `act.sample`: null where it is at its default.
   *
   *     const sample = Number(store.key("act.sample").value ?? 0);
   */
  key(name: string): Signal<string | null> {
    if (name in this.view) throw new Error(`invalid key: ${name} is of the shared view`);
    let one = this.keys.get(name);
    if (!one) {
      one = signal(this.others.peek()[name] ?? null);
      this.keys.set(name, one);
      this.asked.value = this.keys.size;
    }
    return one;
  }

  /** All keys of panels that are not at their default; those of panels that were not opened stay as they came. */
  panelKeys(): Record<string, string> {
    const result: Record<string, string> = { ...this.others.value };
    // A panel that is opened later asks for its keys later: who writes them down must hear of that.
    void this.asked.value;
    for (const [name, { value }] of this.keys) {
      if (value === null) delete result[name];
      else result[name] = value;
    }
    return result;
  }

  setPanelKeys(keys: Readonly<Record<string, string>>): void {
    batch(() => {
      this.others.value = keys;
      for (const [name, one] of this.keys) one.value = keys[name] ?? null;
    });
  }

  /** A change that the back button undoes, whatever it changes: a finding's "Show" leads elsewhere. */
  jump(change: () => void): void {
    this.jumping = true;
    try {
      batch(change);
    } finally {
      this.jumping = false;
    }
  }

  state(): ViewState {
    return Object.fromEntries(
      Object.entries(this.view).map(([key, one]) => [key, one.value]),
    ) as unknown as ViewState;
  }

  setState(state: ViewState): void {
    batch(() => {
      for (const [key, value] of Object.entries(state))
        (this.view as Record<string, Signal<unknown>>)[key].value = value;
    });
  }
}
