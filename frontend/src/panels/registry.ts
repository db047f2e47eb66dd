import type { ComponentType } from "preact";
import { TEXT } from "../text";

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
  { id: "gradient_flow", title: TEXT.gradientFlow, load: () => import("./gradient_flow") },
  { id: "activations", title: TEXT.activations.title, load: () => import("./activations") },
  { id: "distributions", title: TEXT.distributions.title, load: () => import("./distributions") },
  { id: "weights", title: TEXT.weights.title, load: () => import("./weights") },
  { id: "structure", title: TEXT.structure.title, load: () => import("./structure") },
  { id: "curves", title: TEXT.curves.title, load: () => import("./curves") },
];

/** The panel of that name; the first one for a name that there is not. */
export const panelOf = (id: string | null): Panel => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
