import { UI_TEXT } from "./text";

interface Props {
  /** Runs that have come, of those that were asked for; without it nobody knows how long it takes. */
  progress?: { done: number; of: number } | null;
}

/** A line below the tools while something is on its way, and in words if it takes long: nothing moves for it. */
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
