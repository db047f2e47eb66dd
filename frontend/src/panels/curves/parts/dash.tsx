import type { Part } from "../../../lib/scalar_parts";

const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [8, 3, 2, 3], [1, 4], [12, 3]];

/** Return the dashes of a part: train solid, validation dashed, test dotted. */
export const dashOf = (part: Part) =>
  DASHES[(typeof part === "number" ? part : ["train", "validation", "test"].indexOf(part)) % DASHES.length];

/** A sample of a dashed line. */
export function Dash({ part, colour = "currentColor" }: { part: Part; colour?: string }) {
  return (
    <svg class="dash" width="22" height="8" viewBox="0 0 22 8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="22"
        y2="4"
        stroke={colour}
        stroke-width="1.8"
        stroke-dasharray={dashOf(part).join(" ")}
      />
    </svg>
  );
}
