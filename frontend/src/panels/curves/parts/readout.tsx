import { exact, short } from "../../../lib/format";
import { shapeOf } from "../../../plot/markers";
import { useStore } from "../../../ui/context";
import { RunMarker } from "../../../ui/icon";
import { UI_TEXT } from "../../../ui/text";
import { nearestPoint } from "../layout";
import type { CurveLine } from "../model_lines";
import { TEXT } from "../text";
import { Dash } from "./dash";

/** Maximum number of lines whose values are listed. */
const MAX_LISTED = 24;

/** Values of a chart's lines at the cursor or the pointer. */
export function Readout({
  lines,
  at,
  smoothed,
}: {
  lines: readonly CurveLine[];
  at: number;
  smoothed: boolean;
}) {
  const store = useStore();
  return (
    <ul class="values" data-testid="values">
      {lines.slice(0, MAX_LISTED).map((line) => {
        const i = nearestPoint(line, at);
        const value = i < 0 ? Number.NaN : line.raw[i];
        const step = i < 0 ? "" : String(line.steps[i]);
        const away = i >= 0 && Math.abs(line.x[i] - at) > 1e-9 * Math.abs(at);
        const bad = !Number.isFinite(value);
        const title = TEXT.value(line.run, line.tag.label, exact(value), step);
        return (
          <li
            key={`${line.run} ${line.tag.tag}`}
            title={smoothed && !bad ? `${title}\n${TEXT.smoothed(short(line.drawn[i]))}` : title}
            data-run={line.run}
            data-tag={line.tag.tag}
            data-step={step}
          >
            <RunMarker
              colour={store.colour(line.run)}
              shape={shapeOf(store.order.value.get(line.run) ?? 0)}
            />
            {line.tag.label !== "" && <Dash part={line.tag.part} colour={store.colour(line.run)} />}
            <span class={bad ? "value bad" : "value"}>{short(value)}</span>
            {away && line.x.length <= 60 && <span class="dim away">{TEXT.away(step)}</span>}
          </li>
        );
      })}
      {lines.length > MAX_LISTED && (
        <li class="dim" key="more">
          {UI_TEXT.andMore(lines.length - MAX_LISTED)}
        </li>
      )}
    </ul>
  );
}
