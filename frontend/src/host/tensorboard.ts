/** TensorBoard as the host of this page: its messages, its dark mode, its address. */

const PREFIX = "p.nnviz.";

interface Message {
  type: string;
  id: number;
  payload: unknown;
  error: string | null;
  isReply: boolean;
}

export interface HostEvents {
  reloaded(): void;
  darkChanged(dark: boolean): void;
  shown(): void;
  hashChanged(): void;
}

/** The page's own window when it is opened alone, for development. */
function hostWindow(): Window {
  try {
    if (window.parent !== window && window.parent.document) return window.parent;
  } catch {
    // Another origin embeds us (a notebook proxy): then there is no host to speak of.
  }
  return window;
}

export class Host {
  private readonly window = hostWindow();

  readonly prefix = PREFIX;

  isDark(): boolean {
    return this.window.document.body.classList.contains("dark-mode");
  }

  /** TensorBoard keeps hidden tabs alive at height 0. */
  isHidden(): boolean {
    return this.window !== window && window.innerHeight === 0;
  }

  readHash(): string {
    return this.window.location.hash;
  }

  writeHash(hash: string): void {
    // While another tab is shown the address is that tab's.
    if (this.isHidden() || hash === this.readHash()) return;
    const { pathname, search } = this.window.location;
    this.window.history.replaceState(this.window.history.state, "", `${pathname}${search}${hash}`);
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
    window.addEventListener("resize", resized);
    this.window.addEventListener("hashchange", hash);
    const port = this.window === window ? null : this.listen(events);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", resized);
      this.window.removeEventListener("hashchange", hash);
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
