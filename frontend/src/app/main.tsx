import { batch, effect } from "@preact/signals";
import { render } from "preact";
import { HttpSource } from "../data/client";
import { Host } from "../data/host";
import { QueryClient } from "../data/query_client";
import { Store } from "../data/store";
import { decodeState, encodeState, panelKeys, placeOf, readHash, writeHash } from "../lib/url";
import { App } from "./app";
import { Loader } from "./loader";
import { panelOf } from "./registry";
import style from "./style.css?inline";
import { exposeForTests } from "./test_hooks";

/** Puts the parts together: the host's events and the server's answers feed the store, the views show it. */
export function start(body: HTMLElement): void {
  const host = new Host();
  const store = new Store();
  const source = new HttpSource();
  const loader = new Loader(
    store,
    source,
    () => host.isHidden(),
    () => window.innerWidth * window.devicePixelRatio,
  );
  const client = new QueryClient(source, () => host.isHidden());
  const reloads = { begun: 0, done: 0 };
  const reload = async () => {
    const mine = ++reloads.begun;
    client.reload();
    await loader.reload();
    reloads.done = Math.max(reloads.done, mine);
  };

  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);

  let written = "";
  let place = "";
  const read = () => {
    const keys = readHash(host.readHash(), host.prefix);
    written = JSON.stringify(keys);
    place = placeOf(keys);
    batch(() => {
      store.setState(decodeState(keys));
      store.setPanelKeys(panelKeys(keys));
    });
  };
  const write = () => {
    const keys = { ...encodeState(store.state()), ...store.panelKeys() };
    const next = placeOf(keys);
    written = JSON.stringify(keys);
    host.writeHash(writeHash(host.readHash(), host.prefix, keys), next !== place || store.jumping);
    place = next;
  };
  const setDark = (dark: boolean) => {
    store.dark.value = dark;
    document.documentElement.classList.toggle("dark", dark);
  };

  setDark(host.isDark());
  read();
  effect(write);
  host.connect({
    reloaded: () => void reload(),
    darkChanged: setDark,
    shown: () => {
      write();
      host.takeFocus();
      client.shown();
      void loader.shown();
    },
    // Someone opened another link in the same page. Other tabs' addresses do not speak of us.
    hashChanged: () => {
      const keys = readHash(host.readHash(), host.prefix);
      if (Object.keys(keys).length > 0 && JSON.stringify(keys) !== written) read();
    },
    wentBack: read,
  });
  // Both are on their way while the page is made. What fails here is asked for again there, and said.
  panelOf(store.view.panel.value)
    .load()
    .catch(() => {});
  void loader.reload();
  const root = document.createElement("div");
  root.id = "nnviz";
  body.append(root);
  render(<App store={store} client={client} reload={() => void reload()} />, root);
  host.takeFocus();
  exposeForTests(store, client, reloads);
}
