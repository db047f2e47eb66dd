import { useLayoutEffect, useRef } from "preact/hooks";
import { cssColour, type Palette, tableColour } from "../lib/palette";

/** A palette as a bar, one pixel per colour. */
export function Ramp({ colours }: { colours: Palette }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const g = ref.current?.getContext("2d");
    if (!g) return;
    for (let i = 0; i < 256; i++) {
      g.fillStyle = cssColour(tableColour(colours, i / 255));
      g.fillRect(i, 0, 1, 1);
    }
  }, [colours]);
  return <canvas class="bar" width={256} height={1} ref={ref} />;
}
