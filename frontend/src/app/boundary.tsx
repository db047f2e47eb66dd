import { Component, type ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { UI_TEXT } from "../ui/text";
import { TEXT } from "./text";

interface Props {
  /** Name of the part, as in "tb_nnviz could not draw <what>". */
  what: string;
  /** A change of any of these draws the part again. */
  resetOn?: readonly unknown[];
  failed?: () => void;
  children: ComponentChildren;
}

/**
 * Error boundary of a part of the page. An error while the part is drawn takes its place, and the other parts go on.
 */
export class Boundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static override getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(): void {
    this.props.failed?.();
  }

  override componentDidUpdate(before: Props): void {
    const { resetOn = [] } = this.props;
    if (this.state.error && resetOn.some((one, i) => one !== before.resetOn?.[i])) this.retry();
  }

  private readonly retry = () => this.setState({ error: null });

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <Broken what={this.props.what} error={error} retry={this.retry} />;
  }
}

function Broken({ what, error, retry }: { what: string; error: Error; retry: () => void }) {
  const details = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const text = [TEXT.renderFailed(what), error.stack ?? error.message, navigator.userAgent].join("\n");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Without clipboard permission in this frame, select the details, so that they can be copied by hand.
      if (details.current) window.getSelection()?.selectAllChildren(details.current);
    }
  };
  return (
    <div class="failure broken" role="alert" data-testid="error">
      <div>
        <b>{TEXT.renderFailed(what)}</b>
        <p>{error.message}</p>
        <details>
          <summary>{TEXT.details}</summary>
          <pre ref={details}>{text}</pre>
        </details>
      </div>
      <button type="button" class="button" onClick={retry} data-testid="error-retry">
        {UI_TEXT.retry}
      </button>
      <button type="button" class="button" onClick={copy} data-testid="error-copy">
        {copied ? UI_TEXT.copied : TEXT.copyDetails}
      </button>
    </div>
  );
}
