import type { Store } from "../../../data/store";
import { cellStep, columnDetail, loggedSteps } from "../../../lib/columns";
import { exact, factor, quantity, short } from "../../../lib/format";
import { gainParts, isGain } from "../../../lib/gain";
import { labelOf } from "../../../lib/palette";
import { aggregateOf, isOfUnits } from "../../../lib/statistics";
import { CELL, type CellLabel, type CellState, type Grid, type Row, type Scale } from "../../../lib/types";
import { useStore } from "../../../ui/context";
import { UI_TEXT } from "../../../ui/text";
import { TooltipBox } from "../../../ui/tooltip";
import { useFlow } from "../state/context";
import type { Flow, Hover } from "../state/flow";
import { TEXT } from "../text";
import { NonfiniteSteps } from "./nonfinite";

/** Exact values of the cell under the pointer. */
export function CellTooltip() {
  const store = useStore();
  const flow = useFlow();
  const hover = flow.hover.value;
  // The tooltip of a mark takes precedence.
  if (!hover || store.tooltip.value) return null;
  const drawn = flow.picture.mapOf.value.get(hover.run);
  const line = flow.rows.lines.value[hover.line];
  if (!drawn || !line || line.type === "header" || hover.at >= (hover.grid ?? drawn.grid).steps.length)
    return null;
  const { scale } = drawn;
  const grid = hover.grid ?? drawn.grid;
  const own = hover.of ?? hover.line;
  const at = own * grid.steps.length + hover.at;
  const column = columnDetail(grid, own, hover.at);
  const value = grid.values[at];
  const label = labelOf(grid.states[at] as CellState, value, scale);
  const row = flow.rowOf(hover.line);
  const hasNoValue = label === "absent" || label === "undefined" || label.startsWith("ref");
  const state =
    nonfiniteText(store, flow, grid, hover.line, own, hover.at) ??
    describeState(store, flow, grid, hover, label);
  return (
    <TooltipBox
      run={hover.run}
      step={
        column ? TEXT.steps(column.from, column.to, column.count) : `${UI_TEXT.step} ${grid.steps[hover.at]}`
      }
      owner={hover.owner}
      x={hover.x}
      y={hover.y}
      hide={() => {
        flow.hover.value = null;
      }}
    >
      <div class="what">{row ? row.name : line.key.replace(/\.\*$/, "")}</div>
      {!hasNoValue && <div class="value">{scale.factor ? factor(value) : exact(value)}</div>}
      {column && !hasNoValue && <ColumnSummary grid={grid} line={own} at={hover.at} />}
      {state !== "" && (
        <div class={`state ${label}`}>
          {label === "nonfinite" && drawn.grid.reduced && !grid.match ? (
            <NonfiniteSteps
              run={hover.run}
              line={line}
              from={column?.from ?? grid.steps[hover.at]}
              to={column?.to ?? grid.steps[hover.at]}
              fallback={state}
            />
          ) : (
            state
          )}
        </div>
      )}
      {grid.match && !hover.grid && <Sides grid={grid} hover={hover} />}
      {isGain(store.kind.value, store.statistic.value) && (
        <GainParts step={grid.steps[hover.at]} hover={hover} />
      )}
      {hover.banded && <Percentiles hover={hover} />}
      <div class="dim">
        {row
          ? `${row.type} [${row.shape.map((n) => n ?? "?").join(" × ")}]${row.numel === null ? "" : ` · ${TEXT.elements(quantity(row.numel))}`}`
          : TEXT.aggregated(aggregateOf(store.statistic.value), line.rows.length)}
      </div>
      {row && isOfUnits(store.statistic.value) && <div class="dim">{describeUnit(row)}</div>}
    </TooltipBox>
  );
}

/** Summary of the steps of a column. */
function ColumnSummary({ grid, line, at }: { grid: Grid; line: number; at: number }) {
  const column = columnDetail(grid, line, at);
  if (!column || column.count === 1) return null;
  const { summary } = column;
  if (!summary) return <div class="state">{TEXT.ofColumns}</div>;
  return (
    <div class="state" data-testid="column">
      {TEXT.atStep(cellStep(grid, line, at))}
      {!Number.isNaN(summary.min) &&
        `; ${TEXT.columnSummary(short(summary.min), short(summary.mean), short(summary.max))}`}
    </div>
  );
}

/** Describe a cell that is not a plain value. In a comparison, also say which side is zero. */
function describeState(store: Store, flow: Flow, grid: Grid, { line, at }: Hover, label: CellLabel): string {
  if (!grid.match || label !== "zero") return UI_TEXT.state[label];
  if (flow.picture.comparison.value === "difference") return TEXT.equal;
  const ref = store.ref.value === null ? undefined : flow.picture.plainOf.value.get(store.ref.value);
  const its = ref && grid.match.at[at] >= 0 ? ref.states[line * ref.steps.length + grid.match.at[at]] : null;
  return its === CELL.zero ? TEXT.bothZero : TEXT.zeroHere;
}

/** Both sides of a comparison, with run, step and value. */
function Sides({ grid, hover }: { grid: Grid; hover: Hover }) {
  const store = useStore();
  const flow = useFlow();
  const ref = store.ref.value;
  const own = flow.picture.plainOf.value.get(grid.run);
  const reference = ref === null ? undefined : flow.picture.plainOf.value.get(ref);
  if (!own || !reference || !grid.match) return null;
  const scale = flow.picture.plainScale.value;
  const its = grid.match.at[hover.at];
  const far = grid.match.far[hover.at] === 1;
  const side = (of: Grid, at: number, isFar: boolean) => (
    <tr>
      <td>
        <i style={{ background: store.colour(of.run) }} />
        {at < 0 ? of.run : TEXT.at(of.run, of.steps[at])}
      </td>
      <td class={isFar ? "is-far" : undefined}>
        {at < 0 ? TEXT.noRefStep : cellText(of, hover.line, at, scale)}
      </td>
    </tr>
  );
  return (
    <>
      <table class="sides" data-testid="sides">
        <tbody>
          {side(own, hover.at, false)}
          {side(reference, its, far)}
        </tbody>
      </table>
      {far && <div class="state far">{TEXT.far}</div>}
    </>
  );
}

function cellText(grid: Grid, line: number, at: number, scale: Scale): string {
  const cell = line * grid.steps.length + at;
  const label = labelOf(grid.states[cell] as CellState, grid.values[cell], scale);
  if (label === "absent") return UI_TEXT.absent;
  if (label === "undefined") return TEXT.undefinedValue;
  return scale.factor ? factor(grid.values[cell]) : exact(grid.values[cell]);
}

/** The two RMS values behind a backward gain. */
function GainParts({ step, hover }: { step: number; hover: Hover }) {
  const flow = useFlow();
  const i = flow.series.value.findIndex(({ run }) => run === hover.run);
  const series = flow.series.value[i];
  const line = flow.rows.lines.value[hover.line];
  if (!series || !line) return null;
  const rows = line.rows.map((row) => flow.rows.union.value.index[i][row]);
  const at = series.steps.indexOf(step);
  const parts = at < 0 || series.reduced ? null : gainParts(series, rows, at);
  if (!parts) return null;
  return (
    <table class="sides" data-testid="gain-parts">
      <tbody>
        <tr>
          <td>{TEXT.gainIn}</td>
          <td>{exact(parts.into)}</td>
        </tr>
        <tr>
          <td>{TEXT.gainOf(parts.before)}</td>
          <td>{exact(parts.out)}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** The values of the percentile band behind the profile. */
function Percentiles({ hover }: { hover: Hover }) {
  const flow = useFlow();
  const grid = flow.picture.grids.value.find(({ run }) => run === hover.run);
  const band = flow.atCursor.bandOf(hover.run, hover.line);
  if (!grid || !band) return null;
  const steps = loggedSteps(grid);
  const scale = flow.picture.scale.value;
  const format = (value: number) => (scale.factor ? factor(value) : short(value));
  return (
    <div class="dim" data-testid="percentiles">
      {TEXT.bandOf(steps[0], steps[steps.length - 1])}: {format(band.lo)} – {format(band.hi)}
      {band.nonfinite > 0 && `, ${TEXT.bandSkips(band.nonfinite)}`}
    </div>
  );
}

/** Describe the unit axis of a layer. The shape has no batch axis, unless the first axis is that of the units. */
function describeUnit(row: Row): string {
  const axis = row.unit_axis;
  if (axis === undefined || axis === null) return "";
  if (axis === -1 || axis === row.shape.length) return TEXT.unitLast(row.shape[row.shape.length - 1] ?? null);
  return axis <= 1 ? TEXT.unitChannel(row.shape[0] ?? null) : TEXT.unitAxis(axis);
}

/** Return the number of nonfinite elements as text, or null if it was not logged. */
function nonfiniteText(
  store: Store,
  flow: Flow,
  grid: Grid,
  line: number,
  own: number,
  at: number,
): string | null {
  if (grid.states[own * grid.steps.length + at] !== CELL.nonfinite) return null;
  const series = flow.query.nonfinite.data.value.get(`${store.kind.value}/${grid.run}`);
  const row = flow.rowOf(line);
  if (!series || !row) return null;
  const column = series.rows.findIndex(({ name }) => name === row.name);
  const step = series.steps.indexOf(grid.steps[at]);
  if (column < 0 || step < 0) return null;
  const bad = series.values.get("nonfinite")?.[step * series.rows.length + column];
  const all = series.values.get("count")?.[step * series.rows.length + column];
  if (bad === undefined || Number.isNaN(bad)) return null;
  // For example a norm that overflows, or the ratio of two zeros.
  if (bad === 0) return TEXT.finiteElements;
  return all === undefined ? TEXT.nonfiniteCount(exact(bad)) : TEXT.nonfiniteOf(exact(bad), exact(all));
}
