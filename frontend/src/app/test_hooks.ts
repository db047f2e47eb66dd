import type { QueryClient } from "../data/query_client";
import type { Store } from "../data/store";
import { cellAt, cellStep } from "../lib/columns";
import { colourOf, labelOf, palette } from "../lib/palette";
import { gridPixels } from "../lib/steps";
import type { CellState, Rgb } from "../lib/types";
import { lineOf } from "../panels/gradient_flow/model_tree";

/** Read-only hooks for the browser tests: what is shown where, without guessing from pixels. */
export function exposeForTests(
  store: Store,
  client: QueryClient,
  reloads: { readonly begun: number; readonly done: number },
): void {
  const find = (run: string, row: string, step: number) => {
    const grid = store.gridOf.value.get(run);
    const canvas = document.querySelector<HTMLCanvasElement>(
      `canvas[data-testid="heatmap-${CSS.escape(run)}"]`,
    );
    const lines = store.lines.value;
    const known =
      lines.some(({ key }) => key === row) || store.union.value.rows.some(({ name }) => name === row);
    if (!grid || !canvas || !known) return null;
    const line = lineOf(lines, store.union.value.rows, row);
    const at = cellAt(grid, step);
    return line < 0 || at < 0 ? null : { grid, canvas, line, at };
  };
  const rect = (run: string, row: string, step: number) => {
    const found = find(run, row, step);
    if (!found) return null;
    const { grid, canvas, line, at } = found;
    const box = canvas.getBoundingClientRect();
    const pixels = gridPixels(grid, store.domain.value, canvas.width);
    const perPixel = box.width / canvas.width;
    // The tree's lines are the map's lines.
    const tops = store.flow.tops.value;
    const tree = document.querySelector(".tree")!.getBoundingClientRect();
    const x = box.left + pixels[2 * at] * perPixel;
    return {
      x,
      y: tree.top + tops[line],
      width: (pixels[2 * at + 1] - pixels[2 * at]) * perPixel,
      height: tops[line + 1] - tops[line],
    };
  };
  /** The commonest colour that is drawn in the cell, so that hatches do not count; null where it is see-through. */
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
    // Read from a copy: reading the shown canvas would make the browser keep it in slow memory, and say so.
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
    const { scale } = store.flow.mapOf.value.get(run)!;
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
    /** How many reloads have begun, and up to which of them everything has come. */
    reloads: () => ({ ...reloads }),
    state: () => ({
      ...store.state(),
      /** What was chosen, as it was, where the rest says what follows of it. */
      view: store.state(),
      shown: store.shown.value,
      reference: store.ref.value,
      kind: store.kind.value,
      statistic: store.statistic.value,
      role: store.role.value,
      scale: store.scale.value,
      step: store.step.value,
      row: store.lines.value[store.line.value]?.key ?? null,
      lines: store.lines.value.map(({ key, type }) => ({ key, type })),
      loading: store.loading.value || store.runs.value === null || client.pending > 0,
      panelKeys: store.panelKeys(),
      dark: store.dark.value,
      compared: store.flow.compared.value,
      zoom: store.flow.zoom.value,
      domain: store.domain.value,
    }),
    cellRect: rect,
    cellState,
  };
  Object.defineProperty(window, "__nnviz", { value: Object.freeze(api), configurable: true });
}
