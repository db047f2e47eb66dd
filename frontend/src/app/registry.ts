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

/** One line a panel; each is a chunk of its own, loaded when it is opened. */
export const PANELS: readonly Panel[] = [
  { id: "gradient_flow", title: TEXT.titles.gradient_flow, load: () => import("../panels/gradient_flow") },
  { id: "activations", title: TEXT.titles.activations, load: () => import("../panels/activations") },
  { id: "distributions", title: TEXT.titles.distributions, load: () => import("../panels/distributions") },
  { id: "weights", title: TEXT.titles.weights, load: () => import("../panels/weights") },
  { id: "structure", title: TEXT.titles.structure, load: () => import("../panels/structure") },
  { id: "curves", title: TEXT.titles.curves, load: () => import("../panels/curves") },
];

/** The panel of that name; the first one for a name that there is not. */
export const panelOf = (id: string | null): Panel => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
