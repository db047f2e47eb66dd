import { batch, effect } from "@preact/signals";
import { render } from "preact";
import { HttpSource } from "../data/client";
import { Host } from "../data/host";
import {
  decodeState,
  encodeState,
  type Keys,
  panelKeys,
  placeOf,
  readHash,
  writeHash,
} from "../lib/links/url";
import { App } from "./app";
import { opened, written } from "./links";
import { pageState } from "./page";
import { isPanel, panelOf } from "./registry";
import style from "./style.css?inline";
import { exposeForTests } from "./test_hooks";

const textOf = (keys: Keys) => JSON.stringify([...keys]);

/** Start the page: connect the host, the state and the views. */
export function start(body: HTMLElement): void {
  const host = new Host();
  const page = pageState(
    new HttpSource(),
    () => host.isHidden(),
    () => window.innerWidth * window.devicePixelRatio,
  );
  const { store, runs } = page;
  const reloads = { begun: 0, done: 0 };
  const reload = async () => {
    const mine = ++reloads.begun;
    await runs.reload();
    reloads.done = Math.max(reloads.done, mine);
  };

  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);

  let shown = "";
  let place = "";
  const read = () => {
    const keys = opened(readHash(host.readHash(), host.prefix));
    shown = textOf(keys);
    const state = decodeState(keys);
    place = placeOf(keys, state.runs);
    // Parts of the page depend on the open panel, so it must be one that exists.
    const unknown = state.panel !== null && !isPanel(state.panel) ? state.panel : null;
    batch(() => {
      store.setState(unknown === null ? state : { ...state, panel: null });
      store.unknownPanel.value = unknown;
      store.setPanelKeys(panelKeys(keys));
    });
  };
  const write = () => {
    const keys = new Map([...encodeState(store.state(), store.names.value), ...store.panelKeys()]);
    const next = placeOf(keys, store.view.runs.value);
    shown = textOf(written(keys));
    host.writeHash(writeHash(host.readHash(), host.prefix, written(keys)), next !== place || store.jumping);
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
      void runs.shown();
    },
    // The user opened another link in the same page. URLs of other tabs have none of these keys.
    hashChanged: () => {
      const keys = readHash(host.readHash(), host.prefix);
      if (keys.size > 0 && textOf(keys) !== shown) read();
    },
    wentBack: read,
  });
  // Load the panel and the runs while the page is created. The page requests whatever fails here again, and shows the
  // error.
  panelOf(store.view.panel.value)
    .load()
    .catch(() => {});
  void runs.reload();
  const root = document.createElement("div");
  root.id = "nnviz";
  body.append(root);
  render(<App page={page} reload={() => void reload()} />, root);
  host.takeFocus();
  exposeForTests(page, reloads);
}
