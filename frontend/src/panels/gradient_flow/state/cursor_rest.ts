import { effect } from "@preact/signals";
import type { Store } from "../../../data/store";

/** Milliseconds that the cursor must rest before anything is asked: the picture comes first. */
export const REST = 40;
/** The same for a moving cursor, as while a key is held down: answers would delay its next picture. */
export const REST_MOVING = 200;

/** Tells how long a question must wait for the cursor to come to rest. */
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

  /** Return the milliseconds left for a question that was wanted at a time. */
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
