import { batch, signal } from "@preact/signals";
import { blockKey } from "../../../lib/grid";
import type { Line, Row, RunSeries } from "../../../lib/types";
import type { Band } from "../model_band";
import type { Zoom } from "../model_zoom";

type ByRun<T> = ReadonlyMap<string, T>;

/** Something exact, and the series in columns that it goes with: after a reload that is another one. */
export interface Detail {
  series: RunSeries;
  base: RunSeries;
  /** Kind and statistic. */
  of: string;
  zoom: Zoom | null;
}

/** How a line's values are spread, and what that goes with. */
interface Spread extends Omit<Detail, "series"> {
  band: Band | null;
}

/** What is exact where the heat maps are only columns of steps; everything of the statistic that is shown. */
export class Exact {
  /** All rows at the steps around the cursor. */
  readonly near = signal<ByRun<Detail>>(new Map());
  /** Single lines at every step, by the names of their rows. */
  readonly lines = signal<ByRun<ReadonlyMap<string, Detail>>>(new Map());
  /** The 5th to the 95th percentile of lines over steps, by the names of their rows, once somebody wants to see them. */
  readonly bands = signal<ByRun<ReadonlyMap<string, Spread>>>(new Map());
  /** All rows within the zoom, in columns of its own or at every step. */
  readonly zoomed = signal<ByRun<Detail>>(new Map());
  /** Blocks in columns, made of what they are at every step, likewise. */
  readonly blocks = signal<ByRun<ReadonlyMap<string, Detail>>>(new Map());

  nearOf(run: string, of: string): RunSeries | undefined {
    return shown(this.near.value.get(run), of);
  }

  lineOf(run: string, key: string, of: string, zoom: Zoom | null): RunSeries | undefined {
    const detail = this.lines.value.get(run)?.get(key);
    return sameZoom(detail, zoom) ? shown(detail, of) : undefined;
  }

  /** Of a line: null where it has none, or none yet. */
  bandOf(run: string, key: string, line: number, of: string, zoom: Zoom | null): Band | null {
    const spread = this.bands.value.get(run)?.get(key);
    return spread?.band && spread.of === of && sameZoom(spread, zoom) ? { ...spread.band, line } : null;
  }

  /** A run within a zoom, as it came for that zoom. */
  zoomedOf(base: RunSeries, zoom: Zoom | null): RunSeries | undefined {
    const detail = zoom === null ? undefined : this.zoomed.value.get(base.run);
    return detail?.base === base && sameZoom(detail, zoom) ? detail.series : undefined;
  }

  /** Collapsed blocks of a run, by line. */
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

  forget(): void {
    batch(() => {
      for (const one of [this.near, this.lines, this.zoomed, this.blocks, this.bands]) one.value = new Map();
    });
  }
}

/** Another statistic's values never stand under this one's name. */
const shown = (detail: Detail | undefined, of: string) => (detail?.of === of ? detail.series : undefined);

const sameZoom = (detail: Omit<Detail, "series"> | undefined, zoom: Zoom | null) =>
  detail?.zoom?.[0] === zoom?.[0] && detail?.zoom?.[1] === zoom?.[1];
