/**
 * `PyMutex`: the lock of the heap's own structures and of its users.
 *
 * ```text
 *   31                                    5          1           0
 *   ┌──────────────────────────────────────┬─ … ─────┬───────────┬──────┐
 *   │ owner = incarnation << 8 | slot (27) │    0    │HAS_PARKED │LOCKED│
 *   └──────────────────────────────────────┴─────────┴───────────┴──────┘
 * ```
 *
 * Barging is allowed: a lock that was just given back goes to who comes first.
 * Who has waited for a millisecond is handed the lock by the next unlocker.
 *
 * ## Invariants
 *   L1  LOCKED is 0 ⇒ the owner is 0
 *   L2  a thread is parked on the word ⇒ HAS_PARKED is 1 (not the reverse)
 *   L3  LOCKED and HAS_PARKED are 1 ⇒ only the unlocker changes the word
 *   L4  who wakes and finds itself named as owner was handed the lock
 *
 * ## Threads
 *   All accesses to the word are atomic. The word changes hands by one
 *   compare-and-exchange, or by the unlocker's store under the lock of the
 *   bucket. Taking a lock never changes the caller's thread state, so a
 *   detached thread may take locks; see `threads/lock.ts` for the other kind.
 *   A thread without a thread state has nowhere to park: it spins and naps.
 *   A worker that stops while it is owner leaves a word that names it; who
 *   recovers it takes the lock over, mends what it guards, and unlocks it. One
 *   that stops after it was woken is made up for by waking all waiters.
 *
 * Source: CPython 3.14 Python/lock.c: _PyMutex_LockTimed(),
 * _PyMutex_TryUnlock(); Include/cpython/lock.h.
 * Differs: 4 bytes instead of 1, because the word also names its owner, and
 * `Atomics.wait` and its kin need 4.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as Waiter from "../layout/waiter.ts";
import * as Damage from "./damage.ts";
import * as Death from "./death.ts";
import * as Fatal from "./fatal.ts";
import * as ParkingLot from "./parking_lot.ts";

/** Bit: somebody has the lock. C: _Py_LOCKED. */
export const LOCKED = 1;
/** Bit: somebody may be parked on the word. C: _Py_HAS_PARKED. */
export const HAS_PARKED = 2;
/** Position of the owner. */
export const OWNER_SHIFT = 5;

/** Looks at the word before parking. Count. C: MAX_SPIN_COUNT. */
const SPINS = 40;
/** Pauses between two looks; with 40 looks about 10 µs. Count. */
const PAUSES_PER_SPIN = 7;
/** How long a waiter lets others barge. Milliseconds. C: TIME_TO_BE_FAIR_NS. */
const TIME_TO_BE_FAIR_MS = 1;
/** Longest sleep before a look at the owner. Milliseconds. */
const LOOK_MS = 1000;
/** Sleep of a thread that cannot park. Milliseconds. */
const NAP_MS = 0.1;
/** Sleep of who recovers a lock that somebody else has. Milliseconds. */
const RECOVERY_NAP_MS = 1;

/**
 * Takes the lock if it is free. C: `PyMutex_LockTimed()` with timeout 0.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns True if the caller has it now.
 */
export function tryLock(m: Memory, at: number): boolean {
  const i32 = m.i32;
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  let seen = Atomics.compareExchange(i32, at, 0, mine); // COMMIT
  if (seen === 0) return true;
  while ((seen & LOCKED) === 0) {
    const old = seen;
    seen = Atomics.compareExchange(i32, at, old, mine | old); // COMMIT
    if (seen === old) return true;
    Atomics.pause();
  }
  return false;
}

/**
 * Takes the lock if it is free or becomes free within about 10 µs.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns True if the caller has it now.
 */
export function trySpin(m: Memory, at: number): boolean {
  for (let spins = 0; spins < SPINS; spins++) {
    if (tryLock(m, at)) return true;
    // Who queues has waited longer than we have: go and queue as well.
    if ((Atomics.load(m.i32, at) & HAS_PARKED) !== 0) return false;
    for (let i = 0; i < PAUSES_PER_SPIN; i++) Atomics.pause();
  }
  return false;
}

/**
 * Takes the lock, however long it takes. The thread state stays as it is.
 *
 * C: `PyMutex_LockFlags(m, _Py_LOCK_DONT_DETACH)`.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function lock(m: Memory, at: number): void {
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  if (Atomics.compareExchange(m.i32, at, 0, mine) !== 0) { // COMMIT
    lockSlow(m, at, Infinity);
  }
}

/**
 * Takes the lock unless that takes too long.
 *
 * C: `_PyMutex_LockTimed()`.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @param timeoutMs Longest wait. Milliseconds, `Infinity` for ever.
 * @returns True if the caller has it now.
 */
export function lockTimed(m: Memory, at: number, timeoutMs: number): boolean {
  if (tryLock(m, at)) return true;
  return timeoutMs > 0 && lockSlow(m, at, timeoutMs);
}

/**
 * Gives the lock back, or on to a waiter that has waited for too long.
 *
 * C: `PyMutex_Unlock()`. Any thread may unlock, not only the owner.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @throws {FatalError} If it is not locked.
 */
export function unlock(m: Memory, at: number): void {
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  if (Atomics.compareExchange(m.i32, at, mine, 0) !== mine) { // COMMIT
    unlockSlow(m, at);
  }
}

/**
 * Whether somebody has the lock; old news when it arrives.
 *
 * C: `PyMutex_IsLocked()`.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns True if it is locked.
 */
export function isLocked(m: Memory, at: number): boolean {
  return (Atomics.load(m.i32, at) & LOCKED) !== 0;
}

/**
 * Who has the lock; old news when it arrives, unless it is the caller.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns `incarnation << 8 | slot`, or 0 if nobody has it or who has it has
 * no thread state.
 */
export function ownerOf(m: Memory, at: number): number {
  return Atomics.load(m.i32, at) >>> OWNER_SHIFT;
}

/**
 * Takes over the lock if who has it is dead. For recovery: the caller mends what
 * the lock guards, and unlocks it.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns True if it was a dead worker's and is the caller's now.
 */
export function takeOver(m: Memory, at: number): boolean {
  const i32 = m.i32;
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  let seen = Atomics.load(i32, at);
  while ((seen & LOCKED) !== 0 && Death.isDead(m, seen >>> OWNER_SHIFT)) {
    const old = seen;
    const word = mine | (old & HAS_PARKED);
    seen = Atomics.compareExchange(i32, at, old, word); // COMMIT
    if (seen === old) return true;
    Atomics.pause();
  }
  return false;
}

/**
 * Takes the lock, from a dead worker if need be, without parking. For recovery.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function lockRecovering(m: Memory, at: number): void {
  while (!takeOver(m, at) && !tryLock(m, at)) {
    const seen = Atomics.load(m.i32, at);
    if ((seen & LOCKED) !== 0) Atomics.wait(m.i32, at, seen, RECOVERY_NAP_MS);
    Fatal.check(m);
  }
}

/**
 * Gives the lock back as {@linkcode unlock} does, even if a dead worker has the
 * bucket in which others are parked: all of them wake up. For recovery.
 *
 * @param m The heap, of the worker that has the lock.
 * @param at The mutex. Word index.
 */
export function unlockRecovering(m: Memory, at: number): void {
  const mine = (m.owner << OWNER_SHIFT) | LOCKED;
  if (Atomics.compareExchange(m.i32, at, mine, 0) === mine) return; // COMMIT
  ParkingLot.beginRecovery(m, at);
  Atomics.store(m.i32, at, 0); // COMMIT
  ParkingLot.finishUnpark(m, at, 0);
}

function lockSlow(m: Memory, at: number, timeoutMs: number): boolean {
  const i32 = m.i32;
  if (trySpin(m, at)) return true;
  const start = m.clock.now();
  const fair = fairTime(start);
  let leftMs = timeoutMs;
  let seen = Atomics.load(i32, at);
  while (true) {
    Fatal.check(m); // who threw it may not have given the lock back
    if ((seen & LOCKED) === 0) {
      if (tryLock(m, at)) return true;
    } else if (leftMs <= 0) {
      return false;
    } else if (m.thread === 0) {
      // Nobody notifies this word: it is a sleep that ends by itself.
      Atomics.wait(i32, at, seen, Math.min(NAP_MS, leftMs));
    } else if (
      announceParked(i32, at, seen) &&
      parkCounted(m, at, seen | HAS_PARKED, Math.min(leftMs, LOOK_MS), fair)
    ) {
      return true;
    }
    const spentMs = m.clock.now() - start;
    if (spentMs >= LOOK_MS) requireOwner(m, at, Atomics.load(i32, at));
    leftMs = timeoutMs - spentMs;
    Atomics.pause();
    seen = Atomics.load(i32, at);
  }
}

/** True if the word of an internal lock may be what it is while we wait. */
function isSound(m: Memory, word: number): boolean {
  if ((word & LOCKED) === 0) return true; // free
  if ((word & (1 << OWNER_SHIFT) - 1 & ~(LOCKED | HAS_PARKED)) !== 0) {
    return false;
  }
  const owner = word >>> OWNER_SHIFT;
  if (owner === 0) return true; // of no thread
  const slot = owner & PageMap.SLOT_MASK;
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  return slot >= PageMap.FIRST_SLOT && owner !== m.owner &&
    Atomics.load(m.i32, thread + ThreadState.X_IN_USE) !== ThreadState.FREE &&
    m.i32[thread + ThreadState.INCARNATION] ===
      owner >>> PageMap.INCARNATION_SHIFT;
}

/**
 * Ends the program if a lock of the heap's own names an owner that cannot be.
 * A user's may: who has it may have exited, and anybody may unlock it.
 */
function requireOwner(m: Memory, at: number, word: number): void {
  const isUsers = at >= m.firstPage << (Map.PAGE_BITS - 2);
  if (isUsers || isSound(m, word)) return;
  // It may have been given back since, so look again.
  if (Atomics.load(m.i32, at) === word) {
    const slot = (word >>> OWNER_SHIFT) & PageMap.SLOT_MASK;
    Damage.damaged(m, `the lock at word ${at} names thread ${slot} as owner`);
  }
}

/** Sets HAS_PARKED. Returns false if the word is no longer as it was seen. */
function announceParked(
  i32: Int32Array<SharedArrayBuffer>,
  at: number,
  seen: number,
): boolean {
  if ((seen & HAS_PARKED) !== 0) return true;
  return Atomics.compareExchange(i32, at, seen, seen | HAS_PARKED) === seen;
}

/** Parks. Returns true if the lock was handed over to us. */
function parkCounted(
  m: Memory,
  at: number,
  word: number,
  leftMs: number,
  fair: number,
): boolean {
  const i32 = m.i32;
  const result = ParkingLot.park(m, at, word, leftMs, fair);
  if (result === ParkingLot.PARK_AGAIN) return false;
  i32[m.thread + ThreadState.STAT_LOCK_WAITS]++;
  // A time-out is no hand-over, even if the owner that we wait for is us.
  return result === ParkingLot.PARK_OK &&
    Atomics.load(i32, at) >>> OWNER_SHIFT === m.owner;
}

function unlockSlow(m: Memory, at: number): void {
  const i32 = m.i32;
  let seen = Atomics.load(i32, at);
  while ((seen & HAS_PARKED) === 0) {
    if ((seen & LOCKED) === 0) break;
    const old = seen;
    seen = Atomics.compareExchange(i32, at, old, 0); // COMMIT
    if (seen === old) return;
    Atomics.pause();
  }
  if ((seen & LOCKED) === 0) {
    Fatal.fatal(m, "unlocking mutex that is not locked"); // verbatim
  }
  unlockParked(m, at);
}

function unlockParked(m: Memory, at: number): void {
  const i32 = m.i32;
  const now = Math.floor(m.clock.now()) | 0;
  const waiter = ParkingLot.beginUnpark(m, at);
  let word = 0;
  if (waiter !== 0) {
    if (((now - i32[waiter + Waiter.TIME_TO_BE_FAIR]) | 0) >= 0) {
      word = (ownerOfWaiter(i32, waiter) << OWNER_SHIFT) | LOCKED;
    }
    if (ParkingLot.bucketHasWaiters(m, at)) word |= HAS_PARKED;
  }
  Atomics.store(i32, at, word); // COMMIT
  ParkingLot.finishUnpark(m, at, waiter);
}

/** Time from which a waiter is handed the lock. Milliseconds, wrapping i32. */
function fairTime(nowMs: number): number {
  return Math.ceil(nowMs + TIME_TO_BE_FAIR_MS) | 0;
}

/** Owner value of the thread whose waiter record this is. */
function ownerOfWaiter(
  i32: Int32Array<SharedArrayBuffer>,
  waiter: number,
): number {
  const thread = waiter - ThreadState.WAITER;
  const slot = (thread - Map.THREADS) / ThreadState.SIZEOF;
  const incarnation = i32[thread + ThreadState.INCARNATION];
  return (incarnation << PageMap.INCARNATION_SHIFT) | slot;
}
