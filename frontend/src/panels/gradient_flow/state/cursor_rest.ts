import { effect } from "@preact/signals";
import type { Store } from "../../../data/store";

/** Milliseconds that the cursor must rest before a request, so that drawing comes first. */
export const REST = 40;
/** The same while the cursor keeps moving, such as while a key is held down: responses would delay the next frame. */
export const REST_MOVING = 200;

/** Debouncing of requests until the cursor rests. */
export class CursorRest {
  readonly dispose: () => void;
  private moved = Number.NEGATIVE_INFINITY;
  /** True if the last move followed another one closely. */
  private moving = false;

  constructor(store: Store) {
    let begun = false;
    this.dispose = effect(() => {
      void [store.view.step.value, store.view.row.value];
      if (begun) this.move();
      begun = true;
    });
  }

  /** Return the milliseconds left to wait for a request that has been needed since a time. */
  left(since: number): number {
    const until = Math.max(since + REST, this.moved + (this.moving ? REST_MOVING : REST));
    return until - performance.now();
  }

  private move(): void {
    const now = performance.now();
    this.moving = now - this.moved < REST_MOVING;
    this.moved = now;
  }
}
