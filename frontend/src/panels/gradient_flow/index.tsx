import { TEXT } from "../../text";
import { Busy } from "../../views/busy";
import { useStore } from "../../views/context";
import {
  CompareSwitch,
  RangeControl,
  RoleSelect,
  ScaleSwitch,
  StatisticSelect,
  StepControl,
  ThresholdControl,
} from "../../views/controls";
import { Failure } from "../../views/failure";
import { NoRuns } from "../../views/panel_empty";
import { FlowExports } from "./exports";
import { isBlank, Stage } from "./stage";
import style from "./style.css?inline";

export { style };

export function View({ reload }: { reload: () => void }) {
  const store = useStore();
  const error = store.seriesError.value;
  const marksError = store.windowsError.value;
  const nothing = store.shown.value.length === 0;
  return (
    <section class="panel" aria-label={TEXT.gradientFlow}>
      <div class={isBlank(store) ? "tools blank" : "tools"}>
        <StatisticSelect />
        <RoleSelect />
        <CompareSwitch />
        <ScaleSwitch />
        <RangeControl />
        <ThresholdControl />
        <div class="ends">
          <StepControl />
          <FlowExports />
        </div>
      </div>
      {store.loading.value && <Busy progress={store.progress.value} />}
      {nothing ? (
        <NoRuns />
      ) : error !== null && store.series.value.length === 0 ? (
        <Failure what={TEXT.whatSeries} message={error} retry={reload} />
      ) : (
        <>
          {error !== null && <Failure what={TEXT.whatSeries} message={error} retry={reload} />}
          {error === null && marksError !== null && (
            <Failure what={TEXT.whatMarks} message={marksError} retry={reload} />
          )}
          <Stage />
        </>
      )}
    </section>
  );
}
