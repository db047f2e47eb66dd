import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Name of the axis. Within a zoom it is a button that shows all steps again. */
export function ZoomLabel() {
  const flow = useFlow();
  const zoom = flow.steps.zoom.value;
  if (!zoom) return <>{TEXT.axisStep}</>;
  return (
    <button
      type="button"
      class="zoomed"
      title={TEXT.zoomReset}
      aria-label={`${TEXT.zoomed(zoom[0], zoom[1])}. ${TEXT.zoomReset}`}
      data-testid="zoom-reset"
      onClick={() => flow.zoomTo(null)}
    >
      {TEXT.zoomed(zoom[0], zoom[1])} <span aria-hidden="true">✕</span>
    </button>
  );
}
