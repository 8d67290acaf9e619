/**
 * The global lock of the GIL build, with forced switching.
 *
 * ## Invariants
 *   G1  X_LOCKED is 0 or the owner value of who has the GIL
 *   G2  X_SWITCH_NUMBER changes ⇔ the GIL went to another thread than before
 *   G3  X_WAITERS counts who is inside the slow path of `take`
 *
 * ## How it is passed on
 *   1. A waiter sleeps for one interval. If nobody got the GIL meanwhile, it
 *      sets the drop request in the eval breaker of the holder.
 *   2. The holder meets the request in a safe point and drops the GIL.
 *   3. It then waits until another thread has it, or it would take it again
 *      before the waiter is awake.
 *
 * ## Threads
 *   All words are atomic; X_INTERVAL may be set by anybody at any time. A wake-up
 *   cannot be lost: a waiter counts itself before it looks at X_LOCKED for the
 *   last time, and a dropper clears X_LOCKED before it looks at the count. No
 *   sleep is without an end: a waiter wakes after each interval, and who drops
 *   gives up after {@linkcode MAX_SWITCH_WAITS} of them, so that a worker that
 *   stops while it waits costs one pause. A worker that stops while it is
 *   holder leaves a word that names it.
 *
 * Source: CPython 3.14 Python/ceval_gil.c: take_gil(), drop_gil_impl(),
 * drop_gil(); Include/internal/pycore_gil.h.
 * Differs: the locked word names its holder, where C has a flag; so a request
 * goes to who has the GIL and not to who had it last.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as GilState from "../layout/gil.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { Fatal } from "../sync/mod.ts";
import * as EvalBreaker from "./eval_breaker.ts";

const LOCKED = Map.GIL + GilState.X_LOCKED;
const LAST_HOLDER = Map.GIL + GilState.X_LAST_HOLDER;
const SWITCH_NUMBER = Map.GIL + GilState.X_SWITCH_NUMBER;
const INTERVAL = Map.GIL + GilState.X_INTERVAL;
const WAITERS = Map.GIL + GilState.X_WAITERS;
const SWITCH_WAITERS = Map.GIL + GilState.X_SWITCH_WAITERS;

/** Looks at the word before the first sleep, about 10 µs. Count. */
const SPINS = 250;
/** Microseconds in a millisecond, of the interval. Count. */
const US_PER_MS = 1000;
/** Longest sleep for a switch. Milliseconds. */
const SWITCH_WAIT_MS = 5;
/** Sleeps for one switch at most: 100 ms in all. Count. */
const MAX_SWITCH_WAITS = 20;

/**
 * Sets up the GIL of a new heap. C: `create_gil()`.
 *
 * @param m The heap, not yet shared.
 */
export function init(m: Memory): void {
  Atomics.store(m.i32, LOCKED, 0);
  Atomics.store(m.i32, LAST_HOLDER, 0);
  Atomics.store(m.i32, INTERVAL, GilState.DEFAULT_INTERVAL);
}

/**
 * Takes the GIL. C: `take_gil()`.
 *
 * @param m The heap, of a worker that has a thread state and not the GIL.
 * @throws {FatalError} If another worker reports a fatal error meanwhile.
 */
export function take(m: Memory): void {
  if (Atomics.compareExchange(m.i32, LOCKED, 0, m.owner) !== 0) { // COMMIT
    takeSlow(m);
  }
  noteHolder(m);
}

/**
 * Gives the GIL up. If another thread has asked for it, waits until another
 * thread has it.
 *
 * C: `drop_gil()`.
 *
 * @param m The heap, of the worker that has the GIL.
 */
export function drop(m: Memory): void {
  const before = Atomics.load(m.i32, SWITCH_NUMBER);
  dropFinal(m);
  if (EvalBreaker.isSet(m, m.slot, EvalBreaker.GIL_DROP_REQUEST)) {
    // As in C: or the request would be met again before it is made again.
    EvalBreaker.clear(m, m.slot, EvalBreaker.GIL_DROP_REQUEST);
    waitForSwitch(m, before);
  }
}

/**
 * Gives the GIL up without waiting for anybody: the thread will not take it
 * again.
 *
 * C: `drop_gil()` with `final_release`.
 *
 * @param m The heap, of the worker that has the GIL.
 * @throws {FatalError} If the worker does not have it.
 */
export function dropFinal(m: Memory): void {
  const i32 = m.i32;
  if (Atomics.compareExchange(i32, LOCKED, m.owner, 0) !== m.owner) { // COMMIT
    Fatal.fatal(m, "drop_gil: GIL is not locked"); // verbatim
  }
  if (Atomics.load(i32, WAITERS) > 0) Atomics.notify(i32, LOCKED, 1);
}

/**
 * Who has the GIL; old news when it arrives, unless it is the caller.
 *
 * @param m The heap.
 * @returns Slot, or 0 if nobody has it.
 */
export function holder(m: Memory): number {
  return Atomics.load(m.i32, LOCKED) & PageMap.SLOT_MASK;
}

/**
 * How often the GIL went to another thread. C: `gil->switch_number`.
 *
 * @param m The heap.
 * @returns Count, wraps at 32 bits.
 */
export function switchNumber(m: Memory): number {
  return Atomics.load(m.i32, SWITCH_NUMBER);
}

/**
 * The switch interval. C: `_PyEval_GetSwitchInterval()`.
 *
 * @param m The heap.
 * @returns Microseconds.
 */
export function interval(m: Memory): number {
  return Atomics.load(m.i32, INTERVAL);
}

/**
 * Sets the switch interval. C: `_PyEval_SetSwitchInterval()`.
 *
 * @param m The heap.
 * @param microseconds Microseconds; less than 1 counts as 1.
 */
export function setInterval(m: Memory, microseconds: number): void {
  Atomics.store(m.i32, INTERVAL, microseconds);
}

function takeSlow(m: Memory): void {
  const i32 = m.i32;
  i32[m.thread + ThreadState.STAT_GIL_WAITS]++;
  Atomics.add(i32, WAITERS, 1);
  if (!takeSpinning(m)) takeSleeping(m);
  Atomics.sub(i32, WAITERS, 1);
}

function takeSpinning(m: Memory): boolean {
  const i32 = m.i32;
  for (let spins = 0; spins < SPINS; spins++) {
    if (
      Atomics.load(i32, LOCKED) === 0 &&
      Atomics.compareExchange(i32, LOCKED, 0, m.owner) === 0 // COMMIT
    ) {
      return true;
    }
    Atomics.pause();
  }
  return false;
}

function takeSleeping(m: Memory): void {
  const i32 = m.i32;
  while (true) {
    const before = Atomics.load(i32, SWITCH_NUMBER);
    const seen = Atomics.compareExchange(i32, LOCKED, 0, m.owner); // COMMIT
    if (seen === 0) return;
    const intervalMs = Math.max(Atomics.load(i32, INTERVAL), 1) / US_PER_MS;
    const timedOut = Atomics.wait(i32, LOCKED, seen, intervalMs) ===
      "timed-out";
    if (timedOut && Atomics.load(i32, SWITCH_NUMBER) === before) {
      const slot = holder(m);
      if (slot !== 0) EvalBreaker.set(m, slot, EvalBreaker.GIL_DROP_REQUEST);
    }
    Fatal.check(m);
  }
}

/** What follows every acquisition. */
function noteHolder(m: Memory): void {
  const i32 = m.i32;
  if (Atomics.load(i32, LAST_HOLDER) !== m.slot) {
    Atomics.store(i32, LAST_HOLDER, m.slot);
    Atomics.add(i32, SWITCH_NUMBER, 1);
  }
  if (Atomics.load(i32, SWITCH_WAITERS) > 0) Atomics.notify(i32, SWITCH_NUMBER);
  if (EvalBreaker.isSet(m, m.slot, EvalBreaker.GIL_DROP_REQUEST)) {
    EvalBreaker.clear(m, m.slot, EvalBreaker.GIL_DROP_REQUEST);
  }
}

/** Waits until another thread had the GIL. C: the FORCE_SWITCHING part. */
function waitForSwitch(m: Memory, before: number): void {
  const i32 = m.i32;
  for (let spins = 0; spins < SPINS; spins++) {
    if (Atomics.load(i32, SWITCH_NUMBER) !== before) return;
    Atomics.pause();
  }
  Atomics.add(i32, SWITCH_WAITERS, 1);
  for (let waits = 0; waits < MAX_SWITCH_WAITS; waits++) {
    // Who asked may have got the GIL and gone, or gone without it.
    if (Atomics.load(i32, WAITERS) === 0 && holder(m) === 0) break;
    if (Atomics.load(i32, SWITCH_NUMBER) !== before) break;
    Atomics.wait(i32, SWITCH_NUMBER, before, SWITCH_WAIT_MS);
  }
  Atomics.sub(i32, SWITCH_WAITERS, 1);
}
