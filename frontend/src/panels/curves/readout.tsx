import { shapeOf } from "../../charts/markers";
import type { CurveLine } from "../../derive/curve_lines";
import { exact, short } from "../../derive/format";
import { nearestPoint } from "../../derive/lines";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";
import { Mark } from "../../views/icon";
import { Dash } from "./dash";

const T = TEXT.curves;

/** What each line of a chart says at the cursor, or where the pointer is. */
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
      {lines.map((line) => {
        const i = nearestPoint(line, at);
        const value = i < 0 ? Number.NaN : line.raw[i];
        const step = i < 0 ? "" : String(line.steps[i]);
        const away = i >= 0 && Math.abs(line.x[i] - at) > 1e-9 * Math.abs(at);
        const bad = !Number.isFinite(value);
        const title = T.value(line.run, line.tag.label, exact(value), step);
        return (
          <li
            key={`${line.run} ${line.tag.tag}`}
            title={smoothed && !bad ? `${title}\n${T.smoothed(short(line.drawn[i]))}` : title}
            data-run={line.run}
            data-tag={line.tag.tag}
            data-step={step}
          >
            <Mark colour={store.colour(line.run)} shape={shapeOf(store.order.value.get(line.run) ?? 0)} />
            {line.tag.label !== "" && <Dash part={line.tag.part} colour={store.colour(line.run)} />}
            <span class={bad ? "value bad" : "value"}>{short(value)}</span>
            {away && line.x.length <= 60 && <span class="dim away">{T.away(step)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
