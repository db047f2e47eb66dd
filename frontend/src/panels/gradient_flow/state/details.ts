import { effect, untracked } from "@preact/signals";
import type { Store } from "../../../data/store";
import { asColumns, oneRow } from "../../../lib/columns";
import { isGain } from "../../../lib/gain";
import { blockKey } from "../../../lib/grid";
import { nearest } from "../../../lib/steps";
import type { Line, RunSeries, SeriesRequest, Source } from "../../../lib/types";
import { answeredBand, BAND } from "../model_band";
import type { Detail } from "./exact";

/** Logged steps on each side of the cursor that are asked for together, and how near its end they are asked for anew. */
const AROUND = 12;
const MARGIN = 4;
/** Lines above and below the selected one that are asked for ahead, and how many of each run are kept. */
const LINES_AHEAD = 3;
const MOST_LINES = 48;
/** Requests that may be under way at once. */
const AT_ONCE = 4;
/** Milliseconds that a cursor must rest before something is asked: the picture comes first. */
export const REST = 40;
/** The same of a cursor that is on its way, as while a key is held down: answers would hold up its next picture. */
export const REST_MOVING = 200;
/** Columns that come along with percentiles, for which nobody looks at them. */
const FEW_COLUMNS = 16;
/** Most names of rows in one request. */
const MOST_NAMES = 20_000;

type Ask = Omit<SeriesRequest, "kind" | "statistics">;
interface Base {
  of(run: string): Omit<Detail, "series">;
}

/** A line as it is asked for. */
const asked = (line: Line, store: Store) => {
  const names = line.rows.map((row) => store.union.value.rows[row].name);
  return line.type === "row" ? names[0] : names;
};

/**
 * Fetches what the columns of large runs do not say: the cursor's step, the selected line, collapsed blocks. One
 * round at a time for each: when an answer comes, it looks again at what is wanted by then.
 */
export class Details {
  private readonly stops: (() => void)[] = [];
  private abort = new AbortController();
  /** When the cursor was last moved, and whether that was one of several moves. */
  private moved = Number.NEGATIVE_INFINITY;
  private onItsWay = false;
  /** The series that the details are of; others come with another statistic or a reload. */
  private of = "";

  constructor(
    private readonly store: Store,
    private readonly source: Source,
    private readonly isHidden: () => boolean,
  ) {
    let begun = false;
    this.stops.push(
      effect(() => {
        void [store.view.step.value, store.view.row.value];
        if (begun) this.move();
        begun = true;
      }),
    );
    this.follow(
      () => this.nextZoomed(),
      (series, base) => this.keepZoomed(series, base),
      { zoomed: true, heatmaps: true },
    );
    this.follow(
      () => this.nextNear(),
      (series, base) => this.keepNear(series, base),
    );
    this.follow(
      () => this.nextLines(),
      (series, base) => this.keepLines("lines", series, base),
    );
    this.follow(
      () => this.nextBlocks(),
      (series, base) => this.keepLines("blocks", series, base),
      { heatmaps: true },
    );
    this.follow(
      () => this.nextBands(),
      (series, base) => this.keepBands(series, base),
    );
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.abort.abort();
  }

  /**
   * Asks until there is nothing more to ask, and again when what `next` looks at changes. `heatmaps`: each run's answer
   * is a picture of its own.
   */
  private follow(
    next: () => Ask[],
    take: (series: RunSeries[], base: Base) => void,
    { zoomed = false, heatmaps = false } = {},
  ): void {
    let busy = false;
    const rounds = async () => {
      busy = true;
      let before = "";
      for (;;) {
        await this.rest();
        const asks = untracked(next);
        const { abort } = this;
        // It is renewed with each statistic: only after the end it is one that was given up.
        if (asks.length === 0 || abort.signal.aborted) break;
        // What does not come when it is asked for is not asked for again: the run has no such thing.
        const now = JSON.stringify(asks);
        if (now === before || this.isHidden()) break;
        before = now;
        const base = this.base(zoomed);
        try {
          const together: RunSeries[] = [];
          const each = this.each(asks, async (one) => {
            const series = await this.ask(one);
            if (heatmaps) take(series, base);
            else together.push(...series);
          });
          // What is one picture of all runs would be drawn anew for each answer; where one fails, the others stand.
          await each.finally(() => !abort.signal.aborted && take(together, base));
        } catch (error) {
          if (abort.signal.aborted) before = "";
          else {
            this.store.seriesError.value = error instanceof Error ? error.message : String(error);
            break;
          }
        }
      }
      busy = false;
    };
    this.stops.push(
      effect(() => {
        this.check();
        if (next().length > 0 && !busy) untracked(() => void rounds());
      }),
    );
  }

  private move(): void {
    const now = performance.now();
    this.onItsWay = now - this.moved < REST_MOVING;
    this.moved = now;
  }

  /** Until the cursor rests. */
  private async rest(): Promise<void> {
    const began = performance.now();
    for (;;) {
      const until = Math.max(began + REST, this.moved + (this.onItsWay ? REST_MOVING : REST));
      const left = until - performance.now();
      if (left <= 0) return;
      await new Promise((done) => setTimeout(done, Math.ceil(left)));
    }
  }

  /** What is there when something is asked: details go with it. */
  private base(whole: boolean): Base {
    const { store } = this;
    const runs = new Map((whole ? store.series.value : this.reduced).map((series) => [series.run, series]));
    const [of, zoom] = [this.of, store.flow.zoom.value];
    return { of: (run) => ({ base: runs.get(run)!, of, zoom }) };
  }

  /** Another statistic: nothing that was there is of use. */
  private check(): void {
    const { store } = this;
    const of = `${store.kind.value}/${store.source.value}`;
    if (of === this.of) return;
    this.of = of;
    this.abort.abort();
    this.abort = new AbortController();
    untracked(() => store.exact.forget());
  }

  /** Runs in columns as they are drawn; within a zoom once they have come for it. */
  private get reduced(): RunSeries[] {
    const { series, flow, exact } = this.store;
    const zoom = flow.zoom.value;
    const drawn = flow.windowed.value.filter(({ reduced }) => reduced);
    if (zoom === null) return drawn;
    const whole = new Map(series.value.map((one) => [one.run, one]));
    return drawn.filter((one) => exact.zoomedOf(whole.get(one.run)!, zoom) === one);
  }

  /** What is asked for within a zoom. */
  private get range(): { from?: number; to?: number } {
    const zoom = this.store.flow.zoom.value;
    return zoom === null ? {} : { from: zoom[0], to: zoom[1] };
  }

  private nextZoomed(): Ask[] {
    const { store } = this;
    const zoom = store.flow.zoom.value;
    if (zoom === null) return [];
    const lacking = store.series.value.filter(
      (series) => series.reduced && !store.exact.zoomedOf(series, zoom),
    );
    return lacking.map(({ run, reduced }) => ({ runs: [run], width: reduced!.starts.length, ...this.range }));
  }

  private keepZoomed(series: RunSeries[], details: Base): void {
    const all = new Map(this.store.exact.zoomed.value);
    for (const one of series) all.set(one.run, { ...details.of(one.run), series: asColumns(one) });
    this.store.exact.zoomed.value = all;
  }

  private nextNear(): Ask[] {
    const { store } = this;
    const step = store.step.value;
    const near = store.exact.near.value;
    const wanted = new Map<string, Ask & { runs: string[] }>();
    for (const series of this.reduced) {
      const all = series.reduced!.steps;
      const at = nearest(all, step);
      if (at < 0) continue;
      const has = near.get(series.run);
      const [low, high] = [Math.max(0, at - MARGIN), Math.min(all.length - 1, at + MARGIN)];
      if (has?.base === series && covers(has.series.steps, all[low], all[high])) continue;
      const from = all[Math.max(0, at - AROUND)];
      const to = all[Math.min(all.length - 1, at + AROUND)];
      const group = wanted.get(`${from} ${to}`) ?? { from, to, runs: [] };
      group.runs.push(series.run);
      wanted.set(`${from} ${to}`, group);
    }
    return [...wanted.values()];
  }

  private keepNear(series: RunSeries[], details: Base): void {
    const all = new Map(this.store.exact.near.value);
    for (const one of series) all.set(one.run, { ...details.of(one.run), series: one });
    this.store.exact.near.value = all;
  }

  /** Gains are made here, of several rows: the server knows no lines of them. */
  private get isGain(): boolean {
    return isGain(this.store.kind.value, this.store.statistic.value);
  }

  private nextLines(): Ask[] {
    const { store } = this;
    const runs = this.reduced;
    const at = store.line.value;
    if (runs.length === 0 || at < 0 || this.isGain) return [];
    const lines = store.lines.value;
    const { rows } = store.union.value;
    const have = store.exact.lines.value;
    const missing = (line: Line) => {
      const key = blockKey(line, rows);
      return runs.filter((series) => have.get(series.run)?.get(key)?.base !== series);
    };
    let wanted = [lines[at]];
    let lacking = missing(lines[at]);
    if (lacking.length === 0) {
      const around = lines
        .slice(Math.max(0, at - LINES_AHEAD), at + LINES_AHEAD + 1)
        .filter(({ type }) => type !== "header");
      wanted = around.filter((line) => missing(line).length > 0);
      // Runs differ in what they have only while one of them is new: asking all of them for all is simpler.
      lacking = wanted.length > 0 ? runs : [];
    }
    if (lacking.length === 0) return [];
    const names = lacking.map(({ run }) => run);
    return chunks(names, Math.ceil(names.length / AT_ONCE)).map((some) => ({
      runs: some,
      rows: wanted.map((line) => asked(line, store)),
      ...this.range,
    }));
  }

  private nextBlocks(): Ask[] {
    const { store } = this;
    const { rows } = store.union.value;
    const blocks = store.lines.value.filter(({ type }) => type === "block");
    if (blocks.length === 0 || this.isGain) return [];
    return this.reduced.flatMap((series) => {
      const { run, reduced } = series;
      const have = store.exact.blocks.value.get(run);
      const wanted = blocks.filter((line) => have?.get(blockKey(line, rows))?.base !== series);
      if (wanted.length === 0) return [];
      let names = 0;
      const some = wanted.filter((line) => {
        names += line.rows.length;
        return names <= MOST_NAMES;
      });
      return [
        {
          runs: [run],
          rows: some.map((line) => asked(line, store)),
          width: reduced!.starts.length,
          ...this.range,
        },
      ];
    });
  }

  private nextBands(): Ask[] {
    const { store } = this;
    if (!store.flow.banded.value) return [];
    const { rows } = store.union.value;
    const lines = store.lines.value.filter(({ type }) => type !== "header");
    return this.reduced.flatMap((series) => {
      const have = store.exact.bands.value.get(series.run);
      let names = 0;
      const wanted = lines.filter((line) => {
        if (have?.get(blockKey(line, rows))?.base === series) return false;
        names += line.rows.length;
        return names <= MOST_NAMES;
      });
      if (wanted.length === 0) return [];
      return [
        {
          runs: [series.run],
          rows: wanted.map((line) => asked(line, store)),
          width: FEW_COLUMNS,
          percentiles: [BAND.lo, BAND.hi],
          ...this.range,
        },
      ];
    });
  }

  private keepBands(series: RunSeries[], details: Base): void {
    const { source, exact } = this.store;
    const all = new Map(exact.bands.value);
    for (const { run, rows, percentiles } of series) {
      const own = new Map(all.get(run));
      const spread = percentiles?.[source.value];
      rows.forEach(({ name }, i) => {
        own.set(name, { ...details.of(run), band: spread ? answeredBand(spread, i, 0) : null });
      });
      all.set(run, own);
    }
    exact.bands.value = all;
  }

  private keepLines(where: "lines" | "blocks", series: RunSeries[], details: Base): void {
    const all = new Map(this.store.exact[where].value);
    for (const one of series) {
      const lines = new Map(all.get(one.run));
      const columns = asColumns(one);
      one.rows.forEach(({ name }, i) => {
        lines.delete(name); // last come, last forgotten
        lines.set(name, { ...details.of(one.run), series: oneRow(columns, i) });
      });
      if (where === "lines")
        for (const name of lines.keys()) {
          if (lines.size <= MOST_LINES) break;
          lines.delete(name);
        }
      all.set(one.run, lines);
    }
    this.store.exact[where].value = all;
  }

  private async ask(more: Ask): Promise<RunSeries[]> {
    const { store, abort } = this;
    const request = { kind: store.kind.value, statistics: [store.source.value], ...more };
    const answer = await this.source.series(request, abort.signal);
    // What comes after another statistic was chosen is dropped.
    if (abort.signal.aborted) throw new DOMException("another statistic was chosen", "AbortError");
    return answer.series;
  }

  /** A few at a time, all of them; then what the first that failed has said. */
  private async each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
    const queue = [...items];
    const failed: unknown[] = [];
    const worker = async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift())
        await work(item).catch((error) => failed.push(error));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
    if (failed.length > 0) throw failed[0];
  }
}

const covers = (steps: ArrayLike<number>, from: number, to: number) =>
  steps.length > 0 && steps[0] <= from && steps[steps.length - 1] >= to;

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += Math.max(1, size))
    result.push(items.slice(i, i + Math.max(1, size)));
  return result;
}
