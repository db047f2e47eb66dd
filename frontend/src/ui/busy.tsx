import { UI_TEXT } from "./text";

interface Props {
  /** Number of runs loaded, of those requested. Null if the progress is unknown. */
  progress?: { done: number; of: number } | null;
}

/**
 * Progress bar below the tools while data is loading, followed by a text after a while. It does not shift the layout.
 */
export function Busy({ progress = null }: Props) {
  const known = progress !== null && progress.of > 1;
  const some = known && progress.done > 0;
  return (
    <div class="busy" role="status">
      <i
        class={some ? "share" : undefined}
        style={some ? { width: `${(100 * progress.done) / progress.of}%` } : undefined}
      />
      <span>{known ? UI_TEXT.loadingRuns(progress.done, progress.of) : UI_TEXT.loading}</span>
    </div>
  );
}
