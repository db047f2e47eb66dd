import type { Store } from "../../data/store";
import { joinList, splitList } from "../../lib/links/list";
import type { YMode } from "./layout";
import { X_MODES, type XMode } from "./model_lines";

const SMOOTHING = 0.6;
export const Y_MODES: readonly YMode[] = ["auto", "log", "linear"];

/** Return true for a step or a time that a chart can show. */
const isPlace = (x: number) => Math.abs(x) <= Number.MAX_SAFE_INTEGER;

/** Return the settings of this panel, which are stored in URL keys. Invalid values are ignored. */
export function settings(store: Store) {
  const key = (name: string) => store.key(`cur.${name}`);
  const weight = Number(key("smooth").value ?? SMOOTHING);
  const x = key("x").value as XMode;
  const y = key("y").value as YMode;
  const zoom = (key("zoom").value ?? "").split("~").map(Number);
  const pins = splitList(key("pins").value ?? "");
  return {
    smoothing: weight >= 0 && weight < 1 ? weight : SMOOTHING,
    x: X_MODES.includes(x) ? x : "step",
    y: Y_MODES.includes(y) ? y : "auto",
    outliers: key("outliers").value === "1",
    filter: key("filter").value ?? "",
    pins,
    large: key("large").value,
    zoom: (zoom.length === 2 && zoom[0] < zoom[1] && zoom.every(isPlace) ? zoom : null) as
      | [number, number]
      | null,
    setSmoothing: (value: number) => {
      key("smooth").value = value === SMOOTHING ? null : String(value);
    },
    setX: (mode: XMode) => {
      key("x").value = mode === "step" ? null : mode;
      // A range of steps is meaningless in seconds.
      key("zoom").value = null;
    },
    setY: (mode: YMode) => {
      key("y").value = mode === "auto" ? null : mode;
    },
    setOutliers: (on: boolean) => {
      key("outliers").value = on ? "1" : null;
    },
    setFilter: (text: string) => {
      key("filter").value = text === "" ? null : text;
    },
    togglePin: (id: string) => {
      const next = pins.includes(id) ? pins.filter((one) => one !== id) : [...pins, id];
      key("pins").value = next.length > 0 ? joinList(next) : null;
    },
    setLarge: (id: string | null) => {
      key("large").value = id;
    },
    setZoom: (range: readonly [number, number] | null) => {
      key("zoom").value = range ? range.map((one) => Number(one.toPrecision(12))).join("~") : null;
    },
  };
}

export type Settings = ReturnType<typeof settings>;
