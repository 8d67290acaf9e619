/**
 * Raw mutex: the small lock inside the parking lot, which cannot park itself.
 *
 * ```text
 *   31                                    5      2        1        0
 *   ┌──────────────────────────────────────┬─ … ─┬────────┬────────┐
 *   │ owner = incarnation << 8 | slot (27) │  0  │ WAITED │ LOCKED │
 *   └──────────────────────────────────────┴─────┴────────┴────────┘
 * ```
 *
 * ## Invariants
 *   R1  a thread sleeps on the word ⇒ WAITED is 1
 *   R2  who unlocks a word with WAITED wakes one sleeper
 *   R3  who slept takes the lock with WAITED, because others may still sleep
 *
 * ## Threads
 *   One atomic word. Critical sections are a few loads and stores long. A
 *   worker that stops inside one holds up its bucket until recovery takes the
 *   lock over in its name and wakes all sleepers: one of them may have been
 *   the dead one's turn.
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
const WAITED = 2;
const OWNER_SHIFT = 5;

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
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  if (Atomics.compareExchange(m.i32, at, FREE, mine) !== FREE) {
    lockSlow(m, at, mine);
  }
}

function lockSlow(m: Memory, at: number, mine: number): void {
  const i32 = m.i32;
  for (let spins = 0; spins < SPINS; spins++) {
    if (
      Atomics.load(i32, at) === FREE &&
      Atomics.compareExchange(i32, at, FREE, mine) === FREE
    ) {
      return;
    }
    Atomics.pause();
  }
  lockSleeping(m, at, mine | WAITED);
}

function lockSleeping(m: Memory, at: number, mine: number): void {
  const i32 = m.i32;
  let seen = Atomics.load(i32, at);
  while (true) {
    const old = seen;
    if (old === FREE) {
      seen = Atomics.compareExchange(i32, at, FREE, mine);
      if (seen === FREE) return;
    } else {
      const waited = old | WAITED;
      seen = Atomics.compareExchange(i32, at, old, waited);
      if (seen === old) {
        Atomics.wait(i32, at, waited);
        seen = Atomics.load(i32, at);
      }
    }
    Atomics.pause();
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
  if ((old & WAITED) !== 0) {
    Atomics.notify(i32, at, 1);
  } else if (old === FREE) {
    Fatal.fatal(m, "unlocking mutex that is not locked"); // verbatim
  }
}

/**
 * Takes over the lock of a worker that died, if it has it, and wakes all that
 * sleep for it. For recovery.
 *
 * @param m The heap.
 * @param at The lock. Word index.
 * @param dead Owner value of the dead worker.
 * @returns True if the caller has the lock now.
 */
export function takeOver(m: Memory, at: number, dead: number): boolean {
  const i32 = m.i32;
  const mine = (m.owner << OWNER_SHIFT) | LOCKED | WAITED;
  let seen = Atomics.load(i32, at);
  while (seen !== FREE && seen >>> OWNER_SHIFT === dead) {
    const old = seen;
    seen = Atomics.compareExchange(i32, at, old, mine);
    if (seen === old) return true;
    Atomics.pause();
  }
  // The dead one may have been woken to take the lock, and have died since.
  Atomics.notify(i32, at);
  return false;
}
