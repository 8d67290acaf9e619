/**
 * `PyEvent`: a flag that threads wait for.
 *
 * ```text
 *   0  unset      1  set      2  unset, and somebody may be parked
 * ```
 *
 * ## Invariants
 *   E1  a thread is parked on the word ⇒ the word is 2
 *   E2  after `notify` returns, all that waited before it are awake
 *
 * ## Threads
 *   One atomic word and the parking lot. `notify` may come from anybody, any
 *   number of times; `reset` only from who knows that nobody waits. A worker
 *   that stops after the exchange of `notify` leaves waiters parked on a set
 *   event.
 *
 * Source: CPython 3.14 Python/lock.c: _PyEvent_Notify(), PyEvent_WaitTimed().
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Fatal from "./fatal.ts";
import * as ParkingLot from "./parking_lot.ts";

const UNSET = 0;
const SET = 1;
const HAS_PARKED = 2;

/** Sleep of a thread that cannot park. Milliseconds. */
const NAP_MS = 0.1;

/**
 * Whether the event was notified. C: `_PyEvent_IsSet()`.
 *
 * @param m The heap.
 * @param at The event. Word index.
 * @returns True if it is set.
 */
export function isSet(m: Memory, at: number): boolean {
  return Atomics.load(m.i32, at) === SET;
}

/**
 * Sets the event and wakes all that wait for it. C: `_PyEvent_Notify()`.
 *
 * @param m The heap.
 * @param at The event. Word index.
 */
export function notify(m: Memory, at: number): void {
  if (Atomics.exchange(m.i32, at, SET) === HAS_PARKED) { // COMMIT
    ParkingLot.unparkAll(m, at);
  }
}

/**
 * Waits until the event is set. C: `PyEvent_WaitTimed()`, without detaching.
 *
 * @param m The heap.
 * @param at The event. Word index.
 * @param timeoutMs Longest wait. Milliseconds, `Infinity` for ever.
 * @returns True if it is set, false if the time is over.
 */
export function wait(m: Memory, at: number, timeoutMs: number): boolean {
  const i32 = m.i32;
  const deadline = timeoutMs === Infinity
    ? Infinity
    : m.clock.now() + timeoutMs;
  let leftMs = timeoutMs;
  while (true) {
    const seen = Atomics.load(i32, at);
    if (seen === SET) return true;
    if (leftMs <= 0) return false;
    if (m.thread === 0) {
      // Nobody notifies this word: it is a sleep that ends by itself.
      Atomics.wait(i32, at, seen, Math.min(NAP_MS, leftMs));
      Fatal.check(m);
    } else if (
      seen === HAS_PARKED ||
      Atomics.compareExchange(i32, at, UNSET, HAS_PARKED) === UNSET
    ) {
      ParkingLot.park(m, at, HAS_PARKED, leftMs, 0);
    }
    if (deadline !== Infinity) leftMs = deadline - m.clock.now();
    Atomics.pause();
  }
}

/**
 * Makes the event unset again. Nobody may wait for it meanwhile.
 *
 * @param m The heap.
 * @param at The event. Word index.
 */
export function reset(m: Memory, at: number): void {
  Atomics.store(m.i32, at, UNSET); // COMMIT
}
