import type { ComponentType } from "preact";
import { gradientFlow } from "./gradient_flow";

export interface Panel {
  id: string;
  title: string;
  View: ComponentType<{ reload: () => void }>;
}

/** One line a panel. */
export const PANELS: readonly Panel[] = [gradientFlow];
