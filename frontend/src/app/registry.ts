import type { ComponentType } from "preact";
import { TEXT } from "./text";

export interface PanelModule {
  View: ComponentType<{ reload: () => void }>;
  /** Content of the panel's style.css. */
  style: string;
}

export interface Panel {
  id: string;
  title: string;
  load: () => Promise<PanelModule>;
}

/** The panels, in the order of their tabs. Each is a chunk that is loaded when it is opened. */
export const PANELS: readonly Panel[] = [
  { id: "gradient_flow", title: TEXT.titles.gradient_flow, load: () => import("../panels/gradient_flow") },
  { id: "activations", title: TEXT.titles.activations, load: () => import("../panels/activations") },
  { id: "distributions", title: TEXT.titles.distributions, load: () => import("../panels/distributions") },
  { id: "weights", title: TEXT.titles.weights, load: () => import("../panels/weights") },
  { id: "structure", title: TEXT.titles.structure, load: () => import("../panels/structure") },
  { id: "curves", title: TEXT.titles.curves, load: () => import("../panels/curves") },
];

/** Return the panel with an ID, or the first panel if the ID is unknown. */
export const panelOf = (id: string | null): Panel => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
