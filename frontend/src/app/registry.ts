import type { ComponentType } from "preact";

export interface PanelModule {
  View: ComponentType<{ reload: () => void }>;
  /** Content of the panel's style.css. */
  style: string;
}

export interface Panel {
  id: string;
  title: string;
  /** Number of runs that it draws without a noticeable delay. */
  maxRuns: number;
  load: () => Promise<PanelModule>;
}

/** The panels, in the order of their tabs. Each is a chunk that is loaded when it is opened. */
export const PANELS: readonly Panel[] = [
  {
    id: "gradient_flow",
    title: "Gradient flow",
    maxRuns: 100,
    load: () => import("../panels/gradient_flow"),
  },
  { id: "activations", title: "Activations", maxRuns: 48, load: () => import("../panels/activations") },
  { id: "distributions", title: "Distributions", maxRuns: 48, load: () => import("../panels/distributions") },
  { id: "weights", title: "Weights", maxRuns: 48, load: () => import("../panels/weights") },
  { id: "structure", title: "Structure", maxRuns: 100, load: () => import("../panels/structure") },
  { id: "curves", title: "Curves", maxRuns: 200, load: () => import("../panels/curves") },
];

export const isPanel = (id: string) => PANELS.some((panel) => panel.id === id);

/** Return the panel with an ID, or the first panel if the ID is unknown. */
export const panelOf = (id: string | null): Panel => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
