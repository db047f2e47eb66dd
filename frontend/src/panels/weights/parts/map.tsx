import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { MapEvent } from "../../../lib/answers/maps";
import { exact, short } from "../../../lib/format";
import { CELL } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import { drawWeights, MARGIN } from "../draw";
import { type Cells, type CellValues, cellIndex, isBlank } from "../model";
import { type AxisFacts, type Bars, facts, unchanged } from "../model_facts";
import { cellAt, edge, type Placement } from "../paint";
import type { WeightsModel } from "../state";
import { TEXT } from "../text";

/** One run's sheet, ready to draw. */
export interface Drawn {
  map: MapEvent;
  /** Shown values: the weights, or their differences. */
  cells: Cells;
  /** The weights themselves. */
  values: Cells;
  shown: CellValues;
  placement: Placement;
  rows: Bars | null;
  columns: Bars | null;
}

interface Props {
  run: string;
  name: string;
  drawn: Drawn;
  all: ReadonlyMap<string, Drawn>;
  model: WeightsModel;
  reach: { rows: number; columns: number };
  /** Available height. A taller map scrolls. */
  maxHeight: number;
  cell: { row: number; column: number } | null;
  setCell: (cell: { row: number; column: number } | null) => void;
}

export function RunMap({ run, name, drawn, all, model, reach, maxHeight, cell, setCell }: Props) {
  const store = useStore();
  const ref = useRef<HTMLCanvasElement>(null);
  const { cells, placement } = drawn;
  const dark = store.dark.value;
  const dpr = window.devicePixelRatio;
  useLayoutEffect(() => {
    if (ref.current) drawWeights(ref.current, { ...drawn, scale: model.scale, reach, dark, dpr });
  }, [drawn, model.scale, reach.rows, reach.columns, dark, dpr]);
  const tooltip = useTooltip([drawn, name, model.minus, model.reduction]);
  const pointed = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    const column = cellAt(placement, 0, event.clientX - box.left);
    const row = cellAt(placement, 1, event.clientY - box.top);
    const at = row * cells.columns + column;
    if (row < 0 || column < 0 || isBlank(cells, at)) return left();
    setCell({ row, column });
    const bad = drawn.shown.states[at] === CELL.nonfinite;
    const others = [...all].filter(
      ([other, { cells: its }]) => other !== run && its.columns === cells.columns && its.rows === cells.rows,
    );
    const count = cells.tile[0] * cells.tile[1];
    tooltip.show(event, {
      run,
      step: TEXT.at(drawn.map.step),
      what: TEXT.weight(name, cellIndex(cells, row, column)),
      value: exact(drawn.shown.values[at]),
      lines: [
        ...(bad ? [UI_TEXT.state.nonfinite] : []),
        ...(count > 1
          ? [
              TEXT.tile(count),
              TEXT.three(
                ...(["mean", "min", "max"].map((one) => short(cells[one as "mean"][at])) as [
                  string,
                  string,
                  string,
                ]),
              ),
            ]
          : []),
        ...(model.minus !== "none" ? [TEXT.other(TEXT.minus.none, short(drawn.values.mean[at]))] : []),
        ...others.map(([other, its]) =>
          TEXT.other(store.shortNames.value.get(other) ?? other, short(its.shown.values[at])),
        ),
      ],
      help: (model.minus === "none" ? TEXT.steps : TEXT.differs)(
        short(cells.resolution / (model.minus === "none" ? 1 : 2)),
      ),
    });
  };
  const left = () => {
    setCell(null);
    tooltip.hide();
  };
  useLayoutEffect(() => () => setCell(null), [name]);
  const sentences = useMemo(() => describe(drawn, model), [drawn, model]);
  const inside = cell && cell.row < cells.rows && cell.column < cells.columns ? cell : null;
  return (
    <>
      <div
        class="w-map"
        style={{ maxHeight: `${maxHeight + MARGIN.bottom}px` }}
        onPointerMove={pointed}
        onPointerLeave={left}
      >
        <canvas
          ref={ref}
          role="img"
          aria-label={TEXT.column(run, name, drawn.map.step)}
          data-testid={`weights-${run}`}
          data-cell={placement.cell.join(" ")}
          data-block={placement.block.join(" ")}
          data-gap={placement.gap}
        />
        {inside && (
          <div
            class="w-cell"
            style={{
              left: `${edge(placement, 0, inside.column)}px`,
              top: `${edge(placement, 1, inside.row)}px`,
              width: `${placement.cell[0]}px`,
              height: `${placement.cell[1]}px`,
            }}
          />
        )}
      </div>
      <p class="w-facts" data-testid={`facts-${run}`} title={sentences.join("\n")}>
        <Name text={sentences.join(" · ")} />
      </p>
    </>
  );
}

/** Return sentences on notable properties of a run's weights. */
function describe({ map, cells }: Drawn, model: WeightsModel): string[] {
  const { header } = map;
  const lines: string[] = [];
  if (header.nonfinite > 0) lines.push(TEXT.nonfinite(header.nonfinite));
  if (model.minus === "first") {
    const { count, all } = unchanged(cells);
    if (count > 0) lines.push(TEXT.unchanged(count, all, cells.kernel ? TEXT.kernels : TEXT.lines.row));
  }
  for (const { axis, zero, isLowerBound, large } of facts(header) as AxisFacts[]) {
    if (zero > 0) lines.push(TEXT.zeroLines(zero, isLowerBound, TEXT.linesOf(axis)));
    for (const { line, times } of large) lines.push(TEXT.large(TEXT.lineOf(axis), line, short(times)));
  }
  const parts = [...(header.downsampled ?? [])].map(([axis, [size, kept]]) =>
    TEXT.keptOf(kept, size, TEXT.linesOf(axis)),
  );
  if (parts.length > 0 && cells.kernel) lines.push(TEXT.kept(parts.join(", ")));
  if (cells.tile[0] * cells.tile[1] > 1) lines.push(TEXT.tiles(cells.tile[0], cells.tile[1]));
  return lines;
}
