import { exact, quantity } from "../../../lib/format";
import { nearest } from "../../../lib/steps";
import { shapeOf } from "../../../plot/markers";
import { useStore } from "../../../ui/context";
import { RunMarker } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { UI_TEXT } from "../../../ui/text";
import { type Histograms, hasUnknown, shareOf } from "../model";
import { TEXT } from "../text";
import { percent, quantileText } from "../tooltip";

const MEDIAN = 2;

/** Quantiles and shares of each run at the cursor's step. */
export function Readout({ series, step }: { series: readonly Histograms[]; step: number }) {
  const store = useStore();
  return (
    <table class="quantiles" data-testid="quantiles" title={TEXT.quantileHelp}>
      <thead>
        <tr>
          <th>{TEXT.at(step)}</th>
          {TEXT.readout.map((name, i) => (
            <th key={name} title={TEXT.readoutHelp[i]}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {series.map((all) => {
          const item = nearest(all.steps, step);
          const away = all.steps[item] !== step;
          const known = item >= 0 && all.totals[item] > 0;
          const unknown = known && hasUnknown(all, item);
          const bad = known ? shareOf(all, item, 0) + shareOf(all, item, 1) + shareOf(all, item, 519) : 0;
          return (
            <tr key={all.run} data-testid={`quantiles-${all.run}`}>
              <th title={all.run}>
                <span>
                  <RunMarker
                    colour={store.colour(all.run)}
                    shape={shapeOf(store.order.value.get(all.run) ?? 0)}
                  />
                  <Name
                    as="i"
                    text={store.shortNames.value.get(all.run) ?? all.run}
                    among={store.shortList.value}
                  />
                  {away && <small title={UI_TEXT.nearestTitle}>{UI_TEXT.nearestStep(all.steps[item])}</small>}
                </span>
              </th>
              {known ? (
                <>
                  {Array.from(all.quantiles.subarray(5 * item, 5 * item + 5), (value, q) => (
                    <td
                      key={TEXT.readout[q]}
                      class={Number.isNaN(value) ? "bad" : q === MEDIAN ? "median" : ""}
                      title={exact(value)}
                    >
                      {quantileText(value)}
                    </td>
                  ))}
                  <td>{percent(shareOf(all, item, 260))}</td>
                  <td class={bad > 0 || unknown ? "bad" : ""} title={unknown ? TEXT.unknownHelp : undefined}>
                    {unknown ? TEXT.unknown : percent(bad)}
                  </td>
                  <td title={exact(all.totals[item])}>{quantity(Math.round(all.totals[item]))}</td>
                </>
              ) : (
                <td colSpan={8} class="dim">
                  {TEXT.absent}
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
