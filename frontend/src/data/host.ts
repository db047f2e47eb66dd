/** TensorBoard as the host of this page: messages, dark mode, URL. */

const PREFIX = "p.nnviz.";
const MARK = "nnviz";

interface Message {
  type: string;
  id: number;
  payload: unknown;
  error: string | null;
  isReply: boolean;
}

interface HostEvents {
  reloaded(): void;
  darkChanged(dark: boolean): void;
  shown(): void;
  hashChanged(): void;
  /** The back or forward button led to another view of this page. */
  wentBack(): void;
}

/** Return TensorBoard's window, or the page's own if the page is opened alone for development. */
function hostWindow(): Window {
  try {
    if (window.parent !== window && window.parent.document) return window.parent;
  } catch {
    // The page is embedded by another origin, such as a notebook proxy, whose window is not accessible.
  }
  return window;
}

export class Host {
  private readonly window = hostWindow();

  readonly prefix = PREFIX;

  isDark(): boolean {
    return this.window.document.body.classList.contains("dark-mode");
  }

  /** Return whether the tab is hidden. TensorBoard keeps hidden tabs alive at height 0. */
  isHidden(): boolean {
    return this.window !== window && window.innerHeight === 0;
  }

  /** Take the focus, so that keys work without a click, unless an element of TensorBoard has it. */
  takeFocus(): void {
    const { activeElement, body } = this.window.document;
    if (!this.isHidden() && (activeElement === body || activeElement === null)) window.focus();
  }

  readHash(): string {
    return this.window.location.hash;
  }

  /** Write the hash. With `push`, the current view stays in the history for the back button. */
  writeHash(hash: string, push: boolean): void {
    // While another tab of TensorBoard is shown, the URL belongs to that tab.
    if (this.isHidden() || hash === this.readHash()) return;
    const { history, location } = this.window;
    const url = `${location.pathname}${location.search}${hash}`;
    if (push) {
      // Mark both entries: a view without any key is otherwise indistinguishable from TensorBoard's own entries.
      history.replaceState({ ...history.state, [MARK]: true }, "");
      history.pushState({ ...history.state, [MARK]: true }, "", url);
    } else history.replaceState(history.state, "", url);
  }

  connect(events: HostEvents): () => void {
    const body = this.window.document.body;
    let dark = this.isDark();
    const observer = new MutationObserver(() => {
      if (this.isDark() === dark) return;
      dark = !dark;
      events.darkChanged(dark);
    });
    observer.observe(body, { attributes: true, attributeFilter: ["class"] });
    let hidden = this.isHidden();
    const resized = () => {
      const now = this.isHidden();
      if (hidden && !now) events.shown();
      hidden = now;
    };
    const hash = () => events.hashChanged();
    const back = ({ state }: PopStateEvent) => {
      if (!this.isHidden() && (state as { [MARK]?: boolean } | null)?.[MARK]) events.wentBack();
    };
    window.addEventListener("resize", resized);
    this.window.addEventListener("hashchange", hash);
    this.window.addEventListener("popstate", back);
    const port = this.window === window ? null : this.listen(events);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", resized);
      this.window.removeEventListener("hashchange", hash);
      this.window.removeEventListener("popstate", back);
      port?.close();
    };
  }

  private listen(events: HostEvents): MessagePort {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as Message;
      if (message.isReply) return;
      const reply: Message = { ...message, payload: null, error: null, isReply: true };
      channel.port1.postMessage(JSON.stringify(reply));
      if (message.type === "experimental.DataReloaded") events.reloaded();
    };
    this.window.postMessage("experimental.bootstrap", "*", [channel.port2]);
    return channel.port1;
  }
}
