import { Busy } from "../../ui/busy";
import { useStore } from "../../ui/context";
import { ScaleSwitch, StatisticSelect } from "../../ui/controls";
import { Failure } from "../../ui/failure";
import { NoRuns } from "../../ui/panel_empty";
import { UI_TEXT } from "../../ui/text";
import { CellTooltip } from "./parts/cell_tooltip";
import { CompareSwitch, RangeControl, RoleSelect, StepControl, ThresholdControl } from "./parts/controls";
import { FlowExports } from "./parts/exports";
import { isBlank, Stage } from "./parts/stage";
import { useFlow } from "./state/context";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

export function View({ reload }: { reload: () => void }) {
  const store = useStore();
  const flow = useFlow();
  const error = flow.query.error.value;
  const marksError = flow.windows.error.value;
  const nothing = store.shown.value.length === 0;
  return (
    <>
      <section class="panel" aria-label={TEXT.title}>
        <div class={isBlank(flow) ? "tools blank" : "tools"}>
          <StatisticSelect />
          <RoleSelect />
          <CompareSwitch />
          <ScaleSwitch scale={flow.picture.scale.value} />
          <RangeControl />
          <ThresholdControl />
          <div class="ends">
            <StepControl />
            <FlowExports />
          </div>
        </div>
        {flow.query.pending.value && <Busy progress={flow.query.progress.value} />}
        {nothing ? (
          <NoRuns />
        ) : error !== null && flow.series.value.length === 0 ? (
          <Failure what={UI_TEXT.whatSeries} message={error} retry={reload} />
        ) : (
          <>
            {error !== null && <Failure what={UI_TEXT.whatSeries} message={error} retry={reload} />}
            {error === null && marksError !== null && (
              <Failure what={TEXT.whatMarks} message={marksError} retry={reload} />
            )}
            <Stage />
          </>
        )}
      </section>
      <CellTooltip />
    </>
  );
}
