import { useEffect, useState } from "preact/hooks";
import { QueryContext } from "../data/use_query";
import { FlowContext } from "../panels/gradient_flow/state/context";
import { StoreContext, useStore } from "../ui/context";
import { Empty } from "../ui/empty";
import { Failure, Unread } from "../ui/failure";
import { Icon } from "../ui/icon";
import { UI_TEXT } from "../ui/text";
import { Tooltip } from "../ui/tooltip";
import { Boundary } from "./boundary";
import { Overheads } from "./cost";
import { FindingsStrip } from "./findings";
import { KeyHelp, useKeys } from "./keys";
import { Notices } from "./notices";
import type { PageState } from "./page";
import { PanelView } from "./panel";
import { PANELS, panelOf } from "./registry";
import { RunPicker } from "./run_picker";
import { Tabs } from "./tabs";
import { TEXT } from "./text";

const NARROW = 900;

interface AppProps {
  page: Pick<PageState, "store" | "client" | "flow">;
  reload: () => void;
}

export function App({ page: { store, client, flow }, reload }: AppProps) {
  return (
    <Boundary what={TEXT.page}>
      <StoreContext.Provider value={store}>
        <QueryContext.Provider value={client}>
          <FlowContext.Provider value={flow}>
            <Page reload={reload} />
          </FlowContext.Provider>
        </QueryContext.Provider>
      </StoreContext.Provider>
    </Boundary>
  );
}

function Page({ reload }: { reload: () => void }) {
  const store = useStore();
  const [side, setSide] = useSide();
  useKeys(PANELS);
  // Findings are above the panel. The page stays hidden until their height is known, so that nothing jumps.
  const [stable, setStable] = useState(false);
  const runs = store.runs.value;
  const error = store.runsError.value;
  if (runs === null) {
    if (error !== null) return <Failure what={TEXT.whatRuns} message={error} retry={reload} />;
    return (
      <div class="waiting" role="status">
        {UI_TEXT.loading}
      </div>
    );
  }
  if (runs.length === 0) return <Empty />;
  const panel = panelOf(store.view.panel.value);
  // Health itself shows the findings.
  const hasStrip = panel.id !== "health";
  return (
    <div class={side ? "app" : "app folded"}>
      {side ? (
        <aside class="side" aria-label={TEXT.runs}>
          <Boundary what={TEXT.whatRuns} resetOn={[runs]}>
            <RunPicker fold={() => setSide(false)} />
          </Boundary>
          <Unread missing={store.runsMissing.value} />
          {error !== null && <Failure what={TEXT.whatRuns} message={error} retry={reload} />}
        </aside>
      ) : (
        <div class="rail">
          <button
            type="button"
            class="icon"
            title={TEXT.showSide}
            aria-label={TEXT.showSide}
            onClick={() => setSide(true)}
          >
            <Icon name="open" />
          </button>
        </div>
      )}
      <main class={stable || !hasStrip ? "main" : "main settling"}>
        <Boundary what={TEXT.health.what} resetOn={[runs]} failed={() => setStable(true)}>
          <Overheads />
          {hasStrip && <FindingsStrip stable={() => setStable(true)} />}
        </Boundary>
        <LinkNotice title={panel.title} />
        <RunLimit />
        <Tabs panels={PANELS} now={panel.id} />
        <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${panel.id}`}>
          <Notices panel={panel} />
          <Boundary
            key={panel.id}
            what={TEXT.whatPanel(panel.title)}
            resetOn={[runs, store.shown.value]}
            failed={() => {
              store.tooltip.value = null;
            }}
          >
            <PanelView panel={panel} reload={reload} />
          </Boundary>
        </div>
      </main>
      <Tooltip />
      <KeyHelp />
    </div>
  );
}

/** Notice that more runs are selected than the panel draws. */
function RunLimit() {
  const store = useStore();
  const [shown, selected] = [store.shown.value.length, store.selected.value.length];
  if (shown === selected) return null;
  return (
    <div class="link-notice" role="status" data-testid="run-limit">
      <b>{TEXT.firstRuns(shown, selected)}</b>
      <span>{TEXT.narrow}</span>
    </div>
  );
}

/** Notice that a link named a panel that does not exist. */
function LinkNotice({ title }: { title: string }) {
  const { unknownPanel } = useStore();
  if (unknownPanel.value === null) return null;
  return (
    <div class="link-notice" role="status" data-testid="unknown-panel">
      <span>{TEXT.unknownPanel(unknownPanel.value, title)}</span>
      <button
        type="button"
        class="button"
        onClick={() => {
          unknownPanel.value = null;
        }}
      >
        {TEXT.dismiss}
      </button>
    </div>
  );
}

/**
 * Return whether the list of runs is open, and a function to open or close it. On a narrow page such as a notebook
 * cell it is closed by default.
 */
function useSide(): [boolean, (open: boolean) => void] {
  const [chosen, choose] = useState<boolean | null>(null);
  const [wide, setWide] = useState(window.innerWidth >= NARROW);
  useEffect(() => {
    const resized = () => {
      if (window.innerHeight > 0) setWide(window.innerWidth >= NARROW);
    };
    window.addEventListener("resize", resized);
    return () => window.removeEventListener("resize", resized);
  }, []);
  return [chosen ?? wide, choose];
}
