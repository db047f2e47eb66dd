import { ink } from "../charts/canvas";
import { snapshot } from "../charts/snapshot";
import { TEXT } from "../text";
import { useStore } from "./context";

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

interface Props {
  /** File name without its ending. */
  name: string;
  /** The element whose picture is taken; null where there is none now. */
  png: () => HTMLElement | null;
  csv: () => string;
  disabled?: boolean;
}

/** A panel's picture and its numbers, as files. */
export function Exports({ name, png, csv, disabled = false }: Props) {
  const store = useStore();
  const picture = () => {
    const element = png();
    if (!element) return;
    const canvas = snapshot(element, ink(store.dark.value).panel, Math.max(2, window.devicePixelRatio));
    canvas.toBlob((blob) => blob && download(blob, `${name}.png`), "image/png");
  };
  const table = () => download(new Blob([csv()], { type: "text/csv" }), `${name}.csv`);
  return (
    <>
      <button
        type="button"
        class="button"
        title={TEXT.pngTitle}
        data-testid="export-png"
        onClick={picture}
        disabled={disabled}
      >
        {TEXT.png}
      </button>
      <button
        type="button"
        class="button"
        title={TEXT.csvTitle}
        data-testid="export-csv"
        onClick={table}
        disabled={disabled}
      >
        {TEXT.csv}
      </button>
    </>
  );
}
