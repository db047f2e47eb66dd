import { Code } from "./empty";
import { UI_TEXT } from "./text";

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
      <Code title={UI_TEXT.fillsIt} code={code} />
    </div>
  );
}

/** No run is chosen: no panel has anything to show. */
export function NoRuns() {
  return (
    <div class="notice">
      <b>{UI_TEXT.noneSelected}</b>
      <p>{UI_TEXT.noneSelectedHelp}</p>
    </div>
  );
}
