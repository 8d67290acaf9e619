/**
 * Steps of the thread: collections, pauses, a new thread state.
 *
 * ## Threads
 *   What a thread state owned when it was given back has no owner any more.
 *
 * @module
 */

import type { Actor } from "../actor.ts";
import { COLLECTIONS } from "../board.ts";

/** Collects, perhaps a generation only. */
export function collect(actor: Actor): void {
  actor.gc.collect(actor.random.below(3));
  actor.count(COLLECTIONS);
}

/** Detaches for a moment: others merge in this worker's place. */
export function pause(actor: Actor): void {
  const { threads } = actor.heap;
  threads.detach();
  for (let k = actor.random.below(200); k > 0; k--) Atomics.pause();
  threads.attach();
}

/** Gives the thread state back, and goes on with another one. */
export function reborn(actor: Actor): void {
  actor.heap.close();
  actor.attach();
}
