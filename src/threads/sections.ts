/**
 * The critical sections that a thread is in: a stack of mutexes of objects.
 *
 * A section ends for a while when its thread detaches, so that a thread that
 * waits never keeps others from an object. The uppermost section is taken up
 * again when the thread attaches, the others when they are uppermost.
 *
 * ```text
 *   SECTION_DEPTH   words of the stack that are in use; the last is uppermost
 *   SECTIONS        the first 12 words; the others are at SECTION_MORE
 *
 *   31          30        29                     0
 *   ┌───────────┬─────────┬──────────────────────┐
 *   │ SUSPENDED │ PENDING │ mutex: word index    │
 *   └───────────┴─────────┴──────────────────────┘
 * ```
 *
 * One word for a section with one mutex, two for one with two. Without a flag
 * the thread has the mutex; PENDING says that the section waits to begin; both
 * flags, SECOND, that the mutex belongs to the section of the word below. NESTED
 * stands for a section inside of one that has its mutexes already.
 *
 * ## Invariants (tests/models/critical_section.ts)
 *   E1  a detached thread has no mutex of an object, but for those that it
 *       waits to have
 *   E2  of two mutexes of a section the one with the lower address is taken
 *       first
 *   E3  a mutex that a section has, or may just have got, stands in the stack,
 *       or in the two words above it
 *
 * ## Threads
 *   The stack is its worker's. In C it is on the thread's stack; here it is in
 *   the shared memory, so that whoever recovers a dead worker gives its mutexes
 *   back. Until then, who wants one looks whether its owner is gone, and takes
 *   it over. What it guards may be half done then. The mutexes are atomic.
 *
 * Source: CPython 3.14 Python/critical_section.c:
 * _PyCriticalSection_SuspendAll(), _PyCriticalSection_Resume().
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { Mutex } from "../sync/mod.ts";

const { SECTION_DEPTH, SECTION_MORE, SECTIONS } = ThreadState;
const { SECTIONS_HERE, SECTIONS_MORE } = ThreadState;

/** The thread detached: it does not have the mutex. */
export const SUSPENDED = -2147483648;
/** The section has not begun yet. */
export const PENDING = 1073741824;
/** Second mutex of a section. */
export const SECOND = SUSPENDED | PENDING;
/** Stands for the mutex of a section that needs none. */
export const NESTED = 1;

/** Longest wait before a look whether the owner is gone. Milliseconds. */
const LOOK_MS = 100;

/**
 * Whether the worker that an owner value stands for will never run again.
 *
 * @param m The heap.
 * @param owner Owner value: incarnation and slot.
 * @returns True if it is dead, recovered or not, or has given its slot back.
 */
export function isGone(m: Memory, owner: number): boolean {
  const slot = owner & PageMap.SLOT_MASK;
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  const fence = Atomics.load(m.i32, thread + ThreadState.X_FENCE);
  return fence === ThreadState.DEAD ||
    Atomics.load(m.i32, thread + ThreadState.X_IN_USE) === ThreadState.FREE ||
    m.i32[thread + ThreadState.INCARNATION] !== // racy hint
      owner >>> PageMap.INCARNATION_SHIFT;
}

/**
 * Takes a mutex over whose owner is gone. Returns false if it is not. One that
 * the caller has itself a stack overflow has left: nobody else gives it back.
 */
function takeOver(m: Memory, at: number): boolean {
  const i32 = m.i32;
  const seen = Atomics.load(i32, at);
  if ((seen & Mutex.LOCKED) === 0) return false;
  const owner = seen >>> Mutex.OWNER_SHIFT;
  if (owner !== m.owner && !isGone(m, owner)) return false;
  const mine = (m.owner << Mutex.OWNER_SHIFT) | Mutex.LOCKED |
    (seen & Mutex.HAS_PARKED);
  return Atomics.compareExchange(i32, at, seen, mine) === seen; // COMMIT
}

/**
 * Takes the mutex of an object, however long it takes, also from a worker that
 * is gone. The caller is detached.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function lock(m: Memory, at: number): void {
  while (!takeOver(m, at)) {
    if (Mutex.lockTimed(m, at, LOOK_MS)) return;
  }
}

/**
 * Takes the mutex of an object if it is free, or is within about 10 µs.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @returns True if the caller has it.
 */
export function tryLock(m: Memory, at: number): boolean {
  return Mutex.tryLock(m, at) || Mutex.trySpin(m, at);
}

/**
 * Gives the mutex of an object back, unless it was taken over meanwhile.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function unlock(m: Memory, at: number): void {
  const mine = (m.owner << Mutex.OWNER_SHIFT) | Mutex.LOCKED;
  if (Atomics.compareExchange(m.i32, at, mine, 0) === mine) return; // COMMIT
  if (Mutex.ownerOf(m, at) === m.owner) Mutex.unlock(m, at);
}

/** Words of the caller's stack that are in use. Count. */
export function depth(m: Memory): number {
  return m.i32[m.thread + SECTION_DEPTH];
}

/** Where word `k` of a stack is, which has so many. Word index. */
function wordOf(m: Memory, thread: number, k: number): number {
  return k < SECTIONS_HERE
    ? thread + SECTIONS + k
    : m.i32[thread + SECTION_MORE] + k - SECTIONS_HERE;
}

/** Word `k` of the caller's stack. Word index. */
export function at(m: Memory, k: number): number {
  return wordOf(m, m.thread, k);
}

/** Words that a thread's stack may have. Count. */
function roomOf(m: Memory, thread: number): number {
  return m.i32[thread + SECTION_MORE] === 0
    ? SECTIONS_HERE
    : SECTIONS_HERE + SECTIONS_MORE;
}

/** True if the caller's stack has no room for so many more words. */
export function isFull(m: Memory, count: number): boolean {
  return depth(m) + count > roomOf(m, m.thread);
}

/**
 * Makes the stack of the caller longer, once.
 *
 * @param m The heap.
 * @param block Block of `4 * SECTIONS_MORE` bytes. Byte address.
 */
export function extend(m: Memory, block: number): void {
  m.i32[m.thread + SECTION_MORE] = block >>> 2;
}

/** True if that was done. */
export function isLong(m: Memory): boolean {
  return m.i32[m.thread + SECTION_MORE] !== 0;
}

/**
 * Undoes that, once the caller is in no section.
 *
 * @returns The block, which the caller frees, or 0. Byte address.
 */
export function shorten(m: Memory): number {
  if (depth(m) > 0) return 0;
  const block = m.i32[m.thread + SECTION_MORE] << 2;
  m.i32[m.thread + SECTION_MORE] = 0;
  return block >>> 0;
}

/**
 * Suspends all sections of the caller, which is about to detach.
 * C: `_PyCriticalSection_SuspendAll()`.
 *
 * @param m The heap.
 */
export function suspendAll(m: Memory): void {
  for (let k = depth(m) - 1; k >= 0; k--) k -= suspendOne(m, k);
}

/** Suspends the section whose last word is `k`. Returns 1 if it has another. */
function suspendOne(m: Memory, k: number): number {
  const last = m.i32[at(m, k)];
  const isPair = (last & SECOND) === SECOND;
  const first = isPair ? at(m, k - 1) : at(m, k);
  const word = m.i32[first];
  if (word !== NESTED && (word & SECOND) === 0) {
    if (isPair) unlock(m, last & ~SECOND);
    unlock(m, word);
    m.i32[first] = word | SUSPENDED;
  }
  return isPair ? 1 : 0;
}

/** Last word of the uppermost section that is not NESTED, or -1. */
function uppermost(m: Memory): number {
  let k = depth(m) - 1;
  while (k >= 0 && m.i32[at(m, k)] === NESTED) k--;
  return k;
}

/**
 * Takes the uppermost section up again if that does not take long.
 *
 * @param m The heap.
 * @returns False if it is still suspended.
 */
export function tryResume(m: Memory): boolean {
  const k = uppermost(m);
  if (k < 0) return true;
  const last = m.i32[at(m, k)];
  const isPair = (last & SECOND) === SECOND;
  const first = isPair ? at(m, k - 1) : at(m, k);
  const word = m.i32[first];
  if ((word & SECOND) !== SUSPENDED) return true;
  const mutex = word & ~SECOND;
  if (!tryLock(m, mutex)) return false;
  if (isPair && !tryLock(m, last & ~SECOND)) {
    unlock(m, mutex);
    return false;
  }
  m.i32[first] = mutex;
  return true;
}

/**
 * Takes the uppermost section up again, however long it takes. The caller is
 * detached, and attaches next.
 *
 * @param m The heap.
 */
export function resume(m: Memory): void {
  const k = uppermost(m);
  const last = m.i32[at(m, k)];
  const isPair = (last & SECOND) === SECOND;
  const first = isPair ? at(m, k - 1) : at(m, k);
  const mutex = m.i32[first] & ~SECOND;
  lock(m, mutex);
  if (isPair) lock(m, last & ~SECOND);
  m.i32[first] = mutex;
}

/** True if a word can be that of a mutex of an object. */
function isMutex(m: Memory, mutex: number): boolean {
  return mutex >= m.firstPage << (Map.PAGE_BITS - 2) && mutex < m.i32.length;
}

/**
 * Gives back the mutexes that a dead worker had. For recovery.
 *
 * @param m The heap.
 * @param slot Slot of the worker.
 */
export function release(m: Memory, slot: number): void {
  const { i32 } = m;
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  // Those two above it may have been about to become part of it.
  const wanted = i32[thread + SECTION_DEPTH] + 2;
  const count = Math.min(wanted, roomOf(m, thread));
  for (let k = 0; k < count; k++) {
    const mutex = i32[wordOf(m, thread, k)] & ~SECOND;
    if (isMutex(m, mutex) && Mutex.takeOver(m, mutex)) Mutex.unlock(m, mutex);
  }
}
