import { type Shape, svgPath } from "../plot/markers";

const PATHS = {
  open: "M3 3.5h10M3 8h10M3 12.5h10",
  close: "M9.5 4L5.5 8l4 4",
  collapse: "M5 9.5L8 6.5l3 3M3 13h10M3 3h10",
  expand: "M5 6.5L8 9.5l3-3M3 13h10M3 3h10",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      aria-hidden="true"
    >
      <path d={PATHS[name]} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** A run's marker, with its colour and its shape. */
export function RunMarker({
  colour,
  shape,
  hollow = false,
}: {
  colour: string;
  shape: Shape;
  hollow?: boolean;
}) {
  return (
    <svg class="mark" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path
        d={svgPath(shape)}
        fill={hollow ? "none" : colour}
        stroke={colour}
        stroke-width="1.5"
        stroke-linejoin="round"
      />
    </svg>
  );
}
