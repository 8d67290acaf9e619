/**
 * Stopping the world: until it is started again, no other thread is attached.
 *
 * In the GIL build whoever is attached is alone already, and both functions do
 * nothing.
 *
 * ## Invariants
 *   W1  X_REQUESTED is 1 ⇒ a stopper has LOCK, and X_REQUESTER is its slot
 *   W2  the world stands still ⇔ X_REQUESTED is 1 and X_COUNTDOWN is 0
 *   W3  a thread state that appears while X_REQUESTED is 1 starts suspended
 *
 * ## Threads
 *   LOCK serialises stoppers; who waits for it is detached, so that the one
 *   who has it can stop the world. X_REQUESTED, X_REQUESTER and X_COUNTDOWN
 *   are written under the threads lock, X_EVENT wakes the stopper. Threads that
 *   are detached, asleep or in a long call of their own, are not woken: they
 *   are suspended where they are, and find out when they attach. RAW may be
 *   used all the while, also by them. A worker that stops as stopper leaves
 *   LOCK and the suspended words with its name in them.
 *
 * Source: CPython 3.14 Python/pystate.c: stop_the_world(), start_the_world().
 * Differs: it can time out; there are no interpreters, hence one level.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as WorldState from "../layout/world.ts";
import { Mutex, PyEvent } from "../sync/mod.ts";
import * as Gil from "./gil.ts";
import * as Suspension from "./suspension.ts";
import * as ThreadStates from "./thread_state.ts";

const THREADS_LOCK = Map.HEADER + Header.THREADS_LOCK;
const LOCK = Map.WORLD + WorldState.LOCK;
const REQUESTED = Map.WORLD + WorldState.X_REQUESTED;
const REQUESTER = Map.WORLD + WorldState.X_REQUESTER;
const COUNTDOWN = Map.WORLD + WorldState.X_COUNTDOWN;
const EVENT = Map.WORLD + WorldState.X_EVENT;

/** Time between two looks for threads that detached. Milliseconds. */
const RECHECK_MS = 1;
/** Looks at the countdown before the first sleep, about 10 µs. Count. */
const SPINS = 250;

/**
 * Stops all other threads. They stop at their next safe point; the detached
 * ones cannot attach. {@linkcode start} must follow.
 *
 * The caller may be attached, detached or without a thread state, holds no
 * internal lock and has suspended nobody. While it waits for another stopper
 * it is detached; an attached caller waits until that one is done, even if
 * the time is over before.
 *
 * C: `_PyEval_StopTheWorld()`.
 *
 * @param m The heap.
 * @param timeoutMs Longest wait. Milliseconds, `Infinity` for ever.
 * @returns True if the world stands still. False if the time was over: then
 * everything is as before.
 */
export function stop(m: Memory, timeoutMs: number): boolean {
  if (m.build === Header.BUILD_GIL) return true;
  const start = m.clock.now();
  if (!lockWorld(m, timeoutMs)) return false;
  Mutex.lock(m, THREADS_LOCK);
  PyEvent.reset(m, EVENT);
  Atomics.store(m.i32, COUNTDOWN, Suspension.countOthersLocked(m));
  Atomics.store(m.i32, REQUESTER, m.slot);
  Atomics.store(m.i32, REQUESTED, 1); // COMMIT
  while (true) {
    Suspension.suspendOthersLocked(m);
    Suspension.recountLocked(m); // who was cut off has told nobody
    const stopped = Atomics.load(m.i32, COUNTDOWN) === 0;
    const leftMs = start + timeoutMs - m.clock.now();
    if (!stopped && leftMs <= 0) {
      startLocked(m);
      return false;
    }
    Mutex.unlock(m, THREADS_LOCK);
    if (stopped || waitStopped(m, Math.min(leftMs, RECHECK_MS))) return true;
    Mutex.lock(m, THREADS_LOCK);
  }
}

/**
 * Starts all threads again. The caller has stopped them.
 *
 * C: `_PyEval_StartTheWorld()`.
 *
 * @param m The heap.
 */
export function start(m: Memory): void {
  if (m.build === Header.BUILD_GIL) return;
  Mutex.lock(m, THREADS_LOCK);
  startLocked(m);
}

/**
 * Whether no other thread is attached, thanks to the caller: it has stopped
 * the world, or holds the GIL.
 *
 * @param m The heap.
 * @returns True if the caller is alone with MEM and OBJ.
 */
export function isStopper(m: Memory): boolean {
  if (m.build === Header.BUILD_GIL) return Gil.holder(m) === m.slot;
  return Atomics.load(m.i32, REQUESTED) === 1 &&
    Atomics.load(m.i32, REQUESTER) === m.slot;
}

/** Takes LOCK, detached if that takes time. Returns false if it took too long. */
function lockWorld(m: Memory, timeoutMs: number): boolean {
  if (Mutex.tryLock(m, LOCK)) return true;
  if (!ThreadStates.isAttached(m)) return Mutex.lockTimed(m, LOCK, timeoutMs);
  ThreadStates.detach(m);
  const locked = Mutex.lockTimed(m, LOCK, timeoutMs);
  // If we have the lock nobody can keep us suspended for long.
  ThreadStates.attach(m);
  return locked;
}

/** Undoes a stop. The caller has both locks and afterwards has neither. */
function startLocked(m: Memory): void {
  Atomics.store(m.i32, REQUESTED, 0); // COMMIT
  Suspension.resumeOthersLocked(m);
  Atomics.store(m.i32, REQUESTER, 0);
  Mutex.unlock(m, THREADS_LOCK);
  Mutex.unlock(m, LOCK);
}

/** Waits a little for the last thread. Returns true if all have stopped. */
function waitStopped(m: Memory, timeoutMs: number): boolean {
  for (let spins = 0; spins < SPINS; spins++) {
    if (Atomics.load(m.i32, COUNTDOWN) === 0) return true;
    Atomics.pause();
  }
  return PyEvent.wait(m, EVENT, timeoutMs);
}
