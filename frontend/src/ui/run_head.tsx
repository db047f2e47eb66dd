import { metric } from "../lib/format";
import { shapeOf } from "../plot/markers";
import { useStore } from "./context";
import { Mark } from "./icon";
import { UI_TEXT } from "./text";

/** Below this the name needs all the room. */
const NARROW = 124;

interface Props {
  run: string;
  width: number;
  note?: string | undefined;
  /** A class for the note. */
  tone?: string;
}

/** A run above its own column: mark, name, and how good it is, or `note` in place of that. */
export function RunHead({ run, width, note, tone }: Props) {
  const store = useStore();
  const headline = store.headlines.value.get(run);
  return (
    <div class="run-head" title={run}>
      <Mark colour={store.colour(run)} shape={shapeOf(store.order.value.get(run) ?? 0)} />
      <b>{store.shortNames.value.get(run) ?? run}</b>
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
