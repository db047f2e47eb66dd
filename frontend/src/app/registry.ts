import type { ComponentType } from "preact";
import type { Store } from "../data/store";
import { KINDS } from "../lib/statistics";
import type { RunInfo } from "../lib/types";

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
  /** Return a predicate: whether a notice about a kind belongs to the panel. */
  concerns: (store: Store) => (kind: string, run: RunInfo) => boolean;
}

const rows: ReadonlySet<string> = new Set(KINDS);
const some = (...kinds: string[]) => {
  const set = new Set(kinds);
  return () => (kind: string) => set.has(kind);
};

/** The panels, in the order of their tabs. Each is a chunk that is loaded when it is opened. */
export const PANELS: readonly Panel[] = [
  {
    id: "health",
    title: "Health",
    maxRuns: 100,
    load: () => import("../panels/health"),
    // The panel lists what could not be checked, with reasons.
    concerns: some(),
  },
  {
    id: "gradient_flow",
    title: "Gradient flow",
    maxRuns: 100,
    load: () => import("../panels/gradient_flow"),
    // A run that lacks a whole kind does not offer it for selection, so its reason is always shown.
    concerns:
      ({ kind: { value } }) =>
      (kind, run) =>
        rows.has(kind) && (kind === value || !run.kinds.has(kind)),
  },
  {
    id: "activations",
    title: "Activations",
    maxRuns: 48,
    load: () => import("../panels/activations"),
    concerns: some("map"),
  },
  {
    id: "distributions",
    title: "Distributions",
    maxRuns: 48,
    load: () => import("../panels/distributions"),
    concerns: some("parameter", "gradient", "activation", "activation_gradient", "input", "output"),
  },
  {
    id: "weights",
    title: "Weights",
    maxRuns: 48,
    load: () => import("../panels/weights"),
    concerns: some("weight", "tracked"),
  },
  {
    id: "structure",
    title: "Structure",
    maxRuns: 100,
    load: () => import("../panels/structure"),
    concerns:
      ({ kind: { value } }) =>
      (kind) =>
        kind === "graph" || kind === value,
  },
  {
    id: "curves",
    title: "Curves",
    maxRuns: 200,
    load: () => import("../panels/curves"),
    concerns: some("log"),
  },
];

export const isPanel = (id: string) => PANELS.some((panel) => panel.id === id);

/** The panel of links that name none. It was the first before Health, and such links still show what they showed. */
export const UNNAMED = "gradient_flow";

const named = (id: string | null) => PANELS.find((panel) => panel.id === id);

/** Return the panel with an ID. Null and unknown IDs are Gradient flow. */
export const panelOf = (id: string | null): Panel => named(id) ?? named(UNNAMED)!;
