import { useEffect, useState } from "preact/hooks";
import { Failure } from "../ui/failure";
import type { Panel, PanelModule } from "./registry";
import { TEXT } from "./text";

const loaded = new Map<string, PanelModule>();

/** Keep a loaded panel and add its styles to the page. */
function keep(id: string, module: PanelModule): void {
  if (loaded.has(id)) return;
  const sheet = document.createElement("style");
  sheet.dataset.panel = id;
  sheet.textContent = module.style;
  document.head.append(sheet);
  loaded.set(id, module);
}

/** A panel, which is loaded when it is first opened. */
export function PanelView({ panel, reload }: { panel: Panel; reload: () => void }) {
  const [error, setError] = useState<{ id: string; message: string } | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [, redraw] = useState(0);
  const module = loaded.get(panel.id);
  useEffect(() => {
    if (loaded.has(panel.id)) return;
    let current = true;
    panel.load().then(
      (one) => {
        keep(panel.id, one);
        if (current) redraw((n) => n + 1);
      },
      (reason: unknown) => {
        const message = reason instanceof Error ? reason.message : String(reason);
        if (current) setError({ id: panel.id, message });
      },
    );
    return () => {
      current = false;
    };
  }, [panel.id, attempt]);
  if (module) return <module.View reload={reload} />;
  if (error?.id !== panel.id) return <section class="panel" aria-busy="true" aria-label={panel.title} />;
  const retry = () => {
    setError(null);
    setAttempt(attempt + 1);
  };
  return <Failure what={TEXT.whatPanel(panel.title)} message={error.message} retry={retry} />;
}
