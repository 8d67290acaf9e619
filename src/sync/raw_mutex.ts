/**
 * Raw mutex: the small lock inside the parking lot, which cannot park itself.
 *
 * ```text
 *   0  free      1  locked      2  locked, and somebody may sleep on the word
 * ```
 *
 * ## Invariants
 *   R1  a sleeper sleeps on the value 2 only
 *   R2  who unlocks a word of value 2 wakes one sleeper
 *   R3  who slept takes the lock with value 2, because others may still sleep
 *
 * ## Threads
 *   One atomic word. Critical sections are a few loads and stores long. A
 *   worker that stops inside one holds up its bucket; the word has no owner.
 *
 * Source: CPython 3.14 Python/lock.c: _PyRawMutex_LockSlow().
 * Differs: no linked list of waiters in the word, the platform keeps it.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Fatal from "./fatal.ts";

const FREE = 0;
const LOCKED = 1;
const LOCKED_WAITED = 2;

/** Looks at the word before the first sleep, about 10 µs. Count. */
const SPINS = 250;

/**
 * Takes the lock, sleeping if need be.
 *
 * C: `_PyRawMutex_Lock()`.
 *
 * @param m The heap.
 * @param at The lock. Word index.
 */
export function lock(m: Memory, at: number): void {
  if (Atomics.compareExchange(m.i32, at, FREE, LOCKED) !== FREE) {
    lockSlow(m, at);
  }
}

function lockSlow(m: Memory, at: number): void {
  const i32 = m.i32;
  for (let spins = 0; spins < SPINS; spins++) {
    if (
      Atomics.load(i32, at) === FREE &&
      Atomics.compareExchange(i32, at, FREE, LOCKED) === FREE
    ) {
      return;
    }
    Atomics.pause();
  }
  while (Atomics.exchange(i32, at, LOCKED_WAITED) !== FREE) {
    Atomics.wait(i32, at, LOCKED_WAITED);
  }
}

/**
 * Gives the lock back.
 *
 * C: `_PyRawMutex_Unlock()`.
 *
 * @param m The heap.
 * @param at The lock. Word index.
 * @throws {FatalError} If it is not locked.
 */
export function unlock(m: Memory, at: number): void {
  const i32 = m.i32;
  const old = Atomics.exchange(i32, at, FREE); // COMMIT
  if (old === LOCKED_WAITED) {
    Atomics.notify(i32, at, 1);
  } else if (old === FREE) {
    Fatal.fatal(m, "unlocking mutex that is not locked"); // verbatim
  }
}
