/** Height of the strips beside a scrolling area that hold the signs of more runs, as in run_head.css. */
export const STRIP = 22;
