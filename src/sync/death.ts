/**
 * Who is known to be dead: what an owner value in a lock word is asked for by
 * those who recover what the dead have left.
 *
 * ## Threads
 *   X_FENCE is atomic. It becomes DEAD once and stays so until another worker
 *   gets the slot, which is after its recovery. It is a word of its own beside
 *   X_STATE, because a thread that is suspended belongs to its suspender, who
 *   may be waiting for a lock that the dead one has.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";

/**
 * Whether a worker is known to be dead and has not been recovered yet.
 *
 * @param m The heap.
 * @param owner Owner value: incarnation and slot.
 * @returns True if it is.
 */
export function isDead(m: Memory, owner: number): boolean {
  const slot = owner & PageMap.SLOT_MASK;
  if (slot < PageMap.FIRST_SLOT) return false;
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  const fence = Atomics.load(m.i32, thread + ThreadState.X_FENCE);
  return fence === ThreadState.DEAD &&
    m.i32[thread + ThreadState.INCARNATION] ===
      owner >>> PageMap.INCARNATION_SHIFT;
}
