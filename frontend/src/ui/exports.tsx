import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../plot/canvas";
import { shapeOf } from "../plot/markers";
import type { PictureHead } from "../plot/picture_head";
import { snapshot } from "../plot/snapshot";
import { svgPicture } from "../plot/svg_picture";
import { layOutWhole } from "../plot/whole";
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

const frames = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((done) => requestAnimationFrame(done));
};

/** Callback for the completed fraction of a file. */
export type OnProgress = (share: number) => void;

/** Text of a picture above its content, beside the names of the runs. */
export interface PictureText {
  title: string;
  facts: readonly (string | false | null)[];
}

/** Return text as a part of a file name. */
const filePart = (text: string) => text.replace(/[^\w.+-]+/g, "_").slice(0, 120);

/** Maximum length of a name. Most systems allow 255 bytes with the ending. */
const MAX_NAME = 200;

/** Return the name of a file without extension: `nnviz_gradient_norm_steps_0-240`. */
export const fileName = (...parts: readonly (string | false | null)[]) =>
  ["nnviz", ...parts]
    .filter((part) => part !== false && part !== null && part !== "")
    .map((part) => filePart(String(part)))
    .join("_")
    .slice(0, MAX_NAME);

/** Return a range of steps as a part of a file name. */
export const stepsPart = (steps: ArrayLike<number>) =>
  steps.length === 0
    ? null
    : steps.length === 1
      ? `step_${steps[0]}`
      : `steps_${steps[0]}-${steps[steps.length - 1]}`;

interface Props {
  /** Names of the files without extension. Each says what its file contains. */
  names: { png: string; csv: string };
  /** Return the element to draw, or null if there is none. */
  png: () => HTMLElement | null;
  picture: () => PictureText;
  /** Return the parts of the page that an SVG file shows. Without it there is no such file. */
  svg?: () => HTMLElement[];
  /** Return the file's text. If data must be fetched first, return a promise of the file and report progress. */
  csv: (onProgress: OnProgress, abort: AbortSignal) => string | Promise<Blob>;
  /** Tooltip, if the file contains more than the panel shows. */
  csvTitle?: string;
  disabled?: boolean;
}

/** Buttons that export a panel as PNG and CSV. */
export function Exports({
  names,
  png,
  picture: textOf,
  svg,
  csv,
  csvTitle = UI_TEXT.csvTitle,
  disabled = false,
}: Props) {
  const store = useStore();
  const [share, setShare] = useState<number | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  /** Lay out the whole panel, and then draw it. */
  const print = async (draw: (element: HTMLElement, head: PictureHead) => void) => {
    const element = png();
    if (!element || store.printing.value) return;
    const { title, facts } = textOf();
    const head = {
      title,
      facts: facts.filter((fact): fact is string => typeof fact === "string" && fact !== ""),
      runs: store.shown.value.map((run) => ({
        name: run,
        note: run === store.ref.value && store.shown.value.length > 1 ? UI_TEXT.reference : "",
        colour: store.colour(run),
        shape: shapeOf(store.order.value.get(run) ?? 0),
      })),
    };
    store.printing.value = true;
    let restore = () => {};
    try {
      // The panel renders what is scrolled out of view, and then draws it.
      await frames(2);
      restore = layOutWhole(element);
      draw(element, head);
    } finally {
      restore();
      store.printing.value = false;
    }
  };
  const picture = () =>
    print((element, head) => {
      const canvas = snapshot(element, head, theme(store.dark.value), Math.max(2, window.devicePixelRatio));
      canvas.toBlob((blob) => blob && download(blob, `${names.png}.png`), "image/png");
    });
  const vector = (parts: () => HTMLElement[]) =>
    print((_, head) => {
      const g = document.createElement("canvas").getContext("2d");
      if (!g) return;
      const text = svgPicture(parts(), head, theme(store.dark.value), g);
      download(new Blob([text], { type: "image/svg+xml" }), `${names.png}.svg`);
    });
  const later = async (file: Promise<Blob>, controller: AbortController) => {
    abort.current = controller;
    setShare(0);
    try {
      download(await file, `${names.csv}.csv`);
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
    if (typeof made === "string") download(new Blob([made], { type: "text/csv" }), `${names.csv}.csv`);
    else void later(made, controller);
  };
  return (
    <>
      {store.printing.value && (
        <div class="printing" role="status">
          {UI_TEXT.drawing}
        </div>
      )}
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
        onClick={() => void picture()}
        disabled={disabled}
      >
        {UI_TEXT.png}
      </button>
      {svg && (
        <button
          type="button"
          class="button"
          title={UI_TEXT.svgTitle}
          data-testid="export-svg"
          onClick={() => void vector(svg)}
          disabled={disabled}
        >
          {UI_TEXT.svg}
        </button>
      )}
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
