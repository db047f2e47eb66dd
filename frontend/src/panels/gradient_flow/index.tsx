import { Busy } from "../../ui/busy";
import { useStore } from "../../ui/context";
import {
  CompareSwitch,
  RangeControl,
  RoleSelect,
  ScaleSwitch,
  StatisticSelect,
  StepControl,
  ThresholdControl,
} from "../../ui/controls";
import { Failure } from "../../ui/failure";
import { NoRuns } from "../../ui/panel_empty";
import { UI_TEXT } from "../../ui/text";
import { FlowExports } from "./parts/exports";
import { isBlank, Stage } from "./parts/stage";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

export function View({ reload }: { reload: () => void }) {
  const store = useStore();
  const error = store.seriesError.value;
  const marksError = store.windowsError.value;
  const nothing = store.shown.value.length === 0;
  return (
    <section class="panel" aria-label={TEXT.title}>
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
  );
}
