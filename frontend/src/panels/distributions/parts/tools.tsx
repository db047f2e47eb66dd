import { tick } from "../../../lib/format";
import { useStore } from "../../../ui/context";
import { NumberField, Popover } from "../../../ui/controls";
import { kindName, UI_TEXT } from "../../../ui/text";
import { type Listing, type Mode, type Overlay, useKeys } from "../data";
import { snap } from "../model_bins";
import { TEXT } from "../text";

interface SegmentsProps<V extends string> {
  label: string;
  values: readonly V[];
  value: V;
  name: (value: V) => string;
  help?: (value: V) => string | undefined;
  testid: string;
  set: (value: V) => void;
}

function Segments<V extends string>({ label, values, value, name, help, testid, set }: SegmentsProps<V>) {
  return (
    <fieldset class="segments" aria-label={label}>
      {values.map((one) => (
        <button
          type="button"
          key={one}
          aria-pressed={one === value}
          title={help?.(one)}
          data-testid={`${testid}-${one}`}
          onClick={() => set(one)}
        >
          {name(one)}
        </button>
      ))}
    </fieldset>
  );
}

export function KindSegments({ listing }: { listing: Listing }) {
  const store = useStore();
  return (
    <Segments
      label={TEXT.kind}
      values={listing.kinds}
      value={listing.kind}
      name={(kind) => (kind === "stock" ? TEXT.stock : kindName(kind))}
      help={(kind) => (kind === "stock" ? TEXT.stockTitle : undefined)}
      testid="hist-kind"
      set={(kind) => {
        store.key("hist.kind").value = kind;
        // A range typed for gradients is meaningless for parameters.
        store.key("hist.from").value = null;
        store.key("hist.to").value = null;
      }}
    />
  );
}

const MODES: readonly Mode[] = ["ridges", "map", "layers"];

export function ViewSegments() {
  const store = useStore();
  const { mode } = useKeys();
  return (
    <Segments
      label={TEXT.view}
      values={MODES}
      value={mode}
      name={(one) => TEXT.views[one]}
      help={(one) => TEXT.viewHelp[one]}
      testid="hist-view"
      set={(one) => {
        store.key("hist.view").value = one === MODES[0] ? null : one;
      }}
    />
  );
}

export function HeightSegments() {
  const store = useStore();
  const { ownHeight } = useKeys();
  return (
    <Segments
      label={TEXT.height}
      values={["shared", "step"] as const}
      value={ownHeight ? "step" : "shared"}
      name={(one) => (one === "step" ? TEXT.perStep : TEXT.shared)}
      help={(one) => (one === "step" ? TEXT.perStepHelp : TEXT.sharedHelp)}
      testid="hist-height"
      set={(one) => {
        store.key("hist.height").value = one === "step" ? one : null;
      }}
    />
  );
}

const OVERLAYS: readonly Overlay[] = ["ref", "first", "none"];

export function OverlaySelect() {
  const store = useStore();
  const { overlay } = useKeys();
  return (
    <label class="of" title={TEXT.overlayHelp}>
      <span>{TEXT.overlay}</span>
      <select
        class="button strong"
        aria-label={TEXT.overlayHelp}
        data-testid="hist-overlay"
        value={overlay}
        onChange={(event) => {
          const { value } = event.currentTarget;
          store.key("hist.overlay").value = value === OVERLAYS[0] ? null : value;
        }}
      >
        {OVERLAYS.map((one) => (
          <option key={one} value={one}>
            {TEXT.overlays[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ValueControl() {
  const store = useStore();
  const { from, to } = useKeys();
  const set = (name: string) => (value: number | null) => {
    store.key(name).value = value === null ? null : String(value);
  };
  const text = (value: number | null) => (value === null ? "…" : tick(snap(value)));
  const isWhole = from === null && to === null;
  return (
    <Popover
      label={TEXT.values}
      value={isWhole ? TEXT.whole : `${text(from)} – ${text(to)}`}
      testid="hist-values"
      help={TEXT.valuesHelp}
    >
      <div class="fields">
        <NumberField
          label={TEXT.from}
          value={from}
          placeholder={UI_TEXT.auto}
          testid="hist-from"
          set={set("hist.from")}
        />
        <NumberField
          label={TEXT.to}
          value={to}
          placeholder={UI_TEXT.auto}
          testid="hist-to"
          set={set("hist.to")}
        />
      </div>
      <button
        type="button"
        class="button"
        disabled={isWhole}
        data-testid="hist-reset"
        onClick={() => {
          set("hist.from")(null);
          set("hist.to")(null);
        }}
      >
        {UI_TEXT.reset}
      </button>
    </Popover>
  );
}
