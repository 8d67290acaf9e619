/**
 * In a pause: what was put off until nobody has it in view is given up, that of
 * all threads. They are at safe points, so nobody has anything in view.
 *
 * ## Threads
 *   The caller has stopped the world. Chunks stay whose they are: their owners
 *   go on from the words that are changed here. One that gives up its own just
 *   now stands between two items. A worker that stops here loses the one item in
 *   its hands, and what has died and was not deallocated.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: process_delayed_frees(),
 * queue_decref().
 *
 * @module
 */

import * as Chunk from "../layout/mem_work_chunk.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ObjectsWords from "../layout/objects.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "../objects/mod.ts";
import { Biased } from "../objects/refcount/mod.ts";
import { Delayed } from "../objects/sharing/mod.ts";
import { Qsbr } from "../threads/mod.ts";

const CHUNKS = Layout.OBJECTS + ObjectsWords.DELAYED_CHUNKS;

/**
 * Gives up what all threads have put off.
 *
 * @param dead Gets the objects that die of it: they are deallocated when the
 * world runs again.
 */
export function settleAll(o: Objects, dead: Address[]): void {
  const { m, i32 } = o;
  Qsbr.advance(m);
  Qsbr.quiescentState(m);
  let chunk = i32[CHUNKS];
  for (; chunk !== 0; chunk = i32[chunk + Chunk.NEXT]) {
    let item = Delayed.take(m, chunk);
    for (; item !== 0; item = Delayed.take(m, chunk)) settle(o, item, dead);
  }
}

/** Gives an item up. */
function settle(o: Objects, item: Address, dead: Address[]): void {
  if ((item & Chunk.DECREF) === 0) return o.core.mem.free(item as never);
  const { m } = o;
  const op = item - Chunk.DECREF;
  let result = Biased.decref(m, op);
  // Nobody counts now: no need to ask the owner.
  if (result === Biased.TO_QUEUE) result = Biased.merge(m, op);
  if (result === Biased.DEAD) dead.push(op);
}
