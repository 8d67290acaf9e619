/**
 * Who is known to be dead: what an owner value in a lock word is asked for by
 * those who recover what the dead have left.
 *
 * ## Threads
 *   X_STATE is atomic. It becomes DEAD once and stays so until the slot is
 *   recovered, whose last act frees the slot. INCARNATION of a slot in use does
 *   not change.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";

/** Bits of the state within X_STATE. */
const STATE_MASK = 255;

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
  const state = Atomics.load(m.i32, thread + ThreadState.X_STATE) & STATE_MASK;
  return state === ThreadState.DEAD &&
    m.i32[thread + ThreadState.INCARNATION] ===
      owner >>> PageMap.INCARNATION_SHIFT;
}
