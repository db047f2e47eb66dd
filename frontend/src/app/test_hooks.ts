import { cellAt, cellStep } from "../lib/columns";
import { colourOf, labelOf, palette } from "../lib/palette";
import { gridPixels } from "../lib/steps";
import type { CellState, Rgb } from "../lib/types";
import { lineOf } from "../panels/gradient_flow/model_tree";
import type { PageState } from "./page";

/**
 * Expose read-only hooks for the browser tests. They return the position and the value of each cell, so that tests
 * need not guess from pixels.
 */
export function exposeForTests(
  { store, client, flow }: PageState,
  reloads: { readonly begun: number; readonly done: number },
): void {
  const { rows, picture, cursor } = flow;
  const find = (run: string, row: string, step: number) => {
    const grid = picture.gridOf.value.get(run);
    const canvas = document.querySelector<HTMLCanvasElement>(
      `canvas[data-testid="heatmap-${CSS.escape(run)}"]`,
    );
    const lines = rows.lines.value;
    const known =
      lines.some(({ key }) => key === row) || rows.union.value.rows.some(({ name }) => name === row);
    if (!grid || !canvas || !known) return null;
    const line = lineOf(lines, rows.union.value.rows, row);
    const at = cellAt(grid, step);
    return line < 0 || at < 0 ? null : { grid, canvas, line, at };
  };
  const rect = (run: string, row: string, step: number) => {
    const found = find(run, row, step);
    if (!found) return null;
    const { grid, canvas, line, at } = found;
    const box = canvas.getBoundingClientRect();
    const pixels = gridPixels(grid, cursor.domain.value, canvas.width);
    const perPixel = box.width / canvas.width;
    // The tree and the heat map have the same lines.
    const tops = flow.tops.value;
    const tree = document.querySelector(".tree")!.getBoundingClientRect();
    const x = box.left + pixels[2 * at] * perPixel;
    return {
      x,
      y: tree.top + tops[line],
      width: (pixels[2 * at + 1] - pixels[2 * at]) * perPixel,
      height: tops[line + 1] - tops[line],
    };
  };
  /** Return the most frequent colour in the cell, which ignores hatches; null if it is transparent. */
  const drawn = (run: string, row: string, step: number): Rgb | null => {
    const found = find(run, row, step);
    const box = rect(run, row, step);
    if (!found || !box) return null;
    const { canvas } = found;
    const own = canvas.getBoundingClientRect();
    const sx = canvas.width / own.width;
    const sy = canvas.height / own.height;
    const x = Math.round((box.x - own.left) * sx);
    const y = Math.ceil((box.y - own.top) * sy);
    const w = Math.max(1, Math.round(box.width * sx));
    const h = Math.max(1, Math.floor(box.height * sy) - 1);
    // Read from a copy: reading the shown canvas moves it to slow memory and logs a warning.
    const copy = document.createElement("canvas");
    copy.width = w;
    copy.height = h;
    const g = copy.getContext("2d", { willReadFrequently: true })!;
    g.drawImage(canvas, x, y, w, h, 0, 0, w, h);
    const data = g.getImageData(0, 0, w, h).data;
    const counts = new Map<string, number>();
    for (let i = 0; i < data.length; i += 4) {
      const key = data[i + 3] === 0 ? "" : `${data[i]},${data[i + 1]},${data[i + 2]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [best] = [...counts].sort((a, b) => b[1] - a[1])[0];
    return best === "" ? null : (best.split(",").map(Number) as unknown as Rgb);
  };
  const cellState = (run: string, row: string, step: number) => {
    const found = find(run, row, step);
    if (!found) return null;
    const { grid, line, at } = found;
    const index = line * grid.steps.length + at;
    const { scale } = picture.mapOf.value.get(run)!;
    const state = grid.states[index] as CellState;
    const value = grid.values[index];
    const rgb = colourOf(state, value, scale, palette(scale.diverging, store.dark.value));
    return {
      value,
      state: labelOf(state, value, scale),
      rgb,
      drawn: drawn(run, row, step),
      step: cellStep(grid, line, at),
      compared: grid.match
        ? { at: grid.match.at[at], far: grid.match.far[at] === 1, reference: store.ref.value }
        : null,
    };
  };
  const api = {
    /** Number of reloads that have begun, and number of the last one that has finished. */
    reloads: () => ({ ...reloads }),
    state: () => ({
      ...store.state(),
      /** The user's choices. The other fields are derived from them. */
      view: store.state(),
      shown: store.shown.value,
      reference: store.ref.value,
      kind: store.kind.value,
      statistic: store.statistic.value,
      role: rows.role.value,
      scale: picture.scale.value,
      step: cursor.step.value,
      row: rows.lines.value[cursor.line.value]?.key ?? null,
      lines: rows.lines.value.map(({ key, type }) => ({ key, type })),
      loading: flow.query.pending.value || store.runs.value === null || client.pending > 0,
      panelKeys: Object.fromEntries(store.panelKeys()),
      dark: store.dark.value,
      compared: picture.compared.value,
      zoom: flow.steps.zoom.value,
      domain: cursor.domain.value,
    }),
    cellRect: rect,
    cellState,
  };
  Object.defineProperty(window, "__nnviz", { value: Object.freeze(api), configurable: true });
}
