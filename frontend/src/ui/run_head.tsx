import { metric } from "../lib/format";
import { shapeOf } from "../plot/markers";
import { useStore } from "./context";
import { RunMarker } from "./icon";
import { Name } from "./name";
import { UI_TEXT } from "./text";

/** Column width in pixels below which only the name is shown. */
const NARROW = 124;

interface Props {
  run: string;
  width: number;
  note?: string | undefined;
  /** CSS class of the note. */
  tone?: string;
}

/** Head of a run's column: marker, name, and the headline metric or `note`. */
export function RunHead({ run, width, note, tone }: Props) {
  const store = useStore();
  const headline = store.headlines.value.get(run);
  return (
    <div class="run-head" title={run}>
      <RunMarker colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
      <Name as="b" text={store.shortNames.value.get(run) ?? run} among={store.shortList.value} />
      {width >= NARROW &&
        (note !== undefined ? (
          <span class={tone} title={note}>
            {note}
          </span>
        ) : (
          headline && (
            <span title={UI_TEXT.metricTitle(headline.name, headline.step)}>
              {metric(headline.name, headline.value)}
            </span>
          )
        ))}
    </div>
  );
}
