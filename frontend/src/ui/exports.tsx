import { useEffect, useRef, useState } from "preact/hooks";
import { fileName } from "../lib/format";
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

/** Callback for the completed fraction of a file. */
export type OnProgress = (share: number) => void;

interface Props {
  /** File name without extension. */
  name: string;
  /** Return the element to draw, or null if there is none. */
  png: () => HTMLElement | null;
  /** Return the file's text. If data must be fetched first, return a promise of the file and report progress. */
  csv: (onProgress: OnProgress, abort: AbortSignal) => string | Promise<Blob>;
  /** Tooltip, if the file contains more than the panel shows. */
  csvTitle?: string;
  disabled?: boolean;
}

/** Buttons that export a panel as PNG and CSV. */
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
    canvas.toBlob((blob) => blob && download(blob, `${fileName(name)}.png`), "image/png");
  };
  const later = async (file: Promise<Blob>, controller: AbortController) => {
    abort.current = controller;
    setShare(0);
    try {
      download(await file, `${fileName(name)}.csv`);
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
    if (typeof made === "string") download(new Blob([made], { type: "text/csv" }), `${fileName(name)}.csv`);
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
