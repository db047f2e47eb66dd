import { useMemo, useRef } from "preact/hooks";
import { choose } from "../../lib/selection";
import { nearest } from "../../lib/steps";
import { MAP_PREFIX } from "../../lib/tags";
import { Busy } from "../../ui/busy";
import { useStore } from "../../ui/context";
import { Exports, fileName } from "../../ui/exports";
import { Failure } from "../../ui/failure";
import { useKeyboardNav } from "../../ui/keyboard_nav";
import { LayerList } from "../../ui/layer_list";
import { NoRuns, PanelEmpty } from "../../ui/panel_empty";
import { StepSlider } from "../../ui/step_slider";
import { UI_TEXT } from "../../ui/text";
import { useChoices } from "./choices";
import { mapsToCsv } from "./csv";
import { layersOf, samplesOf, sizesOf } from "./model";
import { defaultOrder, type Picture, pictureOf } from "./model_picture";
import { Columns } from "./parts/columns";
import { Controls } from "./parts/controls";
import { HistoryDrawer } from "./parts/history";
import { end } from "./parts/legend";
import { ProbeBand } from "./parts/probe";
import { useInputs, useListing, useMaps } from "./queries";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

export function View() {
  const store = useStore();
  const runs = store.shown.value;
  const listing = useListing(runs);
  const known = listing.data ?? listing.previous;
  if (runs.length === 0) return <NoRuns />;
  if (known === null) {
    return (
      <section class="panel" aria-label={TEXT.title} aria-busy={listing.error === null}>
        {listing.error !== null && (
          <Failure what={TEXT.whatListing} message={listing.error} retry={listing.retry} />
        )}
      </section>
    );
  }
  if (listing.data && known.maps.length === 0) {
    const broken = known.missing[0];
    return (
      <section class="panel" aria-label={TEXT.title}>
        {broken && (
          <Failure what={TEXT.whatMaps} message={`${broken.run}: ${broken.reason}`} retry={listing.retry} />
        )}
        <PanelEmpty title={TEXT.emptyTitle} help={TEXT.emptyHelp} code={TEXT.emptyCode} />
      </section>
    );
  }
  return <Activations listing={known} error={listing.error} retry={listing.retry} />;
}

interface Props {
  listing: Parameters<typeof layersOf>[0];
  error: string | null;
  retry: () => void;
}

function Activations({ listing, error, retry }: Props) {
  const store = useStore();
  const choices = useChoices();
  const runs = store.shown.value;
  const dark = store.dark.value;
  const stage = useRef<HTMLDivElement>(null);
  const layers = useMemo(() => layersOf(listing, runs, MAP_PREFIX), [listing, runs]);
  const selected = Math.max(0, choose(store.view.row.value, layers));
  const layer = layers[selected] ?? null;
  const header = layer?.first.header ?? null;

  const inputs = useInputs(runs, layer?.name ?? null);
  const input = useMemo(() => inputs.data?.maps ?? [], [inputs.data]);
  const samples = Math.max(1, header ? samplesOf(header) : 1);
  const sample = Math.min(choices.sample, samples - 1);
  const maps = useMaps(runs, layer?.tag ?? null, header, sample, store.view.step.value);

  useKeyboardNav(
    useMemo(
      () => ({
        moveStep: (by: number) => {
          const { steps } = maps;
          if (steps.length === 0) return;
          const at = nearest(steps, maps.step);
          store.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
        },
        moveLayer: (by: number) => {
          const next = layers[selected + by];
          if (next) store.view.row.value = next.name;
        },
      }),
      [store, maps.steps, maps.step, layers, selected],
    ),
  );

  const { colours, scale, fixed, differ, order } = choices;
  const fresh = useMemo(
    () => pictureOf(maps.maps, maps.newest, { runs, colours, scale, fixed, differ, order, dark }),
    [maps.maps, maps.newest, runs, colours, scale, fixed, differ, order, dark],
  );
  const waiting = maps.maps.size === 0 && maps.loading;
  const drawn = useLast(
    waiting || !layer
      ? null
      : { picture: fresh, layer: layer.name, step: maps.step, sample, reasons: maps.reasons },
  );
  const unit = choices.unit;
  const grids = drawn?.picture.shown.flatMap(({ grid }) => (grid ? [grid] : [])) ?? [];
  const ofSamples = grids[0]?.rowAxis === "sample";
  const file = fileName(
    "activations",
    drawn?.layer ?? null,
    differ && `minus_${runs[0] ?? ""}`,
    !ofSamples && `sample_${sample + 1}`,
    `step_${drawn?.step ?? 0}`,
  );
  const range = drawn?.picture.legends[0]?.range ?? null;
  return (
    <section class="panel act" aria-label={TEXT.title}>
      <Controls
        choices={choices}
        header={header}
        grids={grids}
        exports={
          <Exports
            names={{ png: file, csv: file }}
            picture={() => ({
              title: `${TEXT.title}: ${drawn?.layer ?? ""}`,
              facts: [
                UI_TEXT.stepFact(drawn?.step ?? 0),
                ofSamples ? TEXT.samplesFact(samples) : TEXT.sampleFact(sample + 1, samples),
                differ && TEXT.differenceFact(runs[0] ?? ""),
                range === null
                  ? TEXT.ownScale
                  : UI_TEXT.scaleFact(UI_TEXT.linear, end(range.lo), end(range.hi)),
                TEXT.orderFact(TEXT.orderNames[order ?? defaultOrder(header)]),
              ],
            })}
            png={() => stage.current}
            csv={() => mapsToCsv(grids, drawn?.layer ?? "", sample, differ)}
            disabled={grids.length === 0}
          />
        }
      />
      {maps.loading && <Busy />}
      {error !== null && <Failure what={TEXT.whatListing} message={error} retry={retry} />}
      <div class="with-layers">
        <LayerList
          items={layers.map(({ name, first }) => ({
            name,
            note: [first.row?.type ?? "", sizesOf(first.header)].filter(Boolean).join(" "),
          }))}
          selected={selected}
          select={({ name }) => {
            store.view.row.value = name;
          }}
        />
        <div class="act-main">
          <StepSlider
            steps={maps.steps}
            step={maps.step}
            set={(step) => {
              store.view.step.value = step;
            }}
            ready={!waiting}
          />
          {maps.error !== null && <Failure what={TEXT.whatMaps} message={maps.error} retry={maps.retry} />}
          {inputs.error !== null && (
            <Failure what={TEXT.whatInputs} message={inputs.error} retry={inputs.retry} />
          )}
          <div class="act-stage" ref={stage} data-testid="stage" aria-busy={waiting && maps.error === null}>
            <ProbeBand
              inputs={input}
              logged={inputs.logged}
              loading={inputs.pending}
              header={header}
              sample={sample}
              samples={samples}
              setSample={choices.setSample}
              picture={drawn?.picture ?? null}
            />
            {drawn ? (
              <Columns
                picture={drawn.picture}
                stale={waiting}
                layer={drawn.layer}
                step={drawn.step}
                sample={drawn.sample}
                reasons={drawn.reasons}
                input={input[0] ?? null}
                setSample={choices.setSample}
                unit={unit}
                setUnit={choices.setUnit}
              />
            ) : (
              maps.error === null && <div class="pending act-waiting" />
            )}
          </div>
          {unit !== null && layer && drawn?.layer === layer.name && drawn.picture.slots.includes(unit) && (
            <HistoryDrawer
              tag={layer.tag}
              layer={layer.name}
              picture={drawn.picture}
              unit={unit}
              sample={sample}
              step={maps.step}
              colours={colours}
              close={() => choices.setUnit(null)}
            />
          )}
        </div>
      </div>
    </section>
  );
}

interface Drawn {
  picture: Picture;
  layer: string;
  step: number;
  sample: number;
  reasons: ReadonlyMap<string, string>;
}

/** Return the last picture while the next one is loading, so that it fades instead of disappearing. */
function useLast(next: Drawn | null): Drawn | null {
  const kept = useRef<Drawn | null>(null);
  if (next) kept.current = next;
  return kept.current;
}
