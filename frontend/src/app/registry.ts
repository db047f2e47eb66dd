import type { ComponentType } from "preact";
import { TEXT } from "./text";

export interface PanelModule {
  View: ComponentType<{ reload: () => void }>;
  /** The panel's own style.css. */
  style: string;
}

export interface Panel {
  id: string;
  title: string;
  load: () => Promise<PanelModule>;
}

/** The panels, one per line. Each is a chunk that is loaded when it is opened. */
export const PANELS: readonly Panel[] = [
  { id: "gradient_flow", title: TEXT.titles.gradient_flow, load: () => import("../panels/gradient_flow") },
  { id: "activations", title: TEXT.titles.activations, load: () => import("../panels/activations") },
  { id: "distributions", title: TEXT.titles.distributions, load: () => import("../panels/distributions") },
  { id: "weights", title: TEXT.titles.weights, load: () => import("../panels/weights") },
  { id: "structure", title: TEXT.titles.structure, load: () => import("../panels/structure") },
  { id: "curves", title: TEXT.titles.curves, load: () => import("../panels/curves") },
];

/** Return the panel of a name; the first panel for an unknown name. */
export const panelOf = (id: string | null): Panel => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
