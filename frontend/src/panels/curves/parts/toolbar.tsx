import { UI_TEXT } from "../../../ui/text";
import { X_MODES } from "../model_lines";
import { type Settings, Y_MODES } from "../settings";
import { TEXT } from "../text";

export function Toolbar({ settings, valid }: { settings: Settings; valid: boolean }) {
  return (
    <>
      <Segments
        name={TEXT.x}
        testid="cur-x"
        options={X_MODES}
        now={settings.x}
        words={TEXT.xModes}
        titles={TEXT.xTitles}
        set={settings.setX}
      />
      <Segments
        name={TEXT.y}
        testid="cur-y"
        options={Y_MODES}
        now={settings.y}
        words={TEXT.yModes}
        titles={TEXT.yTitles}
        set={settings.setY}
      />
      <button
        type="button"
        class="button toggle-on"
        aria-pressed={settings.outliers}
        title={TEXT.outliersTitle}
        data-testid="cur-outliers"
        onClick={() => settings.setOutliers(!settings.outliers)}
      >
        {TEXT.outliers}
      </button>
      <label class="button smoothing" title={TEXT.smoothingHelp}>
        {TEXT.smoothing}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smoothing}
          aria-label={TEXT.smoothing}
          data-testid="cur-smoothing"
          onInput={(event) => settings.setSmoothing(Number(event.currentTarget.value))}
        />
        <b>{settings.smoothing.toFixed(2)}</b>
      </label>
      <input
        class={valid ? "field chart-filter" : "field chart-filter bad"}
        type="search"
        spellcheck={false}
        placeholder={TEXT.filter}
        aria-label={TEXT.filterName}
        aria-invalid={!valid}
        title={valid ? TEXT.filterName : UI_TEXT.badFilter}
        data-testid="cur-filter"
        value={settings.filter}
        onInput={(event) => settings.setFilter(event.currentTarget.value)}
      />
      {settings.zoom && (
        <button type="button" class="button" data-testid="cur-reset" onClick={() => settings.setZoom(null)}>
          {TEXT.reset}
        </button>
      )}
    </>
  );
}

interface SegmentsProps<O extends string> {
  name: string;
  testid: string;
  options: readonly O[];
  now: O;
  words: Readonly<Record<O, string>>;
  titles: Readonly<Record<O, string>>;
  set: (option: O) => void;
}

function Segments<O extends string>({ name, testid, options, now, words, titles, set }: SegmentsProps<O>) {
  return (
    <fieldset class="segments" aria-label={name}>
      {options.map((option) => (
        <button
          type="button"
          key={option}
          aria-pressed={option === now}
          title={titles[option]}
          data-testid={`${testid}-${option}`}
          onClick={() => set(option)}
        >
          {words[option]}
        </button>
      ))}
    </fieldset>
  );
}
