import { useMemo } from "preact/hooks";
import { tick } from "../../lib/format";
import { useStore } from "../../ui/context";
import { Exports, fileName, stepsPart } from "../../ui/exports";
import { Failure } from "../../ui/failure";
import { useKeyboardNav } from "../../ui/keyboard_nav";
import { LayerList } from "../../ui/layer_list";
import { NoRuns, PanelEmpty } from "../../ui/panel_empty";
import { StepSlider } from "../../ui/step_slider";
import { kindName, UI_TEXT } from "../../ui/text";
import { histogramCsv } from "./csv";
import { useKeys, useListing, useRow, useStep } from "./data";
import { snap } from "./model_bins";
import { Layers } from "./parts/layers";
import { Stage } from "./parts/stage";
import { HeightSegments, KindSegments, OverlaySelect, ValueControl, ViewSegments } from "./parts/tools";
import style from "./style.css?inline";
import { TEXT } from "./text";

export { style };

export function View() {
  const store = useStore();
  const { mode, ownHeight, overlay, from, to } = useKeys();
  const listing = useListing();
  const { query, rows, selected, kinds, kind, step, known } = listing;
  const layers = mode === "layers";
  const ofRow = useRow(listing, !layers);
  const ofStep = useStep(listing, layers);
  const current = layers ? ofStep : ofRow;
  const shown = current.data ?? current.previous;
  const { moveStep, moveLayer } = listing;
  useKeyboardNav(useMemo(() => ({ moveStep, moveLayer }), [listing.steps, listing.step, rows, selected]));
  const items = useMemo(() => rows.map((row) => ({ name: row.name, note: row.type })), [rows]);
  const row = rows[selected]?.name ?? "";
  const file = layers
    ? fileName("histograms", kind, `step_${step}`)
    : fileName("histograms", kind, row, stepsPart(listing.steps));

  if (store.shown.value.length === 0) return <NoRuns />;
  const error = query.error ?? current.error;
  const failure = error !== null && (
    <Failure what={TEXT.what} message={error} retry={query.error === null ? current.retry : query.retry} />
  );
  if (known && kinds.length === 0 && error === null) {
    return <PanelEmpty title={TEXT.emptyTitle} help={TEXT.emptyHelp} code={TEXT.emptyCode} />;
  }
  const set = (to: number) => {
    store.view.step.value = to;
  };
  return (
    <section class="panel" aria-label={TEXT.title}>
      <div class="tools">
        <KindSegments listing={listing} />
        <div class="ends">
          <ViewSegments />
          <Exports
            names={{ png: file, csv: file }}
            picture={() => ({
              title: `${TEXT.title}: ${layers ? TEXT.views.layers : row}`,
              facts: [
                kind === "stock" ? TEXT.stock : kindName(kind),
                layers ? UI_TEXT.stepFact(step) : UI_TEXT.cursorFact(step),
                !layers &&
                  listing.steps.length > 0 &&
                  UI_TEXT.stepsFact(listing.steps[0], listing.steps[listing.steps.length - 1]),
                TEXT.views[mode],
                TEXT.heightFact(ownHeight),
                TEXT.valuesFact(from === null ? null : tick(snap(from)), to === null ? null : tick(snap(to))),
                !layers && overlay !== "none" && TEXT.overlayFact(TEXT.overlays[overlay]),
              ],
            })}
            png={() => document.querySelector<HTMLElement>('[data-testid="stage"]')}
            csv={() => histogramCsv(shown?.series ?? [])}
            disabled={!shown}
          />
        </div>
      </div>
      <div class="tools second">
        <HeightSegments />
        {!layers && <OverlaySelect />}
        <ValueControl />
        <StepSlider steps={listing.steps} step={step} set={set} ready={current.data !== null} />
      </div>
      {failure}
      <div class={layers ? "with-layers wide" : "with-layers"}>
        {!layers && (
          <LayerList
            items={items}
            selected={selected}
            select={(item) => {
              store.view.row.value = item.name;
            }}
          />
        )}
        {shown ? (
          layers ? (
            <Layers listing={listing} response={shown} stale={current.data === null} />
          ) : (
            <Stage listing={listing} response={shown} stale={current.data === null} />
          )
        ) : error === null ? (
          <div class="pending" aria-busy="true" />
        ) : null}
      </div>
    </section>
  );
}
