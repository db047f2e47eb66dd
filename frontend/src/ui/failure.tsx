import { UI_TEXT } from "./text";

/** An error message with a retry button, in place of the content. */
export function Failure({ what, message, retry }: { what: string; message: string; retry: () => void }) {
  return (
    <div class="failure" role="alert" data-testid="error">
      <div>
        <b>{UI_TEXT.failed(what)}</b>
        <p>{message}</p>
      </div>
      <button type="button" class="button" onClick={retry}>
        {UI_TEXT.retry}
      </button>
    </div>
  );
}
