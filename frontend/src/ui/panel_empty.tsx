import { Code } from "./empty";
import { UI_TEXT } from "./text";

interface Props {
  title: string;
  help: string;
  /** The line of code that logs the panel's data. */
  code: string;
}

/** Empty state of a panel, which shows the line of code that logs its data. */
export function PanelEmpty({ title, help, code }: Props) {
  return (
    <div class="panel-empty" data-testid="panel-empty">
      <h2>{title}</h2>
      <p>{help}</p>
      <Code title={UI_TEXT.fillsIt} code={code} />
    </div>
  );
}

/** Notice that no run is selected. */
export function NoRuns() {
  return (
    <div class="notice">
      <b>{UI_TEXT.noneSelected}</b>
      <p>{UI_TEXT.noneSelectedHelp}</p>
    </div>
  );
}
