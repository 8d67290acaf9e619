/**
 * The fence: how a worker is cut off from the heap.
 *
 * ```text
 *   any state ──revoke──▶ REVOKED ──vouch──▶ DEAD ──recover──▶ slot free
 * ```
 *
 * A REVOKED worker may still run. It attaches no more, gets no lock of the heap
 * and no memory, and finds out on its next call that needs either. What it holds
 * stays under its name, so what it writes meanwhile can only hurt that. A DEAD
 * worker is one that somebody vouches for: it never runs again. Only then its
 * locks are taken over and its pools given to others.
 *
 * ## Threads
 *   X_FENCE is set at once, X_STATE when nobody who may be alive has the thread
 *   suspended: until then it belongs to its suspender. Both change by
 *   compare-and-exchange.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as QsbrShared from "../layout/qsbr.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Memory } from "../memory/mod.ts";
import { Death } from "../sync/mod.ts";
import { Suspension } from "../threads/mod.ts";

/** Longest sleep before another look at a suspended thread. Milliseconds. */
const NAP_MS = 1;

/** Thread state of a slot. Word index. */
export function threadAt(slot: number): number {
  return Layout.THREADS + slot * ThreadState.SIZEOF;
}

/** Owner value of who has a slot now: incarnation and slot. */
export function ownerAt(m: Memory, slot: number): number {
  const incarnation = m.i32[threadAt(slot) + ThreadState.INCARNATION];
  return (incarnation << PageMap.INCARNATION_SHIFT) | slot;
}

/** True if a worker that may be alive has the thread suspended. */
function isSuspended(m: Memory, word: number): boolean {
  if ((word & Suspension.STATE_MASK) !== ThreadState.SUSPENDED) return false;
  const slot = (word >>> Suspension.SUSPENDER_SHIFT) & PageMap.SLOT_MASK;
  return !Death.isDead(m, ownerAt(m, slot));
}

/**
 * Declares a thread to be REVOKED or DEAD. From now on it gets no lock any
 * more, and if it is DEAD, who recovers may take over those that it has.
 */
export function declare(m: Memory, slot: number, to: number): void {
  const at = threadAt(slot) + ThreadState.X_FENCE;
  let seen = Atomics.load(m.i32, at);
  while (seen < to) {
    const old = seen;
    seen = Atomics.compareExchange(m.i32, at, old, to); // COMMIT
    if (seen === old) return;
  }
}

/**
 * Moves a thread that was declared to be REVOKED or DEAD there, unless a worker
 * that may be alive has it suspended.
 *
 * @returns The state that it was in, or -1 if it is suspended.
 */
export function tryFence(m: Memory, slot: number, to: number): number {
  const i32 = m.i32;
  const at = threadAt(slot) + ThreadState.X_STATE;
  while (true) {
    const seen = Atomics.load(i32, at);
    const state = seen & Suspension.STATE_MASK;
    if (state >= to) return state;
    if (isSuspended(m, seen)) return -1;
    if (Atomics.compareExchange(i32, at, seen, to) === seen) { // COMMIT
      Atomics.notify(i32, at);
      Atomics.store(
        i32,
        threadAt(slot) + ThreadState.X_QSBR_SEQ,
        QsbrShared.OFFLINE,
      );
      return state;
    }
  }
}

/** Sleeps a little, or until the state of a thread changes. */
export function awaitChange(m: Memory, slot: number): void {
  const at = threadAt(slot) + ThreadState.X_STATE;
  const seen = Atomics.load(m.i32, at);
  if (isSuspended(m, seen)) Atomics.wait(m.i32, at, seen, NAP_MS);
}
