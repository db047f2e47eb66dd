import { useMemo } from "preact/hooks";
import { useStore } from "../../../ui/context";
import type { Models } from "../model";
import { architecturesOf } from "../model_architectures";
import { TEXT } from "../text";

/** Line above the table and the graph if the shown runs have several architectures. */
export function ArchitecturesLine({ models }: { models: Models }) {
  const store = useStore();
  const { list, shared, changed, some } = useMemo(() => architecturesOf(models), [models]);
  if (list.length < 2) return null;
  const name = (run: string) => store.shortNames.value.get(run) ?? run;
  return (
    <div class="architectures" data-testid="architectures">
      <b>{TEXT.architectures(list.length)}</b>
      <span>{TEXT.sharedLayers(shared)}</span>
      {changed > 0 && <span title={TEXT.changedHelp}>{TEXT.changedLayers(changed)}</span>}
      {list.map(
        ({ runs, only }, i) =>
          only > 0 && (
            <span key={runs[0]} title={runs.join("\n")}>
              {TEXT.onlyLayers(i === 0 ? "−" : "+", only, name(runs[0]), runs.length - 1)}
            </span>
          ),
      )}
      {some > 0 && <span>{TEXT.someLayers(some)}</span>}
    </div>
  );
}
