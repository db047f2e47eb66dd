import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../plot/canvas";
import { snapshot } from "../plot/snapshot";
import { useStore } from "./context";
import { UI_TEXT } from "./text";

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Told what share of a file is done. */
export type OnProgress = (share: number) => void;

interface Props {
  /** File name without its ending. */
  name: string;
  /** The element whose picture is taken; null where there is none now. */
  png: () => HTMLElement | null;
  /** At once, or later where it has to be fetched: then it says how far it is. */
  csv: (onProgress: OnProgress, abort: AbortSignal) => string | Promise<Blob>;
  /** What the file holds, where that is not what is shown. */
  csvTitle?: string;
  disabled?: boolean;
}

/** A panel's picture and its numbers, as files. */
export function Exports({ name, png, csv, csvTitle = UI_TEXT.csvTitle, disabled = false }: Props) {
  const store = useStore();
  const [share, setShare] = useState<number | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const picture = () => {
    const element = png();
    if (!element) return;
    const canvas = snapshot(element, theme(store.dark.value).panel, Math.max(2, window.devicePixelRatio));
    canvas.toBlob((blob) => blob && download(blob, `${name}.png`), "image/png");
  };
  const later = async (file: Promise<Blob>, controller: AbortController) => {
    abort.current = controller;
    setShare(0);
    try {
      download(await file, `${name}.csv`);
    } catch (error) {
      if (!controller.signal.aborted) setFailed(error instanceof Error ? error.message : String(error));
    }
    if (abort.current !== controller) return;
    abort.current = null;
    setShare(null);
  };
  const table = () => {
    setFailed(null);
    if (abort.current) {
      abort.current.abort();
      return;
    }
    const controller = new AbortController();
    const made = csv(setShare, controller.signal);
    if (typeof made === "string") download(new Blob([made], { type: "text/csv" }), `${name}.csv`);
    else void later(made, controller);
  };
  return (
    <>
      {failed !== null && (
        <span class="export-failed" role="alert" title={failed}>
          {UI_TEXT.failed(UI_TEXT.csv)}: {failed}
        </span>
      )}
      <button
        type="button"
        class="button"
        title={UI_TEXT.pngTitle}
        data-testid="export-png"
        onClick={picture}
        disabled={disabled}
      >
        {UI_TEXT.png}
      </button>
      <button
        type="button"
        class="button"
        title={share === null ? csvTitle : UI_TEXT.csvCancel}
        data-testid="export-csv"
        onClick={table}
        disabled={disabled && share === null}
      >
        {share === null ? UI_TEXT.csv : UI_TEXT.csvShare(Math.floor(100 * share))}
      </button>
    </>
  );
}
