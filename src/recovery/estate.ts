/**
 * What a worker that died leaves of objects: mutexes that it had, and objects
 * in its queue whose counts are to be merged.
 *
 * The mutexes are those of its stack of critical sections; what they guard may
 * be half done, which the next one sees and mends. The queue is closed, so that
 * it only gets shorter from now on. What is in it is merged by threads that
 * know of objects: by the caller in its next safe point, by the next worker
 * that gets the slot, or by a collection.
 *
 * ## Threads
 *   For who has RECOVERY_LOCK. Each mutex has one who takes it over. A worker
 *   that stops here leaves the slot, and the next one begins again.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Memory } from "../memory/mod.ts";
import { EvalBreaker, Sections } from "../threads/mod.ts";

/**
 * Hands on what a worker has left.
 *
 * @param m The heap.
 * @param slot Slot of a worker that is known to be dead.
 */
export function leave(m: Memory, slot: number): void {
  Sections.release(m, slot);
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const head = thread + ThreadState.X_TO_MERGE;
  const before = Atomics.or(m.i32, head, ThreadState.CLOSED); // COMMIT
  if ((before & ~ThreadState.CLOSED) === 0) return;
  EvalBreaker.set(m, m.slot, EvalBreaker.EXPLICIT_MERGE);
}
