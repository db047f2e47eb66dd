import { useMemo } from "preact/hooks";
import { asIs, useQuery } from "../../../data/use_query";
import { exact, short, tick } from "../../../lib/format";
import type { Finding } from "../../../lib/rules/findings";
import { shapeOf, svgPath } from "../../../plot/markers";
import { markPath } from "../../../plot/marks";
import { useSize, useStore } from "../../../ui/context";
import { RunMarker } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { statisticName, UI_TEXT } from "../../../ui/text";
import { useTooltip } from "../../../ui/tooltip";
import { useInView } from "../in_view";
import { HEIGHT, layOut, type PictureLayout } from "../layout";
import {
  type Line,
  medianLines,
  type Picture,
  pictureOf,
  profileLines,
  rowLines,
  scalarLines,
  showsValue,
  valueAt,
} from "../model_picture";
import { TEXT } from "../text";

/** Evidence of a finding: its values over steps or layers, beside those of the reference run. */
export function Evidence({ finding }: { finding: Finding }) {
  const store = useStore();
  const { ref: reference } = store;
  const { run } = finding;
  const runs = useMemo(
    () => [run, ...(reference.value !== null && reference.value !== run ? [reference.value] : [])],
    [run, reference.value],
  );
  const picture = useMemo(() => pictureOf(finding, runs), [finding, runs]);
  const { ref, inView } = useInView<HTMLElement>();
  if (picture === null) return null;
  return (
    <figure class="h-picture" ref={ref} data-testid="h-picture" data-type={picture.type}>
      {inView ? (
        picture.route === "series" ? (
          <SeriesPicture finding={finding} picture={picture} />
        ) : (
          <ScalarPicture finding={finding} picture={picture} />
        )
      ) : (
        <div class="h-plot" style={{ height: `${HEIGHT}px` }} />
      )}
    </figure>
  );
}

function SeriesPicture({ finding, picture }: { finding: Finding; picture: Picture & { route: "series" } }) {
  const { statistic, kind, row, step } = finding;
  const query = useQuery("series", picture.params, asIs, { priority: "later" });
  const data = query.data;
  const { names, lines } = useMemo(() => {
    const series = data?.series ?? [];
    if (picture.type === "profile") return profileLines(series, statistic);
    return { names: [], lines: (picture.type === "median" ? medianLines : rowLines)(series, statistic) };
  }, [data, picture.type, statistic]);
  const name = statisticName(kind, statistic);
  const title =
    picture.type === "profile"
      ? TEXT.profile(name, step)
      : picture.type === "median"
        ? TEXT.median(name)
        : TEXT.pictureTitle(name, row);
  return (
    <Drawing
      finding={finding}
      lines={lines}
      title={title}
      names={picture.type === "profile" ? names : null}
      pending={query.pending}
      error={query.error}
      statistic={statistic}
    />
  );
}

function ScalarPicture({ finding, picture }: { finding: Finding; picture: Picture & { route: "scalars" } }) {
  const query = useQuery("scalars", picture.params, asIs, { priority: "later" });
  const data = query.data;
  const lines = useMemo(() => scalarLines(data?.series ?? [], picture.tag), [data, picture.tag]);
  return (
    <Drawing
      finding={finding}
      lines={lines}
      title={TEXT.scalar(picture.tag.split("/").slice(2).join("/"))}
      names={null}
      pending={query.pending}
      error={query.error}
      statistic=""
    />
  );
}

interface DrawingProps {
  finding: Finding;
  lines: readonly Line[];
  title: string;
  /** Names of the rows on the x axis; null if it has steps. */
  names: readonly string[] | null;
  pending: boolean;
  error: string | null;
  statistic: string;
}

function Drawing({ finding, lines, title, names, pending, error, statistic }: DrawingProps) {
  const store = useStore();
  const { ref, width } = useSize<HTMLDivElement>();
  const own = lines.find(({ run }) => run === finding.run);
  const other = lines.find(({ run }) => run !== finding.run);
  const place = names ? names.indexOf(finding.row) : finding.step;
  const hasUnit = showsValue(finding, own, names !== null);
  const { limit, usual } = finding;
  const layout = useMemo(() => {
    if (!own || own.at.length === 0 || width === 0) return null;
    const guides = hasUnit ? [limit, usual].filter((one) => one !== null) : [];
    const last = own.at[own.at.length - 1];
    const domain: [number, number] = names
      ? [0, names.length - 1]
      : [own.at[0], Math.max(last, finding.step)];
    return layOut(lines, guides, domain, statistic, width);
  }, [lines, own, width, hasUnit, limit, usual, names, statistic, finding]);
  const tooltip = useTooltip([layout]);
  const point = (event: PointerEvent) => {
    if (!layout || !own) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const here = layout.atOf(event.clientX - box.left);
    const near = valueAt(own, names ? Math.round(here) : here);
    if (!near) {
      tooltip.hide();
      return;
    }
    const there = other && valueAt(other, near.at);
    const where = (at: number) => (names ? (names[at] ?? "") : UI_TEXT.nearestStep(at));
    const text = (value: number) => (Number.isFinite(value) ? exact(value) : TEXT.nonfinite);
    tooltip.show(event, {
      run: own.run,
      step: where(near.at),
      what: title,
      value: text(near.value),
      lines: other && there ? [TEXT.beside(other.run, text(there.value), where(there.at))] : [],
      help: "",
    });
  };
  const alt =
    layout && own
      ? names
        ? TEXT.altProfile(title, names.length)
        : TEXT.alt(title, own.at[0], own.at[own.at.length - 1], finding.since)
      : title;
  return (
    <>
      <figcaption>
        <Name text={title} title={title} />
      </figcaption>
      <div
        class="h-plot"
        ref={ref}
        style={{ height: `${HEIGHT}px` }}
        aria-busy={pending && layout === null}
        data-testid="h-plot"
        onPointerMove={point}
        onPointerLeave={tooltip.hide}
      >
        {layout ? (
          <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={alt}>
            <Axes layout={layout} names={names} />
            {hasUnit && <Guide layout={layout} value={limit} kind="limit" />}
            {hasUnit && <Guide layout={layout} value={usual} kind="usual" />}
            {[...layout.lines].reverse().map((line) => (
              <g key={line.run} class={line.run === finding.run ? "own" : "other"}>
                <path class="line" d={line.path} style={{ stroke: store.colour(line.run) }} />
                {line.nonfinite.map(({ x, y }) => (
                  <path key={x} class="bad" d={`M${x - 2.5} ${y - 2.5}l5 5m0 -5l-5 5`} />
                ))}
                {line.zeros.map(({ x, y }) => (
                  <path
                    key={x}
                    class="zero"
                    d={`M${x - 2.5} ${y}h5`}
                    style={{ stroke: store.colour(line.run) }}
                  />
                ))}
                {line.end && (
                  <path
                    d={svgPath(shapeOf(store.order.value.get(line.run) ?? 0))}
                    transform={`translate(${line.end.x - 4.2} ${line.end.y - 4.2}) scale(0.7)`}
                    style={{ fill: store.colour(line.run) }}
                  />
                )}
              </g>
            ))}
            <Since layout={layout} at={names ? names.indexOf(finding.row) : finding.since} />
          </svg>
        ) : (
          !pending && <span class="dim h-none">{error ?? TEXT.noPicture}</span>
        )}
      </div>
      <div class="h-legend">
        {names && place >= 0 && (
          <span class="dim" title={finding.row}>
            {TEXT.inRow(cut(finding.row))}
          </span>
        )}
        {[own, other].map((line) => {
          const at = line && valueAt(line, place);
          return (
            line && (
              <span key={line.run} title={line.run}>
                <RunMarker
                  colour={store.colour(line.run)}
                  shape={shapeOf(store.order.value.get(line.run) ?? 0)}
                />
                <Name text={store.shortNames.value.get(line.run) ?? line.run} among={store.shortList.value} />
                {at && (
                  <span class="dim" data-testid={line === other ? "h-reference" : "h-own"}>
                    {Number.isFinite(at.value) ? short(at.value) : TEXT.nonfinite}
                    {names ? "" : ` ${UI_TEXT.nearestStep(at.at)}`}
                  </span>
                )}
              </span>
            )
          );
        })}
      </div>
    </>
  );
}

function Axes({
  layout: { area, xTicks, yTicks },
  names,
}: {
  layout: PictureLayout;
  names: readonly string[] | null;
}) {
  return (
    <g class="axes">
      {yTicks.map(({ y, value }) => (
        <g key={value}>
          <line x1={area.left} x2={area.right} y1={Math.round(y) + 0.5} y2={Math.round(y) + 0.5} />
          <text x={area.left - 6} y={y + 3.5} class="end">
            {tick(value)}
          </text>
        </g>
      ))}
      {names
        ? [
            <text key="first" x={area.left} y={area.bottom + 14}>
              {cut(names[0])}
            </text>,
            <text key="last" x={area.right} y={area.bottom + 14} class="end">
              {cut(names[names.length - 1])}
            </text>,
          ]
        : xTicks.map(({ x, value }) => (
            <text key={value} x={x} y={area.bottom + 14} class="middle">
              {String(value)}
            </text>
          ))}
    </g>
  );
}

/** Longest name of a layer below a picture. */
const MAX_NAME = 20;
const cut = (name = "") => (name.length > MAX_NAME ? `…${name.slice(1 - MAX_NAME)}` : name);

function Guide({
  layout,
  value,
  kind,
}: {
  layout: PictureLayout;
  value: number | null;
  kind: "limit" | "usual";
}) {
  const y = value === null ? null : layout.yOf(value);
  if (y === null) return null;
  const { left, right } = layout.area;
  return (
    <g class={`guide ${kind}`}>
      <path d={`M${left} ${y}H${right}`} />
      {kind === "limit" ? (
        <text x={right} y={y - 3} class="end">
          {TEXT.limit}
        </text>
      ) : (
        <text x={left + 8} y={y - 3}>
          {TEXT.usual}
        </text>
      )}
    </g>
  );
}

function Since({ layout: { area, xOf }, at }: { layout: PictureLayout; at: number }) {
  if (at < 0) return null;
  const x = Math.min(area.right, Math.max(area.left, xOf(at)));
  return (
    <g class="since">
      <path class="line" d={`M${x} ${area.top - 4}V${area.bottom}`} />
      <path class="flag" d={markPath("finding", x + 2.6, area.top - 9)} />
    </g>
  );
}
