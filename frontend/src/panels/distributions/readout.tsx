import { shapeOf } from "../../charts/markers";
import { exact, quantity } from "../../derive/format";
import { type Histograms, shareOf } from "../../derive/histograms";
import { nearest } from "../../derive/steps";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";
import { Mark } from "../../views/icon";
import { percent, quantileText } from "./notes";

const T = TEXT.distributions;
const MEDIAN = 2;

/** Quantiles and shares of each run at the cursor's step. */
export function Readout({ series, step }: { series: readonly Histograms[]; step: number }) {
  const store = useStore();
  return (
    <table class="quantiles" data-testid="quantiles" title={T.quantileHelp}>
      <thead>
        <tr>
          <th>{T.at(step)}</th>
          {T.readout.map((name, i) => (
            <th key={name} title={T.readoutHelp[i]}>
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
          const bad = known ? shareOf(all, item, 0) + shareOf(all, item, 1) + shareOf(all, item, 519) : 0;
          return (
            <tr key={all.run} data-testid={`quantiles-${all.run}`}>
              <th title={all.run}>
                <span>
                  <Mark colour={store.colour(all.run)} shape={shapeOf(store.order.value.get(all.run) ?? 0)} />
                  <i>{store.shortNames.value.get(all.run) ?? all.run}</i>
                  {away && <small title={TEXT.nearestTitle}>{TEXT.nearestStep(all.steps[item])}</small>}
                </span>
              </th>
              {known ? (
                <>
                  {Array.from(all.quantiles.subarray(5 * item, 5 * item + 5), (value, q) => (
                    <td key={T.readout[q]} class={q === MEDIAN ? "median" : ""} title={exact(value)}>
                      {quantileText(value)}
                    </td>
                  ))}
                  <td>{percent(shareOf(all, item, 260))}</td>
                  <td class={bad > 0 ? "bad" : ""}>{percent(bad)}</td>
                  <td title={exact(all.totals[item])}>{quantity(Math.round(all.totals[item]))}</td>
                </>
              ) : (
                <td colSpan={8} class="dim">
                  {T.absent}
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
