/**
 * The other thread of the tests of `src/sync/`.
 *
 * @module
 */

import { type Clock, Create, type Memory } from "../../src/memory/mod.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import { Mutex, ParkingLot, PyEvent, RawMutex } from "../../src/sync/mod.ts";
import { type Control, serve, signal, waitUntil } from "../helpers/workers.ts";
import { CLOCK_READS, realClock, reserved } from "./heap.ts";

/** Argument of all tasks; each uses what it needs. */
interface Job {
  /** The heap, of the first task. */
  buffer?: SharedArrayBuffer;
  /** Lock, event or word to park on. Word index. */
  at?: number;
  /** Plain counter that the lock protects. Word index. */
  counter?: number;
  rounds?: number;
  expected?: number;
  timeoutMs?: number;
  /** Control word that the task sets to 1 when it has what it wants. */
  tell?: number;
  /** Control word that the task then waits for to become 1. */
  until?: number;
}

let m: Memory;
let control: Control;
let isWatched = false;

const clock: Clock = {
  now() {
    if (isWatched) Atomics.add(control, CLOCK_READS, 1);
    return realClock.now();
  },
};

function increment(counter: number): void {
  const seen = m.i32[counter];
  Atomics.pause();
  m.i32[counter] = seen + 1;
}

function tellAndWait(job: Job): void {
  if (job.tell !== undefined) signal(control, job.tell, 1);
  if (job.until !== undefined) waitUntil(control, job.until, 1);
}

serve<Required<Job>>({
  /** Opens the heap without a thread state. */
  open_heap(job, words) {
    control = words;
    m = Create.open(job.buffer, clock);
  },

  /** Gets a thread state. Returns the owner value. */
  join() {
    return reserved(m).owner;
  },

  /** Asks for the time in a way that the test can count. */
  watch_clock() {
    isWatched = true;
  },

  hammer_mutex(job) {
    for (let i = 0; i < job.rounds; i++) {
      Mutex.lock(m, job.at);
      if (Mutex.ownerOf(m, job.at) !== m.owner) throw new Error("Not owner");
      increment(job.counter);
      Mutex.unlock(m, job.at);
    }
    return m.thread === 0 ? 0 : m.i32[m.thread + ThreadState.STAT_LOCK_WAITS];
  },

  hammer_raw_mutex(job) {
    for (let i = 0; i < job.rounds; i++) {
      RawMutex.lock(m, job.at);
      increment(job.counter);
      RawMutex.unlock(m, job.at);
    }
  },

  /** Takes the raw mutex once. Returns its value while it was taken. */
  take_raw_mutex(job) {
    RawMutex.lock(m, job.at);
    const word = Atomics.load(m.i32, job.at);
    RawMutex.unlock(m, job.at);
    return word;
  },

  /** Has the mutex until told. Returns how often it parked. */
  hold(job) {
    Mutex.lock(m, job.at);
    tellAndWait(job);
    Mutex.unlock(m, job.at);
    return m.i32[m.thread + ThreadState.STAT_LOCK_WAITS];
  },

  /** Parks. Returns -9 if it was woken by nobody and says otherwise. */
  park(job) {
    const result = ParkingLot.park(
      m,
      job.at,
      job.expected,
      job.timeoutMs,
      0,
    );
    const sema = m.thread + ThreadState.WAITER + Waiter.X_SEMA;
    const isWoken = Atomics.load(m.i32, sema) === 1;
    return result === ParkingLot.PARK_OK && !isWoken ? -9 : result;
  },

  wait_event(job) {
    return PyEvent.wait(m, job.at, job.timeoutMs);
  },
});
