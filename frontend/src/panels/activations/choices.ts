import { useStore } from "../../ui/context";
import type { MapScaleMode } from "./model_scale";
import type { UnitOrder } from "./model_units";
import { MAP_COLOURS, type MapColours } from "./paint";

const SCALES: readonly MapScaleMode[] = ["layer", "channel", "fixed"];

/** Return a value of the URL, or null if it is not one of the known values. */
const oneOf = <T extends string>(all: readonly T[], value: string | null): T | null =>
  all.includes(value as T) ? (value as T) : null;

function integer(value: string | null): number | null {
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Return the settings of this panel, each stored in a URL key. */
export function useChoices() {
  const store = useStore();
  const key = (name: string) => store.key(`act.${name}`);
  const set = (name: string, value: string | null) => {
    key(name).value = value;
  };
  const fixed = Number(key("fixed").value);
  return {
    sample: integer(key("sample").value) ?? 0,
    setSample: (sample: number) => set("sample", sample === 0 ? null : String(sample)),
    colours: oneOf<MapColours>(MAP_COLOURS, key("colours").value) ?? "viridis",
    setColours: (name: string) => set("colours", name === "viridis" ? null : name),
    scale: oneOf<MapScaleMode>(SCALES, key("scale").value) ?? "layer",
    setScale: (scale: MapScaleMode) => set("scale", scale === "layer" ? null : scale),
    /** Upper end of the fixed scale. Null means a suggested round number. */
    fixed: Number.isFinite(fixed) && fixed > 0 ? fixed : null,
    setFixed: (value: number | null) => set("fixed", value === null ? null : String(value)),
    differ: key("mode").value === "difference",
    setDiffer: (on: boolean) => set("mode", on ? "difference" : null),
    /** Order of units. Null means the layer's default. */
    order: oneOf<UnitOrder>(["activity", "index"], key("order").value),
    setOrder: (order: string) => set("order", order),
    /** Original index of the unit whose history is open. */
    unit: integer(key("unit").value),
    setUnit: (unit: number | null) => set("unit", unit === null ? null : String(unit)),
  };
}

export type Choices = ReturnType<typeof useChoices>;
