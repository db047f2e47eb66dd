import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { QueryClient } from "../../../data/query_client";
import { RunScalars } from "../../../data/run_scalars";
import type { Store } from "../../../data/store";
import { widthFor } from "../../../lib/columns";
import { MARK_TAGS } from "../../../lib/marks";
import type { Finding } from "../../../lib/rules/findings";
import { nearest } from "../../../lib/steps";
import { NNVIZ_PREFIX } from "../../../lib/tags";
import type { Grid, Row, Source } from "../../../lib/types";
import { setFold } from "../model_folds";
import type { Zoom } from "../model_zoom";
import { cursorSignals, exactSignals } from "./cursor";
import { Exact } from "./exact";
import { ExactQueries } from "./exact_queries";
import { flowKeys } from "./keys";
import { markSignals } from "./marks";
import { pictureSignals } from "./picture";
import { rowSignals } from "./rows";
import { SeriesQuery } from "./series_query";
import { zoomSignals } from "./zoom";

/** ID of this panel in the URL. */
const PANEL = "gradient_flow";
/** Lines that fit before the page has measured itself. */
const ROOM = 40;

/** The cell under the pointer. */
export interface Hover {
  /** The element under the pointer. */
  owner: Element;
  run: string;
  line: number;
  /** Index of the run's step, or of its column of steps. */
  at: number;
  /** The grid if it is not the heat map's: of the cursor's step only, or of one line at every step. */
  grid?: Grid;
  /** Index of the line in that grid. */
  of?: number;
  /** True if the percentiles of the line are drawn there. */
  banded?: boolean;
  x: number;
  y: number;
}

/** The state of Gradient flow: its queries, and signals that are derived from their results and from the store. */
export class Flow {
  readonly hover = signal<Hover | null>(null);
  /** Findings of the shown runs, set by the stage. */
  readonly findings = signal<readonly Finding[]>([]);
  /** The steps that are being brushed. */
  readonly brush = signal<Zoom | null>(null);
  /** Number of lines that fit on the screen, measured by the stage. */
  readonly room = signal(ROOM);
  /** Tops of the lines as they are drawn, and the height of all. */
  readonly tops = signal<readonly number[]>([0]);
  /** Width of a heat map in device pixels; 0 before the first layout. */
  readonly mapPixels = signal(0);
  readonly keys;
  readonly query: SeriesQuery;
  readonly windows: RunScalars;
  readonly exact = new Exact();
  /** Loaded series of the shown runs, the reference first. */
  readonly series;
  /** True until the first of the requested series has loaded. Until then lines and steps stay as they were. */
  readonly waiting;
  readonly steps;
  readonly rows;
  readonly picture;
  readonly cursor;
  readonly atCursor;
  readonly marks;
  private readonly exactQueries: ExactQueries;
  private readonly stops: (() => void)[];
  private readonly width: ReadonlySignal<number>;

  constructor(
    private readonly store: Store,
    client: QueryClient,
    source: Source,
    screen: () => number = () => 0,
  ) {
    this.keys = flowKeys(store);
    this.query = new SeriesQuery(store, client, source);
    this.windows = new RunScalars(client, source, {
      tags: [...MARK_TAGS],
      prefix: NNVIZ_PREFIX,
      last: false,
    });
    this.width = computed(() => widthFor(store.shown.value.length, this.mapPixels.value, screen()));
    this.series = computed(() =>
      store.shown.value.flatMap((run) => {
        const one = this.query.data.value.get(run);
        return one && "series" in one ? [one.series] : [];
      }),
    );
    this.waiting = computed(() => this.query.pending.value && this.series.value.length === 0);
    const of = computed(() => `${store.kind.value}/${store.source.value}`);
    const { keys, exact, series, waiting } = this;
    this.steps = zoomSignals(keys, exact, series);
    const { zoom, windowed } = this.steps;
    const rows = rowSignals(store, keys, series, waiting, this.room);
    const picture = pictureSignals(store, keys, exact, rows, windowed, waiting, of);
    const cursor = cursorSignals(store, picture, rows, zoom, waiting);
    this.atCursor = exactSignals(store, keys, exact, picture, rows, cursor, windowed, zoom, of);
    this.marks = markSignals(store, this.windows.data, this.findings, picture.grids, cursor.domain);
    this.rows = rows;
    this.picture = picture;
    this.cursor = cursor;
    this.stops = this.fetchOnChange();
    const { step, line } = cursor;
    const { banded } = this.atCursor;
    const wanted = { of, series, windowed, zoom, rows: rows.rows, lines: rows.lines, step, line, banded };
    this.exactQueries = new ExactQueries(store, client, source, wanted, exact, (message) => {
      this.query.error.value = message;
    });
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.exactQueries.dispose();
    this.query.dispose();
    this.windows.dispose();
  }

  /** Request the shown runs again. Old values stay until new ones load. */
  async reload(): Promise<void> {
    const { store } = this;
    const series = this.isOpen && this.fetchSeries();
    await Promise.all([series, this.windows.fetch(store.shown.peek())]);
  }

  rowOf(line: number): Row | null {
    const one = this.rows.lines.value[line];
    return one?.type === "row" ? this.rows.union.value.rows[one.rows[0]] : null;
  }

  moveTo(line: number | null, step: number | null): void {
    batch(() => {
      const target = line === null ? null : this.rows.lines.value[line];
      if (target && target.type !== "header") this.store.view.row.value = target.key;
      if (step !== null) this.store.view.step.value = step;
    });
  }

  /** Move to the next logged step of any shown run. */
  moveStep(by: number): void {
    const steps = this.cursor.steps.value;
    if (steps.length === 0) return;
    const at = nearest(steps, this.cursor.step.value);
    this.store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
  }

  moveLine(by: number): void {
    const lines = this.rows.lines.value;
    for (let line = this.cursor.line.value + by; line >= 0 && line < lines.length; line += by) {
      if (lines[line].type === "header") continue;
      this.moveTo(line, null);
      return;
    }
  }

  toggleBlock(key: string): void {
    const { lines, folds } = this.rows;
    const line = lines.value.find((one) => one.key === key);
    if (line) this.store.view.collapsed.value = setFold(folds.value, key, line.depth, line.type === "header");
  }

  setCollapsed(all: boolean): void {
    this.store.view.collapsed.value = all ? ["@0"] : [];
  }

  /** Show a range of steps, or all steps if `zoom` is null. */
  zoomTo(zoom: Zoom | null): void {
    batch(() => {
      this.keys.from.value = zoom && String(zoom[0]);
      this.keys.to.value = zoom && String(zoom[1]);
    });
  }

  compare(on: boolean): void {
    batch(() => {
      this.keys.against.value = on ? "ref" : null;
      // A range that was set for values does not apply to differences.
      this.store.view.lo.value = null;
      this.store.view.hi.value = null;
    });
  }

  /** True if this panel is open. Only then are series fetched. */
  private get isOpen(): boolean {
    return (this.store.view.panel.value ?? PANEL) === PANEL;
  }

  private fetchSeries(): Promise<void> {
    const { kind, source, shown } = this.store;
    return this.query.fetch(kind.value, source.value, shown.value, this.width.value);
  }

  private fetchOnChange(): (() => void)[] {
    const { store } = this;
    return [
      effect(() => {
        // Read all of these before any condition: an effect only runs again for signals that it has read.
        void [store.kind.value, store.source.value, store.shown.value, this.width.value];
        const wanted = store.runs.value !== null && this.isOpen;
        if (wanted && !store.replacingRuns) untracked(() => void this.fetchSeries());
      }),
      effect(() => {
        const runs = store.shown.value;
        if (store.runs.value !== null && !store.replacingRuns) untracked(() => void this.windows.fetch(runs));
      }),
      effect(() => {
        store.rows.value = this.rows.rows.value;
      }),
    ];
  }
}
