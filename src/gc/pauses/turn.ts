/**
 * Whose turn it is to collect: one worker at a time.
 *
 * ## Invariants
 *   U1  X_COLLECTING is 0 or the owner id of who collects; a worker that is
 *       known to be dead, or whose slot is another's, does not
 *
 * ## Threads
 *   X_COLLECTING is atomic and changes by compare-and-exchange. A worker that
 *   stops with the turn has it until it is declared dead: a revoked one may be
 *   dropping what it holds.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: gc_collect_main().
 *
 * @module
 */

import * as GcState from "../../layout/gc_state.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as PageMap from "../../layout/page_map.ts";
import * as ThreadState from "../../layout/thread_state.ts";
import type { Memory } from "../../memory/mod.ts";
import { Death } from "../../sync/mod.ts";
import { ThreadStates } from "../../threads/mod.ts";

const COLLECTING = Layout.OBJECTS + GcState.X_COLLECTING;

/** Longest sleep before another look. Milliseconds. */
const NAP_MS = 1;

/** take(): somebody has the turn, perhaps the caller. */
export const TAKEN = 0;
/** take(): the caller has it. */
export const OURS = 1;
/** take(): the caller has it, and the last one has died with it. */
export const INHERITED = 2;

/** True if a worker can never run again. */
function isGone(m: Memory, owner: number): boolean {
  const { i32 } = m;
  const slot = owner & PageMap.SLOT_MASK;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const inUse = Atomics.load(i32, thread + ThreadState.X_IN_USE);
  return inUse !== ThreadState.IN_USE || Death.isDead(m, owner) ||
    i32[thread + ThreadState.INCARNATION] !==
      owner >>> PageMap.INCARNATION_SHIFT;
}

/**
 * Takes the turn, if nobody has it or who had it is dead.
 *
 * @returns {@linkcode TAKEN}, {@linkcode OURS} or {@linkcode INHERITED}.
 */
export function take(m: Memory): number {
  const seen = Atomics.load(m.i32, COLLECTING);
  if (seen !== 0 && !isGone(m, seen)) return TAKEN;
  const found = Atomics.compareExchange(m.i32, COLLECTING, seen, m.owner); // COMMIT
  if (found !== seen) return TAKEN;
  return seen === 0 ? OURS : INHERITED;
}

/** Gives the turn back, if the caller has it. */
export function giveBack(m: Memory): void {
  Atomics.compareExchange(m.i32, COLLECTING, m.owner, 0);
}

/** Whether the caller has the turn. */
export function isOurs(m: Memory): boolean {
  return Atomics.load(m.i32, COLLECTING) === m.owner;
}

/**
 * Sleeps a little, detached, so that who has the turn gets on with it. The
 * caller is attached and has no internal lock.
 */
export function nap(m: Memory): void {
  ThreadStates.detach(m);
  const seen = Atomics.load(m.i32, COLLECTING);
  if (seen !== 0) Atomics.wait(m.i32, COLLECTING, seen, NAP_MS);
  ThreadStates.attach(m);
}
