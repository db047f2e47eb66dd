import { TEXT } from "../text";
import { Code } from "./empty";

interface Props {
  title: string;
  help: string;
  /** The line of code that fills the panel. */
  code: string;
}

/** A panel for which the runs shown hold nothing: says which line of code fills it. */
export function PanelEmpty({ title, help, code }: Props) {
  return (
    <div class="panel-empty" data-testid="panel-empty">
      <h2>{title}</h2>
      <p>{help}</p>
      <Code title={TEXT.fillsIt} code={code} />
    </div>
  );
}

/** No run is chosen: no panel has anything to show. */
export function NoRuns() {
  return (
    <div class="notice">
      <b>{TEXT.noneSelected}</b>
      <p>{TEXT.noneSelectedHelp}</p>
    </div>
  );
}
