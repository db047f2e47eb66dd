import { useRef, useState } from "preact/hooks";
import { loggedSteps } from "../../../lib/columns";
import { exact, short } from "../../../lib/format";
import { groupMarks, MARK_GAP, type MarkGroup, PEAK_RULE, type WindowMark } from "../../../lib/marks";
import { layerOf } from "../../../lib/rules/findings";
import { choose } from "../../../lib/selection";
import { nearest } from "../../../lib/steps";
import { markPath, rugPath } from "../../../plot/marks";
import { useStore } from "../../../ui/context";
import { UI_TEXT } from "../../../ui/text";
import { type TooltipText, useTooltip } from "../../../ui/tooltip";
import { LANE } from "../layout";
import { useFlow } from "../state/context";
import { TEXT } from "../text";

/** Half the width of a shape. Shapes must not be cut off at the edge of the heat map. */
const HALF = 4.5;

/** Marks of events between logged steps, directly above the step axis. Each kind of mark that occurs has a lane. */
export function MarkLanes({ run, width }: { run: string; width: number }) {
  const store = useStore();
  const flow = useFlow();
  const root = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const domain = flow.cursor.domain.value;
  const marks = flow.marks.marks.value.get(run);
  // Hide the tooltip of a mark that has disappeared or moved.
  const tooltip = useTooltip([domain, marks, width]);
  const kinds = flow.marks.markKinds.value;
  const grid = flow.picture.gridOf.value.get(run);
  const height = LANE * kinds.length;
  const style = { width: `${width}px`, height: `${height}px` };
  const groups = groupMarks(marks ?? [], domain, width);
  const middle = (group: MarkGroup) => LANE * (kinds.indexOf(group.kind) + 0.5) + 1;
  const centre = (group: MarkGroup) =>
    Math.min(width - HALF, Math.max(HALF, group.places[group.representative]));
  const current = Math.min(active, groups.length - 1);

  const textOf = (group: MarkGroup, i: number) => ({ run, ...contentOf(group, i) });
  const go = (mark: WindowMark) => {
    // A run without values uses the steps of the other runs.
    const steps = grid ? loggedSteps(grid) : flow.cursor.steps.value;
    const at = nearest(steps, mark.step);
    if (mark.kind === "finding") {
      // A finding may name a row of another kind: choose the row of the same layer.
      const { row } = mark.finding;
      const { rows } = flow.rows.union.value;
      const own = choose(row, rows);
      if (own >= 0) store.view.row.value = rows[own].name;
    }
    if (at >= 0) flow.moveTo(null, steps[at]);
  };
  /** Return the mark of a group nearest to the pointer. */
  const under = (group: MarkGroup, event: MouseEvent) => {
    const box = root.current?.getBoundingClientRect();
    // A click from the keyboard has no position.
    if (!box || group.marks.length === 1 || event.detail === 0) return group.representative;
    const x = event.clientX - box.left;
    const distances = group.places.map((place) => Math.abs(place - x));
    return Math.abs(centre(group) - x) <= HALF
      ? group.representative
      : distances.indexOf(Math.min(...distances));
  };
  return (
    <div
      class="marks"
      style={style}
      ref={root}
      role="toolbar"
      aria-label={TEXT.mark.toolbar(run, groups.length)}
      data-testid={`marks-${run}`}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : undefined;
        if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        const next = Math.min(groups.length - 1, Math.max(0, current + by));
        setActive(next);
        root.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
      }}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {groups.map((group) => {
          const path = markPath(group.kind, centre(group), middle(group));
          return (
            <g key={`${group.kind} ${group.marks[0].step}`} class={group.kind}>
              {group.marks.length > 1 && <path class="rug" d={rugPath(group.places, middle(group))} />}
              {group.marks.length > 1 && <path class="halo" d={path} />}
              <path class="shape" d={path} />
            </g>
          );
        })}
      </svg>
      {groups.map((group, i) => {
        const left = Math.min(group.places[0], centre(group)) - MARK_GAP / 2;
        const right = Math.max(group.places[group.places.length - 1], centre(group)) + MARK_GAP / 2;
        const label = sentence(group, group.representative);
        return (
          <button
            type="button"
            key={`${group.kind} ${group.marks[0].step}`}
            tabIndex={i === current ? 0 : -1}
            aria-label={label}
            data-kind={group.kind}
            data-step={group.marks[group.representative].step}
            data-count={group.marks.length}
            style={{
              left: `${left}px`,
              width: `${right - left}px`,
              top: `${LANE * kinds.indexOf(group.kind)}px`,
              height: `${LANE + 1}px`,
            }}
            onPointerMove={(event) => tooltip.show(event, textOf(group, under(group, event)))}
            onPointerLeave={tooltip.hide}
            onFocus={(event) => {
              setActive(i);
              // With a pointer, its movement shows the tooltip.
              if (!event.currentTarget.matches(":focus-visible")) return;
              tooltip.showBelow(event.currentTarget, textOf(group, group.representative));
            }}
            onBlur={tooltip.hide}
            onClick={(event) => go(group.marks[under(group, event)])}
          />
        );
      })}
    </div>
  );
}

const between = ({ after, until, step }: WindowMark) =>
  step === until
    ? TEXT.mark.logged(until)
    : after === null
      ? TEXT.mark.before(until)
      : TEXT.mark.between(after, until);

/** Return the content of the tooltip of one mark of a group. */
function contentOf(group: MarkGroup, i: number): Omit<TooltipText, "run"> {
  const { marks } = group;
  const mark = marks[i];
  const content: Omit<TooltipText, "run"> = {
    step: mark.exact ? TEXT.mark.at(mark.step) : "",
    what: "",
    value: "",
    lines: [],
    help: "",
  };
  if (mark.kind === "peak") {
    content.what = TEXT.mark.quantity[mark.quantity];
    content.value = exact(mark.value);
    content.lines = [between(mark), TEXT.mark.times(short(mark.ratio), short(mark.baseline))];
    content.help = TEXT.mark.why(PEAK_RULE.factor, PEAK_RULE.reach);
  } else if (mark.kind === "nonfinite") {
    if (mark.quantity === "loss") {
      content.what = TEXT.mark.quantity.loss;
      content.value = exact(mark.value);
      content.lines = [between(mark)];
    } else {
      content.what = TEXT.mark.badSteps(mark.steps);
      content.lines = [between(mark)];
      if (mark.elements > 0) content.lines.push(TEXT.mark.badElements(exact(mark.elements), mark.until));
    }
  } else if (mark.kind === "finding") {
    const { title, since, severity, evidence, advice } = mark.finding;
    content.what = `${title} (${UI_TEXT.health.severity[severity]})`;
    content.lines = [UI_TEXT.health.since(layerOf(mark.finding), since), evidence];
    content.help = advice.join("\n");
  } else {
    content.what = TEXT.mark.skipped(mark.steps);
    if (!mark.exact) content.lines.push(between(mark));
    if (mark.lossScale !== null) content.lines.push(TEXT.mark.lossScale(exact(mark.lossScale)));
  }
  for (const other of marks) {
    if (other !== mark && other.step === mark.step && "quantity" in other)
      content.lines.push(TEXT.mark.also(TEXT.mark.quantity[other.quantity], exact(other.value)));
  }
  if (marks.some(({ step }) => step !== mark.step)) {
    const [first, last] = [marks[0].step, marks[marks.length - 1].step].map(Math.round);
    content.lines.push(TEXT.mark.merged(marks.length, first, last));
  }
  return content;
}

/** Return the content of the tooltip in one sentence, for screen readers. */
function sentence(group: MarkGroup, i: number): string {
  const mark = group.marks[i];
  const { step, what, value, lines } = contentOf(group, i);
  const where = mark.exact ? ` ${mark.kind === "skipped" ? "" : "at "}${step}` : "";
  return [`${what}${value === "" ? "" : ` ${value}`}${where}`.replace(/ +/g, " "), ...lines].join(", ");
}
