import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { sourceOf } from "../lib/gain";
import { hasThresholds, isFraction } from "../lib/statistics";
import { LOG_PREFIX } from "../lib/tags";
import type { Row, RunInfo, ScalarSeries, ScaleMode, Thresholds, ViewState } from "../lib/types";
import { DEFAULTS } from "../lib/url";
import type { KeyboardNav, TooltipContent } from "./content";
import { filtered } from "./filtered";
import type { Overhead } from "./overhead";
import { type Headline, headlines, runColour, runOrder, shortNames, shownRuns, statisticsOf } from "./runs";

export type { KeyboardNav, TooltipContent } from "./content";
export type View = { readonly [K in keyof ViewState]: Signal<ViewState[K]> };

const FIRST_RUNS = 4;
const FIRST_LISTED = 40;

/** The state that panels share: runs, the user's choices, and values derived from both. */
export class Store {
  readonly view: View = Object.fromEntries(
    Object.entries(DEFAULTS).map(([key, value]) => [key, signal(value)]),
  ) as unknown as View;
  private readonly keys = new Map<string, Signal<string | null>>();
  private readonly keyCount = signal(0);
  /** URL keys that no panel has requested yet. */
  private readonly otherKeys = signal<Readonly<Record<string, string>>>({});
  /** True during `jump`. */
  jumping = false;

  readonly dark = signal(false);
  /** True while a picture is drawn. All content is then in the document, also what is scrolled out of view. */
  readonly printing = signal(false);
  /** True while the list of keyboard shortcuts is shown. */
  readonly keysListed = signal(false);
  /** Target of the arrow keys; null if the open panel has nothing to move. */
  readonly keyboardNav = signal<KeyboardNav | null>(null);
  readonly tooltip = signal<TooltipContent | null>(null);
  /** Position of the pointer on the x axis that the charts of a panel share. */
  readonly pointer = signal<number | null>(null);

  readonly runs = signal<RunInfo[] | null>(null);
  readonly runsError = signal<string | null>(null);
  /** True while a reload replaces the list of runs. */
  replacingRuns = false;
  readonly scalars = signal<readonly ScalarSeries[]>([]);
  /** Cost of nnviz by run, if it is known. */
  readonly overheads = signal<ReadonlyMap<string, Overhead>>(new Map());
  /** Runs in the visible part of the list; null before its first layout. */
  readonly listedInView = signal<readonly string[] | null>(null);
  /** Rows that Gradient flow has loaded. */
  readonly rows = signal<readonly Row[]>([]);

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
  /** Runs that are shown, or visible in the list. */
  readonly visible = computed(() => {
    const listed = this.listedInView.value ?? this.names.value.slice(0, FIRST_LISTED);
    return [...new Set([...this.shown.value, ...listed])].filter((run) => this.order.value.has(run));
  });
  readonly shortNames = computed(() => shortNames(this.shown.value));
  /** The short names of the shown runs, among which each is to be recognized. */
  readonly shortList: ReadonlySignal<readonly string[]> = computed(() => [...this.shortNames.value.values()]);
  /** Short names of all runs, for the list of runs. */
  readonly allShortNames = computed(() => shortNames(this.names.value));
  readonly allShortList: ReadonlySignal<readonly string[]> = computed(() => [
    ...this.allShortNames.value.values(),
  ]);
  readonly headlines: ReadonlySignal<Map<string, Headline>> = computed(() =>
    headlines(this.scalars.value, LOG_PREFIX),
  );
  /** The runs without any statistics, with the reasons that they logged. */
  readonly withoutData = computed(
    () =>
      new Map(
        (this.runs.value ?? [])
          .filter(({ kinds }) => Object.keys(kinds).length === 0)
          .map(({ run, notices }) => [run, notices.map(({ reason }) => reason)]),
      ),
  );
  readonly listed = filtered(this.view.runFilter, this.names, (name) => name);

  readonly statistics = computed(() => statisticsOf(this.runs.value ?? []));
  private readonly choice = computed(() => {
    const groups = this.statistics.value;
    const group = groups.find(({ kind }) => kind === this.view.kind.value) ?? groups[0];
    if (!group) return null;
    const wanted = this.view.statistic.value;
    const statistic = wanted !== null && group.names.includes(wanted) ? wanted : group.names[0];
    return { kind: group.kind, statistic };
  });
  readonly kind = computed(() => this.choice.value?.kind ?? "gradient");
  readonly statistic = computed(() => this.choice.value?.statistic ?? "norm");
  /** The statistic to request from the server. The page derives some statistics from others. */
  readonly source = computed(() => sourceOf(this.kind.value, this.statistic.value));
  /** The scale mode that the user selected. By default fractions are linear, and everything else is logarithmic. */
  readonly mode = computed<ScaleMode>(
    () => this.view.scale.value ?? (isFraction(this.statistic.value) ? "linear" : "log"),
  );
  /** Thresholds of the selected statistic; null if it has none. */
  readonly thresholds = computed<Thresholds | null>(() => {
    if (!hasThresholds(this.kind.value, this.statistic.value)) return null;
    return { vanishing: this.view.vanishing.value, exploding: this.view.exploding.value };
  });

  colour(run: string): string {
    return runColour(this.order.value.get(run) ?? 0, this.dark.value);
  }

  toggleRun(run: string): void {
    const now = this.selected.value;
    const next = now.includes(run) ? now.filter((one) => one !== run) : [...now, run];
    batch(() => {
      // An implied reference must not change when a run is added.
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
      // A range that was set for norms does not apply to fractions.
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }

  /**
   * Return the signal of a panel's URL key; null means the default.
   *
   *     const sample = Number(store.key("act.sample").value ?? 0);
   */
  key(name: string): Signal<string | null> {
    if (name in this.view) throw new Error(`invalid key: ${name} belongs to the shared view`);
    let one = this.keys.get(name);
    if (!one) {
      one = signal(this.otherKeys.peek()[name] ?? null);
      this.keys.set(name, one);
      this.keyCount.value = this.keys.size;
    }
    return one;
  }

  /** Return the panels' URL keys that are not at their defaults. Keys of panels that are not open yet are kept. */
  panelKeys(): Record<string, string> {
    const result: Record<string, string> = { ...this.otherKeys.value };
    // Read the count, so that the URL also follows keys that a panel requests later.
    void this.keyCount.value;
    for (const [name, { value }] of this.keys) {
      if (value === null) delete result[name];
      else result[name] = value;
    }
    return result;
  }

  setPanelKeys(keys: Readonly<Record<string, string>>): void {
    batch(() => {
      this.otherKeys.value = keys;
      for (const [name, one] of this.keys) one.value = keys[name] ?? null;
    });
  }

  /** Make a change that the back button undoes as a whole, such as "Show" on a finding. */
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
