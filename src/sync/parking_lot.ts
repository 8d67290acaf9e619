/**
 * Parking lot: threads sleep on a word until somebody says its index.
 *
 * A lock needs no queue of its own: who must wait leaves its waiter record,
 * one for each thread state, in the bucket that the word's index hashes to.
 *
 * ## Invariants
 *   K1  a waiter is in the list of bucket (ADDR mod 257) ⇔ ADDR is not 0
 *       and UNPARKED_BY is 0
 *   K2  NUM_WAITERS == length of the list; HEAD == 0 ⇔ TAIL == 0
 *   K3  the list is in order of arrival
 *   K4  X_SEMA becomes 1 exactly once per dequeued waiter, after UNPARKED_BY
 *
 * ## Threads
 *   The list and the waiters on it are plain words under the bucket's raw
 *   mutex. The word waited for is compared under that mutex too, so a change
 *   that is followed by an unpark cannot slip between compare and enqueue.
 *   A late notify may wake the next sleep of the same thread; every sleep is a
 *   loop on X_SEMA. Whoever parks must bear being woken for no reason.
 *
 *   A worker that stops while it has a bucket's mutex holds up that bucket; one
 *   that stops between taking a waiter off the list and waking it leaves a
 *   sleeper that names it in UNPARKED_BY; one that was woken to take a lock and
 *   stops leaves others asleep. {@linkcode recover} makes up for all three: it
 *   takes the mutex over, empties every list and wakes everybody.
 *
 * ## Not here
 *   What the words mean: `mutex.ts`, `event.ts`. A thread without a thread
 *   state has no waiter record and must not come here.
 *
 * Source: CPython 3.14 Python/parking_lot.c: _PyParkingLot_Park(),
 * _PyParkingLot_Unpark(), _PyParkingLot_UnparkAll().
 * Differs: Unpark() takes no function; it is cut in two, with the caller's own
 * code between. The hash is of the word index, not of the byte address.
 *
 * @module
 */

import { type Memory, threadsUsed } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as Bucket from "../layout/parking_bucket.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as Waiter from "../layout/waiter.ts";
import * as Death from "./death.ts";
import * as Fatal from "./fatal.ts";
import * as RawMutex from "./raw_mutex.ts";

/** Result of {@linkcode park}: somebody unparked us. C: Py_PARK_OK. */
export const PARK_OK = 0;
/** Result of {@linkcode park}: the word was not as expected. C: Py_PARK_AGAIN. */
export const PARK_AGAIN: number = -1;
/** Result of {@linkcode park}: nobody came in time. C: Py_PARK_TIMEOUT. */
export const PARK_TIMEOUT: number = -2;

/**
 * Sleeps until the word is unparked, if it still has the expected value.
 *
 * C: `_PyParkingLot_Park()`.
 *
 * @param m The heap, of a worker that has a thread state.
 * @param addr What to wait for. Word index.
 * @param expected Value that the word must have.
 * @param timeoutMs Longest sleep. Milliseconds, `Infinity` for ever.
 * @param timeToBeFair Left in the waiter record for the unparker to read.
 * Milliseconds, wrapping i32.
 * @returns {@linkcode PARK_OK}, {@linkcode PARK_AGAIN} or
 * {@linkcode PARK_TIMEOUT}.
 * @throws {FatalError} If another worker reports a fatal error meanwhile.
 */
export function park(
  m: Memory,
  addr: number,
  expected: number,
  timeoutMs: number,
  timeToBeFair: number,
): number {
  const i32 = m.i32;
  const bucket = bucketOf(addr);
  const waiter = m.thread + ThreadState.WAITER;
  RawMutex.lock(m, bucket + Bucket.X_LOCK);
  if (Atomics.load(i32, addr) !== expected) {
    RawMutex.unlock(m, bucket + Bucket.X_LOCK);
    return PARK_AGAIN;
  }
  // Before it sleeps, or who recovers would take it for one left behind.
  i32[waiter + Waiter.ADDR] = 0;
  Atomics.store(i32, waiter + Waiter.X_SEMA, 0);
  i32[waiter + Waiter.ADDR] = addr;
  i32[waiter + Waiter.UNPARKED_BY] = 0;
  i32[waiter + Waiter.TIME_TO_BE_FAIR] = timeToBeFair;
  enqueueLocked(i32, bucket, waiter);
  RawMutex.unlock(m, bucket + Bucket.X_LOCK);

  if (sleep(m, waiter, timeoutMs)) return PARK_OK;

  RawMutex.lock(m, bucket + Bucket.X_LOCK);
  if (i32[waiter + Waiter.UNPARKED_BY] !== 0) {
    // Another thread has started to unpark us; wait for its signal.
    RawMutex.unlock(m, bucket + Bucket.X_LOCK);
    sleep(m, waiter, Infinity);
    return PARK_OK;
  }
  removeLocked(i32, bucket, waiter);
  i32[waiter + Waiter.ADDR] = 0;
  RawMutex.unlock(m, bucket + Bucket.X_LOCK);
  return PARK_TIMEOUT;
}

/**
 * First half of an unpark: locks the bucket and takes the first waiter of the
 * word off its list. {@linkcode finishUnpark} must follow, whatever the
 * result; between the two nobody can park on the word.
 *
 * C: `_PyParkingLot_Unpark()`, up to the call of the function.
 *
 * @param m The heap.
 * @param addr Word that is waited for. Word index.
 * @returns The waiter, or 0 if there is none. Word index.
 */
export function beginUnpark(m: Memory, addr: number): number {
  const i32 = m.i32;
  const bucket = bucketOf(addr);
  RawMutex.lock(m, bucket + Bucket.X_LOCK);
  let waiter = i32[bucket + Bucket.HEAD];
  while (waiter !== 0 && i32[waiter + Waiter.ADDR] !== addr) {
    waiter = i32[waiter + Waiter.NEXT];
  }
  if (waiter !== 0) {
    removeLocked(i32, bucket, waiter);
    i32[waiter + Waiter.UNPARKED_BY] = unparker(m);
  }
  return waiter;
}

/**
 * Whether others wait in the bucket of the word; perhaps for another word of
 * the same bucket. For use between the two halves of an unpark.
 *
 * C: the `has_more_waiters` argument of `_Py_unpark_fn_t`.
 *
 * @param m The heap.
 * @param addr Word that is waited for. Word index.
 * @returns True if the bucket is not empty.
 */
export function bucketHasWaiters(m: Memory, addr: number): boolean {
  return m.i32[bucketOf(addr) + Bucket.NUM_WAITERS] > 0;
}

/**
 * Second half of an unpark: unlocks the bucket, then wakes the waiter.
 *
 * @param m The heap.
 * @param addr Word that is waited for. Word index.
 * @param waiter What {@linkcode beginUnpark} returned. Word index or 0.
 */
export function finishUnpark(m: Memory, addr: number, waiter: number): void {
  RawMutex.unlock(m, bucketOf(addr) + Bucket.X_LOCK);
  if (waiter !== 0) wake(m.i32, waiter);
}

/**
 * Wakes all that wait for the word.
 *
 * C: `_PyParkingLot_UnparkAll()`.
 *
 * @param m The heap.
 * @param addr Word that is waited for. Word index.
 */
export function unparkAll(m: Memory, addr: number): void {
  const i32 = m.i32;
  const bucket = bucketOf(addr);
  let woken = 0;
  let last = 0;
  RawMutex.lock(m, bucket + Bucket.X_LOCK);
  let waiter = i32[bucket + Bucket.HEAD];
  while (waiter !== 0) {
    const next = i32[waiter + Waiter.NEXT];
    if (i32[waiter + Waiter.ADDR] === addr) {
      removeLocked(i32, bucket, waiter);
      i32[waiter + Waiter.UNPARKED_BY] = unparker(m);
      i32[waiter + Waiter.NEXT] = 0;
      if (last === 0) woken = waiter;
      else i32[last + Waiter.NEXT] = waiter;
      last = waiter;
    }
    waiter = next;
  }
  RawMutex.unlock(m, bucket + Bucket.X_LOCK);
  while (woken !== 0) {
    // The record may be in use again right after the wake-up.
    const next = i32[woken + Waiter.NEXT];
    wake(i32, woken);
    woken = next;
  }
}

/**
 * Makes up for workers that died: wakes all that are parked, and those that
 * the dead were about to wake. Several workers may do so at once. For recovery.
 *
 * @param m The heap, of a worker that has a thread state.
 */
export function recover(m: Memory): void {
  for (let bucket = 0; bucket < Bucket.NUM_BUCKETS; bucket++) {
    const at = Map.BUCKETS + bucket * Bucket.SIZEOF;
    RawMutex.lockRecovering(m, at + Bucket.X_LOCK);
    emptyLocked(m, at);
    RawMutex.unlock(m, at + Bucket.X_LOCK);
  }
}

/**
 * First half of an unpark of all that are parked in the bucket of a word, even
 * if a dead worker has the bucket. {@linkcode finishUnpark} must follow, of
 * waiter 0. For recovery.
 *
 * @param m The heap, of a worker that has a thread state.
 * @param addr Word that is waited for. Word index.
 */
export function beginRecovery(m: Memory, addr: number): void {
  const bucket = bucketOf(addr);
  RawMutex.lockRecovering(m, bucket + Bucket.X_LOCK);
  emptyLocked(m, bucket);
}

/**
 * Takes all waiters off a list that may be damaged, and those that a dead
 * worker has taken off and not woken: the records tell. Wakes them.
 */
function emptyLocked(m: Memory, bucket: number): void {
  const i32 = m.i32;
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const waiter = Map.THREADS + slot * ThreadState.SIZEOF + ThreadState.WAITER;
    // In this order: one that falls asleep in another bucket has cleared ADDR.
    const isAsleep = Atomics.load(i32, waiter + Waiter.X_SEMA) === 0;
    const addr = i32[waiter + Waiter.ADDR]; // racy hint
    if (addr === 0 || bucketOf(addr) !== bucket) continue;
    const by = i32[waiter + Waiter.UNPARKED_BY]; // racy hint
    const isLeft = by !== 0 && Death.isDead(m, by >>> 1);
    if (isAsleep && (by === 0 || isLeft)) {
      i32[waiter + Waiter.UNPARKED_BY] = unparker(m);
      wake(i32, waiter);
    } else if (isLeft) {
      // The semaphore was raised, perhaps without a notify.
      Atomics.notify(i32, waiter + Waiter.X_SEMA);
    }
  }
  i32[bucket + Bucket.HEAD] = 0;
  i32[bucket + Bucket.TAIL] = 0;
  i32[bucket + Bucket.NUM_WAITERS] = 0;
}

/** What the caller leaves in UNPARKED_BY. */
function unparker(m: Memory): number {
  return (m.owner << 1) | 1;
}

function bucketOf(addr: number): number {
  return Map.BUCKETS + (addr % Bucket.NUM_BUCKETS) * Bucket.SIZEOF;
}

function enqueueLocked(
  i32: Int32Array<SharedArrayBuffer>,
  bucket: number,
  waiter: number,
): void {
  const tail = i32[bucket + Bucket.TAIL];
  i32[waiter + Waiter.NEXT] = 0;
  if (tail === 0) i32[bucket + Bucket.HEAD] = waiter;
  else i32[tail + Waiter.NEXT] = waiter;
  i32[bucket + Bucket.TAIL] = waiter;
  i32[bucket + Bucket.NUM_WAITERS]++;
}

function removeLocked(
  i32: Int32Array<SharedArrayBuffer>,
  bucket: number,
  waiter: number,
): void {
  let previous = 0;
  let at = i32[bucket + Bucket.HEAD];
  while (at !== waiter) {
    previous = at;
    at = i32[at + Waiter.NEXT];
  }
  const next = i32[waiter + Waiter.NEXT];
  if (previous === 0) i32[bucket + Bucket.HEAD] = next;
  else i32[previous + Waiter.NEXT] = next;
  if (next === 0) i32[bucket + Bucket.TAIL] = previous;
  i32[bucket + Bucket.NUM_WAITERS]--;
}

/** Waits for the semaphore. Returns false if nobody raised it in time. */
function sleep(m: Memory, waiter: number, timeoutMs: number): boolean {
  const i32 = m.i32;
  const sema = waiter + Waiter.X_SEMA;
  const deadline = timeoutMs === Infinity
    ? Infinity
    : m.clock.now() + timeoutMs;
  let leftMs = timeoutMs;
  while (Atomics.load(i32, sema) === 0) {
    if (leftMs <= 0) return false;
    // Parking has overwritten what a fatal error had raised before.
    Fatal.check(m);
    Atomics.wait(i32, sema, 0, leftMs);
    if (deadline !== Infinity) leftMs = deadline - m.clock.now();
  }
  Fatal.check(m);
  return true;
}

function wake(i32: Int32Array<SharedArrayBuffer>, waiter: number): void {
  const sema = waiter + Waiter.X_SEMA;
  Atomics.store(i32, sema, 1); // COMMIT
  Atomics.notify(i32, sema, 1);
}
