import { useQuery } from "../../data/use_query";
import { choose } from "../../lib/selection";
import { nearest } from "../../lib/steps";
import { WEIGHT_PREFIX } from "../../lib/tags";
import { useStore } from "../../ui/context";
import { Failure, Unread } from "../../ui/failure";
import { useKeyboardNav } from "../../ui/keyboard_nav";
import { LayerList } from "../../ui/layer_list";
import { NoRuns, PanelEmpty } from "../../ui/panel_empty";
import { mapsRequest, readMaps, readTracked, readTracks, readWeights } from "./data";
import { Stage } from "./parts/stage";
import { Tools } from "./parts/tools";
import { useWeights } from "./state";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

/** Number of columns to request for charts of single weights. It exceeds the width of a chart. */
const WIDTH = 1000;

export function View() {
  const store = useStore();
  const runs = store.shown.value;
  const hasRuns = runs.length > 0;
  const listing = useQuery("maps", hasRuns ? { runs, prefix: WEIGHT_PREFIX, tag: null } : null, readWeights);
  const weights = (listing.data ?? listing.previous)?.weights ?? [];
  const at = weights.length === 0 ? -1 : Math.max(0, choose(store.view.row.value, weights));
  const weight = weights[at] ?? null;
  const maps = useQuery(
    "maps",
    hasRuns && weight ? mapsRequest(runs, weight, store.view.step.value) : null,
    readMaps(weight?.name ?? ""),
  );
  const tracked = { runs, kind: "tracked", statistics: ["value"] };
  const singles = useQuery("series", hasRuns ? { ...tracked, width: 1 } : null, readTracked);
  const known = singles.data ?? singles.previous;
  const names = (weight && known?.names.get(weight.name)) ?? [];
  const tracks = useQuery(
    "series",
    names.length > 0 ? { ...tracked, rows: names, width: WIDTH } : null,
    readTracks(names),
  );
  const model = useWeights(runs, maps.data ?? maps.previous);
  const { steps, step } = model;
  const select = (to: number) => {
    const next = weights[Math.min(weights.length - 1, Math.max(0, to))];
    if (next) store.view.row.value = next.name;
  };
  const move = (to: number) => {
    if (steps.length > 0) store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, to))];
  };
  useKeyboardNav({
    moveStep: (by) => move(nearest(steps, step) + by),
    moveLayer: (by) => select(at + by),
  });

  if (!hasRuns)
    return (
      <section class="panel" aria-label={TEXT.title}>
        <NoRuns />
      </section>
    );
  if (listing.data && weights.length === 0)
    return (
      <section class="panel" aria-label={TEXT.title}>
        <Unread missing={listing.data.missing} />
        <PanelEmpty title={TEXT.emptyTitle} help={TEXT.emptyHelp} code={TEXT.emptyCode} />
      </section>
    );
  const error = listing.error ?? maps.error;
  const busy = [listing, maps, singles, tracks].some(({ pending }) => pending);
  return (
    <section class="panel" aria-label={TEXT.title} aria-busy={busy}>
      <Tools model={model} weight={weight} ready={maps.data !== null} />
      <Unread
        missing={[
          ...(listing.data?.missing ?? []),
          ...(maps.data?.missing ?? []),
          ...(singles.data?.missing ?? []),
        ]}
      />
      <div class="with-layers">
        <LayerList
          items={weights}
          selected={at}
          select={({ name }) => select(weights.findIndex((one) => one.name === name))}
        />
        <div class="w-main">
          {error !== null && (
            <Failure
              what={TEXT.what}
              message={error}
              retry={listing.error !== null ? listing.retry : maps.retry}
            />
          )}
          {weight && (error === null || model.runs.size > 0) && (
            <Stage
              model={model}
              weight={weight}
              name={(maps.data ?? maps.previous)?.name ?? weight.name}
              loading={maps.data === null}
              names={known || singles.error !== null ? names : null}
              tracks={tracks.data ?? (names.length > 0 ? tracks.previous : null) ?? []}
              tracksError={singles.error ?? tracks.error}
              retryTracks={singles.error !== null ? singles.retry : tracks.retry}
            />
          )}
        </div>
      </div>
    </section>
  );
}
