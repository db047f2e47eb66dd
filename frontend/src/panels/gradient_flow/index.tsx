import { TEXT } from "../../text";
import { useStore } from "../../views/context";
import {
  RangeControl,
  RoleSelect,
  ScaleSwitch,
  StatisticSelect,
  StepControl,
  ThresholdControl,
} from "../../views/controls";
import { Failure } from "../../views/failure";
import { Exports } from "./exports";
import { Stage } from "./stage";

function GradientFlow({ reload }: { reload: () => void }) {
  const store = useStore();
  const error = store.seriesError.value;
  const marksError = store.windowsError.value;
  const nothing = store.shown.value.length === 0;
  return (
    <section class="panel" aria-label={TEXT.gradientFlow}>
      <div class="tools">
        <StatisticSelect />
        <RoleSelect />
        <ScaleSwitch />
        <RangeControl />
        <ThresholdControl />
        <span class="gap" />
        {store.loading.value && (
          <span class="dim" role="status">
            {TEXT.loading}
          </span>
        )}
        <StepControl />
        <Exports />
      </div>
      {nothing ? (
        <div class="notice">
          <b>{TEXT.noneSelected}</b>
          <p>{TEXT.noneSelectedHelp}</p>
        </div>
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

export const gradientFlow = { id: "gradient_flow", title: TEXT.gradientFlow, View: GradientFlow };
