import { shapeOf } from "../../charts/markers";
import { factor, short } from "../../derive/format";
import { nearest } from "../../derive/steps";
import { TEXT } from "../../text";
import { CELL, type CellState, type Scale } from "../../types";
import { useStore } from "../../views/context";
import { Mark } from "../../views/icon";

/** Each run's value at the cursor. */
export function Readout() {
  const store = useStore();
  const line = store.line.value;
  const { compared, plainAtStep, plainScale } = store.flow;
  const scale = store.scale.value;
  return (
    <ul class="readout" data-testid="readout">
      {store.gridsAtStep.value.map((drawn) => {
        const isRef = compared.value && drawn.run === store.ref.value;
        // In a comparison the reference says its own values: it differs from itself by nothing.
        const grid = isRef ? (plainAtStep.value.find(({ run }) => run === drawn.run) ?? drawn) : drawn;
        const at = nearest(grid.steps, store.step.value);
        const cell = line * grid.steps.length + at;
        // Of columns the step itself is on its way: no other figure stands in for it.
        const coming = grid.reduced !== undefined;
        const state = (at < 0 || line < 0 ? CELL.absent : grid.states[cell]) as CellState;
        const away = at >= 0 && !coming && grid.steps[at] !== store.step.value;
        const far = at >= 0 && drawn.match?.far[at] === 1;
        return (
          <li key={grid.run} title={grid.run}>
            <Mark colour={store.colour(grid.run)} shape={shapeOf(store.order.value.get(grid.run) ?? 0)} />
            <span class="name">{grid.run}</span>
            {isRef && <span class="away">{TEXT.flow.isRef}</span>}
            {away && (
              <span class={far ? "away far" : "away"} title={far ? TEXT.flow.farTitle : TEXT.nearestTitle}>
                {TEXT.nearestStep(grid.steps[at])}
              </span>
            )}
            <span class={state === CELL.nonfinite || state === CELL.refNonfinite ? "value bad" : "value"}>
              {coming ? "…" : said(state, grid.values[cell], isRef ? plainScale.value : scale)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function said(state: CellState, value: number, scale: Scale): string {
  switch (state) {
    case CELL.absent:
      return TEXT.absent;
    case CELL.undefined:
      return "–";
    case CELL.refZero:
      return TEXT.flow.chip.refZero;
    case CELL.refNonfinite:
      return TEXT.flow.chip.refNonfinite;
    case CELL.refAbsent:
      return TEXT.flow.chip.refAbsent;
    default:
      return scale.factor ? factor(value) : short(value);
  }
}
