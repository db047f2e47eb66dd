import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { GAIN, sourceOf } from "../lib/gain";
import { sortKinds, sortStatistics } from "../lib/statistics";
import { LOG_PREFIX } from "../lib/tags";
import type { RunInfo, RunSeries, ScalarSeries, ViewState } from "../lib/types";
import { DEFAULTS } from "../lib/url";
import { filtered } from "./filtered";
import type { Overhead } from "./overhead";
import { type Headline, headlines, runColour, runOrder, shortNames, shownRuns } from "./runs";
import type { Hover, KeyboardNav, Loaded, TooltipContent } from "./shapes";

export type View = { readonly [K in keyof ViewState]: Signal<ViewState[K]> };

const FIRST_RUNS = 4;
const FIRST_LISTED = 40;
const SERIES_PANELS = ["gradient_flow"];

/** The state that panels share, as signals: what was loaded and what the user chose. */
export class SharedState {
  readonly view: View = Object.fromEntries(
    Object.entries(DEFAULTS).map(([key, value]) => [key, signal(value)]),
  ) as unknown as View;

  /** Whether the list of keys lies over the page. */
  readonly keysListed = signal(false);
  /** True while a jump is under way. */
  jumping = false;
  /** What the arrow keys move in the panel that is open. */
  readonly keyboardNav = signal<KeyboardNav | null>(null);

  private readonly keys = new Map<string, Signal<string | null>>();
  private readonly asked = signal(0);
  /** What a link says beyond the shared view: keys of panels, which register them by asking. */
  private readonly others = signal<Readonly<Record<string, string>>>({});

  readonly dark = signal(false);
  readonly hover = signal<Hover | null>(null);
  readonly tooltip = signal<TooltipContent | null>(null);
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

  colour(run: string): string {
    return runColour(this.order.value.get(run) ?? 0, this.dark.value);
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
