import { useState } from "preact/hooks";
import { shapeOf } from "../plot/markers";
import { useStore } from "../ui/context";
import { RunMarker } from "../ui/icon";
import { groupNotices, type NoticeGroup } from "./notice_groups";
import type { Panel } from "./registry";
import { TEXT } from "./text";

/** Number of reasons shown at first. */
const FIRST = 2;

/** Reasons why the shown runs lack data of a panel, as training reported them. Nothing if they lack none. */
export function Notices({ panel }: { panel: Panel }) {
  const store = useStore();
  const [whole, setWhole] = useState(false);
  const shown = new Set(store.shown.value);
  const runs = (store.runs.value ?? []).filter(({ run }) => shown.has(run));
  const groups = groupNotices(runs, panel.concerns(store));
  if (groups.length === 0) return null;
  return (
    <section class="notices" aria-label={TEXT.notices.title} data-testid="notices">
      <b>{TEXT.notices.title}</b>
      <ul>
        {groups.slice(0, whole ? groups.length : FIRST).map((group) => (
          <Reason key={group.reason} group={group} />
        ))}
      </ul>
      {groups.length > FIRST && (
        <button type="button" class="button" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? TEXT.notices.fewer : TEXT.notices.more(groups.length - FIRST)}
        </button>
      )}
    </section>
  );
}

function Reason({ group: { reason, runs } }: { group: NoticeGroup }) {
  const store = useStore();
  const [first] = runs;
  const title = runs.map(({ run, step }) => TEXT.notices.at(run, step)).join("\n");
  return (
    <li title={title}>
      <RunMarker colour={store.colour(first.run)} shape={shapeOf(store.order.value.get(first.run) ?? 0)} />
      <span>
        <span class="dim">
          {runs.length === 1
            ? TEXT.notices.at(store.shortNames.value.get(first.run) ?? first.run, first.step)
            : TEXT.notices.runs(runs.length)}
        </span>{" "}
        {reason}
      </span>
    </li>
  );
}
