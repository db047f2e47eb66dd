import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Flow } from "./flow";

export const FlowContext = createContext<Flow | null>(null);

export function useFlow(): Flow {
  const flow = useContext(FlowContext);
  if (!flow) throw new Error("missing state of Gradient flow: no provider above this view");
  return flow;
}
