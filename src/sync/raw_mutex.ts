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
import * as Death from "./death.ts";
import * as Fatal from "./fatal.ts";

const FREE = 0;
const LOCKED = 1;
const WAITED = 2;
const OWNER_SHIFT = 5;

/** Looks at the word before the first sleep, about 10 µs. Count. */
const SPINS = 250;
/** Sleep of who recovers a lock that somebody else has. Milliseconds. */
const NAP_MS = 1;

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
 * Takes the lock even if who has it is dead, and wakes all that sleep for it:
 * one of them may have been the dead one's turn. For recovery.
 *
 * @param m The heap.
 * @param at The lock. Word index.
 */
export function lockRecovering(m: Memory, at: number): void {
  const i32 = m.i32;
  const mine = (m.owner << OWNER_SHIFT) | LOCKED | WAITED;
  while (true) {
    const seen = Atomics.load(i32, at);
    const isTakeable = seen === FREE || Death.isDead(m, seen >>> OWNER_SHIFT);
    if (!isTakeable) Atomics.wait(i32, at, seen, NAP_MS);
    else if (Atomics.compareExchange(i32, at, seen, mine) === seen) break;
    Atomics.pause();
  }
  Atomics.notify(i32, at);
}
