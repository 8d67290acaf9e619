/**
 * Suspension: how a thread that is not attached is kept from attaching.
 *
 * ```text
 *   31            17   16      15             8 7          0
 *   ┌───────────────┬────────┬─────────────────┬────────────┐
 *   │ 0             │ WAITED │ suspender's slot│ state      │
 *   └───────────────┴────────┴─────────────────┴────────────┘
 * ```
 *
 * That is the word X_STATE. Its upper half is 0 unless the state is SUSPENDED.
 *
 * ## Invariants
 *   S1  only a DETACHED thread becomes SUSPENDED
 *   S2  only who is named as suspender ends a suspension
 *   S3  a thread sleeps on its word ⇒ WAITED is 1
 *   S4  X_COUNTDOWN == other threads in use − those the stopper has suspended
 *
 * There are two kinds of suspenders: a *helper*, which looks after the memory
 * of one thread and passes no safe point before it is done, and the *stopper*,
 * which has all threads. They are told apart by the slot in the word, so a
 * stopper that gives up sets free what it holds and nothing else.
 *
 * ## Threads
 *   The word changes by atomic operations: its thread moves it between
 *   DETACHED and ATTACHED, a suspender from DETACHED and back. The countdown
 *   and the list of slots are under the threads lock, as are the stopper's
 *   changes, so that a thread that comes or goes is counted right. A worker
 *   that stops while it is a suspender leaves words that name it; recovery
 *   sets them to DETACHED and counts again.
 *
 * Source: CPython 3.14 Python/pystate.c: park_detached_threads(),
 * decrement_stoptheworld_countdown(), tstate_wait_attach().
 * Differs: the word names the suspender; who waits for its own state sleeps on
 * the word itself and not in the parking lot.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as WorldState from "../layout/world.ts";
import { Damage, Fatal, Mutex, PyEvent } from "../sync/mod.ts";
import * as EvalBreaker from "./eval_breaker.ts";

/** Bits of the state within X_STATE. */
export const STATE_MASK = 255;
/** Position of the suspender's slot within X_STATE. */
export const SUSPENDER_SHIFT = 8;
/** Bit of X_STATE: the thread sleeps on the word. */
export const WAITED = 65536;

const THREADS_LOCK = Map.HEADER + Header.THREADS_LOCK;
const REQUESTED = Map.WORLD + WorldState.X_REQUESTED;
const REQUESTER = Map.WORLD + WorldState.X_REQUESTER;
const COUNTDOWN = Map.WORLD + WorldState.X_COUNTDOWN;
const EVENT = Map.WORLD + WorldState.X_EVENT;

/** Looks at the word before the first sleep, about 10 µs. Count. */
const SPINS = 250;
/** Longest sleep before a look at the poison word. Milliseconds. */
const SLEEP_MS = 100;

/**
 * State of a thread; old news when it arrives, unless it is the caller.
 *
 * @param m The heap.
 * @param slot Slot of the thread.
 * @returns `ThreadState.DETACHED`, `ATTACHED`, `SUSPENDED` or `SHUTTING_DOWN`.
 */
export function stateOf(m: Memory, slot: number): number {
  return Atomics.load(m.i32, wordOf(slot)) & STATE_MASK;
}

/**
 * Keeps a detached thread from attaching, so that the caller may touch what
 * belongs to it. The caller must {@linkcode resume} it before its own next
 * safe point, and must neither detach nor stop the world meanwhile.
 *
 * @param m The heap, of an attached worker.
 * @param slot Slot of another thread, at least `PageMap.FIRST_SLOT`.
 * @returns True if it was detached and now belongs to the caller.
 */
export function suspendDetached(m: Memory, slot: number): boolean {
  const word = suspendedBy(m.slot);
  return Atomics.compareExchange(
    m.i32,
    wordOf(slot),
    ThreadState.DETACHED,
    word,
  ) === ThreadState.DETACHED; // COMMIT
}

/**
 * Ends a suspension by the caller.
 *
 * @param m The heap.
 * @param slot Slot of a thread that the caller suspended.
 */
export function resume(m: Memory, slot: number): void {
  resumeFrom(m, slot, m.slot);
}

/**
 * Ends a suspension by a worker, in its name. For recovery.
 *
 * @param m The heap.
 * @param slot Slot of a thread that was suspended.
 * @param by Slot of who suspended it.
 */
export function resumeFrom(m: Memory, slot: number, by: number): void {
  const at = wordOf(slot);
  const word = suspendedBy(by);
  let seen = Atomics.compareExchange(m.i32, at, word, ThreadState.DETACHED); // COMMIT
  while (seen !== word && (seen & ~WAITED) === word) {
    const old = seen;
    seen = Atomics.compareExchange(m.i32, at, old, ThreadState.DETACHED); // COMMIT
    if (seen !== old) continue;
    Atomics.notify(m.i32, at);
    return;
  }
}

/**
 * Makes sure that a word is a state that a thread can be in that may attach.
 *
 * @param m The heap.
 * @param word What X_STATE was.
 * @throws {FatalError} If it is none.
 */
export function requireState(m: Memory, word: number): void {
  const state = word & STATE_MASK;
  const upper = word & ~STATE_MASK;
  const isState = state === ThreadState.SUSPENDED
    ? (upper & ~(WAITED | (PageMap.SLOT_MASK << SUSPENDER_SHIFT))) === 0
    : upper === 0 && state <= ThreadState.DEAD;
  if (!isState) {
    Damage.damaged(m, `the state of thread ${m.slot} is ${word}`);
  }
}

/**
 * Makes sure that the state of this worker is one that a thread can have.
 *
 * @param m The heap, of a worker that has a thread state.
 * @throws {FatalError} If it is none.
 */
export function requireSound(m: Memory): void {
  requireState(m, Atomics.load(m.i32, wordOf(m.slot)));
  const fence = Atomics.load(m.i32, m.thread + ThreadState.X_FENCE);
  const isFence = fence === 0 || fence === ThreadState.REVOKED ||
    fence === ThreadState.DEAD;
  if (!isFence) Damage.damaged(m, `the fence of thread ${m.slot} is ${fence}`);
}

/**
 * Waits until the caller is not suspended.
 *
 * C: tstate_wait_attach().
 *
 * @param m The heap.
 * @throws {FatalError} If another worker reports a fatal error meanwhile.
 * @throws {ThreadStateError} If the thread state was revoked.
 */
export function waitWhileSuspended(m: Memory): void {
  const i32 = m.i32;
  const at = m.thread + ThreadState.X_STATE;
  let spins = 0;
  let seen = Atomics.load(i32, at);
  while ((seen & STATE_MASK) === ThreadState.SUSPENDED) {
    const old = seen;
    if (spins < SPINS) {
      spins++;
      Atomics.pause();
    } else if (
      (old & WAITED) !== 0 ||
      Atomics.compareExchange(i32, at, old, old | WAITED) === old
    ) {
      Atomics.wait(i32, at, old | WAITED, SLEEP_MS);
      Fatal.check(m);
    }
    seen = Atomics.load(i32, at);
  }
  requireNotRevoked(m);
}

/**
 * Counts the caller, which is detached, among the stopped if somebody stops
 * the world; otherwise does nothing.
 *
 * C: _PyThreadState_Suspend(), after the detach.
 *
 * @param m The heap.
 */
export function yieldToStopper(m: Memory): void {
  Mutex.lock(m, THREADS_LOCK);
  const word = wordForNewcomerLocked(m);
  if (
    word !== ThreadState.DETACHED &&
    Atomics.load(m.i32, REQUESTER) !== m.slot &&
    // A helper may have been quicker. Then the stopper will look again.
    Atomics.compareExchange(
        m.i32,
        m.thread + ThreadState.X_STATE,
        ThreadState.DETACHED,
        word,
      ) === ThreadState.DETACHED // COMMIT
  ) {
    countDownLocked(m);
  }
  Mutex.unlock(m, THREADS_LOCK);
}

/**
 * The state in which a thread state starts: suspended if the world stands
 * still. The caller has the threads lock.
 *
 * @param m The heap.
 * @returns Value for X_STATE.
 */
export function wordForNewcomerLocked(m: Memory): number {
  if (Atomics.load(m.i32, REQUESTED) === 0) return ThreadState.DETACHED;
  return suspendedBy(Atomics.load(m.i32, REQUESTER));
}

/**
 * Moves the caller to SHUTTING_DOWN unless it is suspended. The caller has the
 * threads lock.
 *
 * @param m The heap.
 * @returns False if the caller is suspended.
 */
export function shutDownLocked(m: Memory): boolean {
  const i32 = m.i32;
  const at = m.thread + ThreadState.X_STATE;
  const seen = Atomics.load(i32, at);
  const state = seen & STATE_MASK;
  if (state === ThreadState.SUSPENDED || state >= ThreadState.REVOKED) {
    return false; // the caller waits, or finds out
  }
  if (
    Atomics.compareExchange(i32, at, seen, ThreadState.SHUTTING_DOWN) !== seen // COMMIT
  ) {
    return false;
  }
  // Nobody should wait for a thread that is going away.
  if (
    Atomics.load(i32, REQUESTED) !== 0 &&
    Atomics.load(i32, REQUESTER) !== m.slot
  ) {
    countDownLocked(m);
  }
  return true;
}

/**
 * Counts the other threads. The caller has the threads lock.
 *
 * @param m The heap.
 * @returns Count.
 */
export function countOthersLocked(m: Memory): number {
  const used = threadsUsed(m);
  let count = 0;
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (slot !== m.slot && isCounted(m, slot)) count++;
  }
  return count;
}

/**
 * Counts again who has not stopped yet: a thread that was cut off is waited for
 * no more. The caller has the threads lock. The stopper is not woken, for a dead
 * worker may have what that takes: it counts again by itself.
 *
 * @param m The heap.
 */
export function recountLocked(m: Memory): void {
  const i32 = m.i32;
  if (Atomics.load(i32, REQUESTED) === 0) return;
  const requester = Atomics.load(i32, REQUESTER);
  const used = threadsUsed(m);
  let count = 0;
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (slot === requester || !isCounted(m, slot)) continue;
    const word = Atomics.load(i32, wordOf(slot)) & ~WAITED;
    if (word !== suspendedBy(requester)) count++;
  }
  Atomics.store(i32, COUNTDOWN, count); // COMMIT
}

/**
 * Suspends every other thread that is detached and asks every other that is
 * attached to stop. The caller is the stopper and has the threads lock.
 *
 * C: park_detached_threads().
 *
 * @param m The heap.
 */
export function suspendOthersLocked(m: Memory): void {
  const i32 = m.i32;
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (slot === m.slot || !isInUse(i32, slot)) continue;
    if (suspendDetached(m, slot)) {
      Atomics.sub(i32, COUNTDOWN, 1);
    } else if (stateOf(m, slot) === ThreadState.ATTACHED) {
      EvalBreaker.set(m, slot, EvalBreaker.PLEASE_STOP);
    }
  }
}

/**
 * Resumes every thread that the stopper suspended, and takes its requests
 * back. The caller is the stopper and has the threads lock.
 *
 * @param m The heap.
 */
export function resumeOthersLocked(m: Memory): void {
  const i32 = m.i32;
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (slot === m.slot || !isInUse(i32, slot)) continue;
    EvalBreaker.clear(m, slot, EvalBreaker.PLEASE_STOP);
    const seen = Atomics.load(i32, wordOf(slot)) & ~WAITED;
    if (seen === suspendedBy(m.slot)) resume(m, slot);
  }
}

/**
 * Whether the caller has lost its thread state: it was revoked, perhaps
 * recovered, and another worker may have the slot.
 *
 * @param m The heap.
 * @returns True if it has; false for a worker that never had one.
 */
export function isLost(m: Memory): boolean {
  if (m.thread === 0) return false;
  const { i32, thread } = m;
  const state = Atomics.load(i32, thread + ThreadState.X_STATE) & STATE_MASK;
  const incarnation = i32[thread + ThreadState.INCARNATION]; // racy hint
  return state >= ThreadState.SHUTTING_DOWN ||
    Atomics.load(i32, thread + ThreadState.X_FENCE) !== 0 ||
    incarnation !== m.owner >>> PageMap.INCARNATION_SHIFT;
}

/**
 * Refuses a worker that has lost its thread state. Costs one load if it has
 * not; one that was revoked a moment ago may pass.
 *
 * @param m The heap.
 * @throws {ThreadStateError} If it has.
 */
export function requireNotRevoked(m: Memory): void {
  const fence = m.i32[m.thread + ThreadState.X_FENCE]; // racy hint
  const word = m.i32[m.thread + ThreadState.X_STATE]; // racy hint
  if ((fence === 0 && word === ThreadState.ATTACHED) || !isLost(m)) return;
  throw new ThreadStateError(
    "Cannot go on: the thread state of this worker was revoked",
  );
}

/** C: decrement_stoptheworld_countdown(). */
function countDownLocked(m: Memory): void {
  if (Atomics.sub(m.i32, COUNTDOWN, 1) === 1) PyEvent.notify(m, EVENT);
}

function suspendedBy(slot: number): number {
  return ThreadState.SUSPENDED | (slot << SUSPENDER_SHIFT);
}

function isInUse(i32: Int32Array<SharedArrayBuffer>, slot: number): boolean {
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  return Atomics.load(i32, thread + ThreadState.X_IN_USE) ===
    ThreadState.IN_USE;
}

/** True if a stopper has to wait for the thread. */
function isCounted(m: Memory, slot: number): boolean {
  return isInUse(m.i32, slot) && stateOf(m, slot) < ThreadState.SHUTTING_DOWN;
}

function wordOf(slot: number): number {
  return Map.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_STATE;
}
