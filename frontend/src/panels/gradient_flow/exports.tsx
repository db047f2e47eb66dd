import { ink } from "../../charts/canvas";
import { snapshot } from "../../charts/snapshot";
import { toCsv } from "../../derive/csv";
import { TEXT } from "../../text";
import { useStore } from "../../views/context";

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function Exports() {
  const store = useStore();
  const nothing = store.grids.value.length === 0;
  const name = `nnviz_${store.kind.value}_${store.statistic.value.replace("~", "")}`;
  const csv = () => {
    const text = toCsv(store.grids.value, store.lines.value, store.scale.value);
    download(new Blob([text], { type: "text/csv" }), `${name}.csv`);
  };
  const png = () => {
    const stage = document.querySelector<HTMLElement>('[data-testid="stage"]');
    if (!stage) return;
    const picture = snapshot(stage, ink(store.dark.value).panel, Math.max(2, window.devicePixelRatio));
    picture.toBlob((blob) => blob && download(blob, `${name}_step_${store.step.value}.png`), "image/png");
  };
  return (
    <>
      <button
        type="button"
        class="button"
        title={TEXT.pngTitle}
        data-testid="export-png"
        onClick={png}
        disabled={nothing}
      >
        {TEXT.png}
      </button>
      <button
        type="button"
        class="button"
        title={TEXT.csvTitle}
        data-testid="export-csv"
        onClick={csv}
        disabled={nothing}
      >
        {TEXT.csv}
      </button>
    </>
  );
}
