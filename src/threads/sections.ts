/**
 * The critical sections that a thread is in: a stack of mutexes of objects.
 *
 * A section ends for a while when its thread detaches, so that a thread that
 * waits never keeps others from an object. The uppermost section is taken up
 * again when the thread attaches, the others when they are uppermost.
 *
 * ```text
 *   m.sections     two numbers for each section, the last ones uppermost
 *   above 1        word index of a mutex that the thread has
 *   below 0        the same, suspended
 *   0              no mutex; two of them: a section that waits to begin
 *   0 and NESTED   a section inside of one that has the mutex already
 * ```
 *
 * ## Invariants
 *   E1  a detached thread has no mutex of an object, but for those that it
 *       waits to have
 *   E2  of two mutexes of a section the one with the lower address is taken
 *       first
 *
 * ## Threads
 *   The stack is its worker's, as in C, where it stands on the thread's stack.
 *   The mutexes are atomic. A worker that stops in a section leaves mutexes
 *   that name it: who wants one looks whether its owner is gone, and takes it
 *   over. What it guards may be half done then.
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

/** Stands for the second mutex of a section that needs none. */
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
    m.i32[thread + ThreadState.INCARNATION] !== // racy hint
      owner >>> PageMap.INCARNATION_SHIFT;
}

/** Takes a mutex over whose owner is gone. Returns false if it is not. */
function takeOver(m: Memory, at: number): boolean {
  const i32 = m.i32;
  const seen = Atomics.load(i32, at);
  if ((seen & Mutex.LOCKED) === 0) return false;
  if (!isGone(m, seen >>> Mutex.OWNER_SHIFT)) return false;
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
 * @param at The mutex, or 0 for none. Word index.
 * @returns True if the caller has it.
 */
export function tryLock(m: Memory, at: number): boolean {
  return at === 0 || Mutex.tryLock(m, at) || Mutex.trySpin(m, at);
}

/**
 * Gives the mutex of an object back, unless it was taken over meanwhile.
 *
 * @param m The heap.
 * @param at The mutex, or 0 for none. Word index.
 */
export function unlock(m: Memory, at: number): void {
  if (at !== 0 && Mutex.ownerOf(m, at) === m.owner) Mutex.unlock(m, at);
}

/**
 * Suspends all sections of the caller, which is about to detach.
 * C: `_PyCriticalSection_SuspendAll()`.
 *
 * @param m The heap.
 */
export function suspendAll(m: Memory): void {
  const { sections } = m;
  for (let k = sections.length - 1; k >= 0; k--) {
    if (sections[k] <= NESTED) continue;
    unlock(m, sections[k]);
    sections[k] = -sections[k];
  }
}

/** Where the uppermost section that is not NESTED stands, or below 0. */
function uppermost(m: Memory): number {
  let at = m.sections.length - 2;
  while (at >= 0 && m.sections[at + 1] === NESTED) at -= 2;
  return at;
}

/**
 * Takes the uppermost section up again if that does not take long.
 *
 * @param m The heap.
 * @returns False if it is still suspended.
 */
export function tryResume(m: Memory): boolean {
  const at = uppermost(m);
  if (at < 0) return true;
  const first = m.sections[at];
  const second = m.sections[at + 1];
  if (first >= 0) return true;
  if (!tryLock(m, -first)) return false;
  if (!tryLock(m, -second)) {
    unlock(m, -first);
    return false;
  }
  m.sections[at] = -first;
  m.sections[at + 1] = second === 0 ? 0 : -second;
  return true;
}

/**
 * Takes the uppermost section up again, however long it takes. The caller is
 * detached, and attaches next.
 *
 * @param m The heap.
 */
export function resume(m: Memory): void {
  const at = uppermost(m);
  const first = -m.sections[at];
  const second = m.sections[at + 1];
  lock(m, first);
  if (second !== 0) lock(m, -second);
  m.sections[at] = first;
  m.sections[at + 1] = second === 0 ? 0 : -second;
}
