import { shapeOf } from "../../charts/markers";
import { short } from "../../derive/format";
import { nearest } from "../../derive/steps";
import { TEXT } from "../../text";
import { CELL } from "../../types";
import { useStore } from "../../views/context";
import { Mark } from "../../views/icon";

/** Each run's value at the cursor. */
export function Readout() {
  const store = useStore();
  const line = store.line.value;
  return (
    <ul class="readout" data-testid="readout">
      {store.grids.value.map((grid) => {
        const at = nearest(grid.steps, store.step.value);
        const cell = line * grid.steps.length + at;
        const state = at < 0 || line < 0 ? CELL.absent : grid.states[cell];
        const text =
          state === CELL.absent ? TEXT.absent : state === CELL.undefined ? "–" : short(grid.values[cell]);
        const away = at >= 0 && grid.steps[at] !== store.step.value;
        return (
          <li key={grid.run} title={grid.run}>
            <Mark colour={store.colour(grid.run)} shape={shapeOf(store.order.value.get(grid.run) ?? 0)} />
            <span class="name">{grid.run}</span>
            {away && (
              <span class="away" title={TEXT.nearestTitle}>
                {TEXT.nearestStep(grid.steps[at])}
              </span>
            )}
            <span class={state === CELL.nonfinite ? "value bad" : "value"}>{text}</span>
          </li>
        );
      })}
    </ul>
  );
}
