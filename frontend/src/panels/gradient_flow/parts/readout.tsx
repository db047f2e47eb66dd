import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { factor, short } from "../../../lib/format";
import { nearest } from "../../../lib/steps";
import { CELL, type CellState, type Scale } from "../../../lib/types";
import { shapeOf } from "../../../plot/markers";
import { useStore } from "../../../ui/context";
import { RunMarker } from "../../../ui/icon";
import { MoreRuns } from "../../../ui/more_runs";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Each run's value at the cursor. */
export function Readout() {
  const store = useStore();
  const flow = useFlow();
  const list = useRef<HTMLUListElement>(null);
  const shown = store.shown.value;
  const line = flow.cursor.line.value;
  const { compared, plainScale } = flow.picture;
  const { plainAtStep } = flow.atCursor;
  const scale = flow.picture.scale.value;
  const gridOf = new Map(flow.atCursor.gridsAtStep.value.map((grid) => [grid.run, grid]));
  return (
    <>
      <ul class="readout" data-testid="readout" ref={list}>
        {shown.map((run) => {
          const drawn = gridOf.get(run);
          // A pending run keeps its place, so that the others do not move when it loads.
          if (!drawn) return flow.query.data.value.has(run) ? null : <Item key={run} run={run} value="…" />;
          const isRef = compared.value && run === store.ref.value;
          // In a comparison the reference shows its own values: it does not differ from itself.
          const grid = isRef ? (plainAtStep.value.find((one) => one.run === run) ?? drawn) : drawn;
          const at = nearest(grid.steps, flow.cursor.step.value);
          const cell = line * grid.steps.length + at;
          // The value of a column must not be taken for the value at the step, which is pending.
          const coming = grid.reduced !== undefined;
          const state = (at < 0 || line < 0 ? CELL.absent : grid.states[cell]) as CellState;
          const away = at >= 0 && !coming && grid.steps[at] !== flow.cursor.step.value;
          const far = at >= 0 && drawn.match?.far[at] === 1;
          return (
            <Item
              key={run}
              run={run}
              value={coming ? "…" : formatCell(state, grid.values[cell], isRef ? plainScale.value : scale)}
              bad={state === CELL.nonfinite || state === CELL.refNonfinite}
            >
              {isRef && <span class="away">{TEXT.isRef}</span>}
              {away && (
                <span class={far ? "away far" : "away"} title={far ? TEXT.farTitle : UI_TEXT.nearestTitle}>
                  {UI_TEXT.nearestStep(grid.steps[at])}
                </span>
              )}
            </Item>
          );
        })}
      </ul>
      <MoreRuns box={list} runs={shown} heads="li" />
    </>
  );
}

interface ItemProps {
  run: string;
  value: string;
  bad?: boolean;
  children?: ComponentChildren;
}

function Item({ run, value, bad = false, children }: ItemProps) {
  const store = useStore();
  return (
    <li title={run}>
      <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
      <Name class="name" text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
      {children}
      <span class={bad ? "value bad" : "value"}>{value}</span>
    </li>
  );
}

function formatCell(state: CellState, value: number, scale: Scale): string {
  switch (state) {
    case CELL.absent:
      return UI_TEXT.absent;
    case CELL.undefined:
      return "–";
    case CELL.refZero:
      return TEXT.chip.refZero;
    case CELL.refNonfinite:
      return TEXT.chip.refNonfinite;
    case CELL.refAbsent:
      return TEXT.chip.refAbsent;
    default:
      return scale.factor ? factor(value) : short(value);
  }
}
