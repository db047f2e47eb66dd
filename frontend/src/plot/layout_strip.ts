/** Height of the strips that hold the signs of runs beyond an area, as in run_head.css. */
export const STRIP = 22;
