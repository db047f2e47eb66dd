import { batch, signal } from "@preact/signals";
import { asColumns, oneRow } from "../../../lib/columns";
import { blockKey } from "../../../lib/grid";
import type { Line, Row, RunSeries } from "../../../lib/types";
import { type Band, serverBand } from "../model_band";
import type { Zoom } from "../model_zoom";

type ByRun<T> = ReadonlyMap<string, T>;

/** Maximum number of lines kept per run. */
const MAX_LINES = 48;

/** Exact values, and the series in columns for which they were requested. A reload replaces that series. */
export interface Detail {
  series: RunSeries;
  base: RunSeries;
  /** Kind and statistic. */
  of: string;
  zoom: Zoom | null;
}

/** The series, statistic and zoom for which exact values of a run were requested. */
export type DetailOf = (run: string) => Omit<Detail, "series">;

/** The percentiles of a line, and what they were requested for. */
interface Spread extends Omit<Detail, "series"> {
  band: Band | null;
}

/** Exact values of the shown statistic for runs whose heat maps show columns of steps. */
export class Exact {
  /** All rows at the steps around the cursor. */
  readonly near = signal<ByRun<Detail>>(new Map());
  /** Single lines at every step, keyed by the names of their rows. */
  readonly lines = signal<ByRun<ReadonlyMap<string, Detail>>>(new Map());
  /**
   * The 5th to the 95th percentile of lines over steps, keyed by the names of their rows. Empty unless they are
   * shown.
   */
  readonly bands = signal<ByRun<ReadonlyMap<string, Spread>>>(new Map());
  /** All rows within the zoom, at every step or in finer columns. */
  readonly zoomed = signal<ByRun<Detail>>(new Map());
  /**
   * Collapsed blocks in columns that were computed from the values at every step, keyed by the names of their rows.
   */
  readonly blocks = signal<ByRun<ReadonlyMap<string, Detail>>>(new Map());

  nearOf(run: string, of: string): RunSeries | undefined {
    return shown(this.near.value.get(run), of);
  }

  lineOf(run: string, key: string, of: string, zoom: Zoom | null): RunSeries | undefined {
    const detail = this.lines.value.get(run)?.get(key);
    return sameZoom(detail, zoom) ? shown(detail, of) : undefined;
  }

  /** Return the band of a line; null if there is none or it has not loaded. */
  bandOf(run: string, key: string, line: number, of: string, zoom: Zoom | null): Band | null {
    const spread = this.bands.value.get(run)?.get(key);
    return spread?.band && spread.of === of && sameZoom(spread, zoom) ? { ...spread.band, line } : null;
  }

  /** Return a run within a zoom; undefined if it has not loaded for that zoom. */
  zoomedOf(base: RunSeries, zoom: Zoom | null): RunSeries | undefined {
    const detail = zoom === null ? undefined : this.zoomed.value.get(base.run);
    return detail?.base === base && sameZoom(detail, zoom) ? detail.series : undefined;
  }

  /** Return the loaded collapsed blocks of a run, by line. */
  blocksOf(run: string, lines: readonly Line[], rows: readonly Row[], of: string): Map<number, RunSeries> {
    const blocks = this.blocks.value.get(run);
    const found = new Map<number, RunSeries>();
    if (!blocks) return found;
    lines.forEach((line, i) => {
      const one = line.type === "block" ? shown(blocks.get(blockKey(line, rows)), of) : undefined;
      if (one) found.set(i, one);
    });
    return found;
  }

  keepZoomed(found: readonly RunSeries[], details: DetailOf): void {
    const all = new Map(this.zoomed.value);
    for (const one of found) all.set(one.run, { ...details(one.run), series: asColumns(one) });
    this.zoomed.value = all;
  }

  keepNear(found: readonly RunSeries[], details: DetailOf): void {
    const all = new Map(this.near.value);
    for (const one of found) all.set(one.run, { ...details(one.run), series: one });
    this.near.value = all;
  }

  keepLines(where: "lines" | "blocks", found: readonly RunSeries[], details: DetailOf): void {
    const all = new Map(this[where].value);
    for (const one of found) {
      const lines = new Map(all.get(one.run));
      const columns = asColumns(one);
      one.rows.forEach(({ name }, i) => {
        lines.delete(name); // Inserted again, since the oldest lines are dropped first.
        lines.set(name, { ...details(one.run), series: oneRow(columns, i) });
      });
      if (where === "lines")
        for (const name of lines.keys()) {
          if (lines.size <= MAX_LINES) break;
          lines.delete(name);
        }
      all.set(one.run, lines);
    }
    this[where].value = all;
  }

  keepBands(found: readonly RunSeries[], details: DetailOf, statistic: string): void {
    const all = new Map(this.bands.value);
    for (const { run, rows, percentiles } of found) {
      const own = new Map(all.get(run));
      const spread = percentiles?.get(statistic);
      rows.forEach(({ name }, i) => {
        own.set(name, { ...details(run), band: spread ? serverBand(spread, i, 0) : null });
      });
      all.set(run, own);
    }
    this.bands.value = all;
  }

  forget(): void {
    batch(() => {
      for (const one of [this.near, this.lines, this.zoomed, this.blocks, this.bands]) one.value = new Map();
    });
  }
}

/** Return the series of a detail unless it is of another statistic. */
const shown = (detail: Detail | undefined, of: string) => (detail?.of === of ? detail.series : undefined);

const sameZoom = (detail: Omit<Detail, "series"> | undefined, zoom: Zoom | null) =>
  detail?.zoom?.[0] === zoom?.[0] && detail?.zoom?.[1] === zoom?.[1];
