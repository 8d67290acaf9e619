/**
 * The other threads of the tests of `src/threads/`.
 *
 * @module
 */

import * as ThreadState from "../../src/layout/thread_state.ts";
import { Create, type Memory } from "../../src/memory/mod.ts";
import { Mutex } from "../../src/sync/mod.ts";
import {
  EvalBreaker,
  Gil,
  Lock,
  SafePoint,
  ThreadStates,
  World,
} from "../../src/threads/mod.ts";
import {
  type Control,
  isStopped,
  serve,
  signal,
  waitUntil,
} from "../helpers/workers.ts";
import { realClock, reserved } from "../sync/heap.ts";

/** Argument of all tasks; each uses what it needs. */
interface Job {
  /** The heap, of the first task. */
  buffer: SharedArrayBuffer;
  /** A mutex. Word index. */
  at: number;
  /** Word that the task counts in. Word index. */
  counter: number;
  rounds: number;
  /** Control word that the task sets to 1 when it has what it wants. */
  tell: number;
  /** Control word that the task then waits for to become 1. */
  until: number;
}

let m: Memory;

function tellAndWait(job: Job, control: Control): void {
  if (job.tell !== undefined) signal(control, job.tell, 1);
  if (job.until !== undefined) waitUntil(control, job.until, 1);
}

function increment(counter: number): void {
  const seen = m.i32[counter];
  Atomics.pause();
  m.i32[counter] = seen + 1;
}

/** Passes a safe point; true if the GIL went to nobody on that occasion. */
function switchesInVain(): boolean {
  const wanted = EvalBreaker.isSet(m, m.slot, EvalBreaker.GIL_DROP_REQUEST);
  const before = Gil.switchNumber(m);
  SafePoint.safePoint(m);
  return wanted && Gil.switchNumber(m) === before;
}

serve<Job>({
  /** Opens the heap and gets a thread state. Returns its slot. */
  join(job) {
    m = reserved(Create.open(job.buffer, realClock));
    return m.slot;
  },

  attach() {
    ThreadStates.attach(m);
  },

  detach() {
    ThreadStates.detach(m);
  },

  release() {
    ThreadStates.release(m);
  },

  safe_point() {
    SafePoint.safePoint(m);
    return ThreadStates.isAttached(m);
  },

  /** Counts under the GIL until told to stop. Returns switches in vain. */
  spin_under_gil(job, control) {
    let inVain = 0;
    ThreadStates.attach(m);
    while (!isStopped(control)) {
      increment(job.counter);
      increment(job.at);
      if (switchesInVain()) inVain++;
    }
    ThreadStates.detach(m);
    return [inVain, m.i32[m.thread + ThreadState.STAT_GIL_WAITS]];
  },

  /** Passes safe points and nothing else, with no atomic access of its own. */
  pass_safe_points(job, control) {
    ThreadStates.attach(m);
    signal(control, job.tell, 1);
    let passed = 0;
    while (m.i32[job.counter] === 0) {
      SafePoint.safePoint(m);
      passed++;
    }
    ThreadStates.detach(m);
    return passed;
  },

  /** Comes and goes and counts while attached, until told to stop. */
  roam(job, control) {
    for (let i = 1; !isStopped(control); i++) {
      ThreadStates.attach(m);
      for (let j = 0; j < i % 7; j++) {
        increment(job.counter);
        SafePoint.safePoint(m);
      }
      increment(job.counter);
      ThreadStates.detach(m);
    }
  },

  /** Gets thread states and gives them back, until told to stop. */
  come_and_go(job, control) {
    ThreadStates.release(m);
    while (!isStopped(control)) {
      reserved(m);
      ThreadStates.attach(m);
      increment(job.counter);
      ThreadStates.release(m);
    }
    reserved(m);
  },

  /** Stops the world many times. Returns how often it was not alone. */
  stop_world(job) {
    let disturbed = 0;
    ThreadStates.attach(m);
    for (let i = 0; i < job.rounds; i++) {
      if (!World.stop(m, Infinity)) throw new Error("Not stopped");
      const seen = m.i32[job.counter];
      increment(job.counter);
      for (let j = 0; j < 20; j++) Atomics.pause();
      if (m.i32[job.counter] !== seen + 1) disturbed++;
      World.start(m);
      SafePoint.safePoint(m);
    }
    ThreadStates.detach(m);
    return disturbed;
  },

  /** Attached, waits for a signal that comes from outside of the heap. */
  block_attached(job, control) {
    ThreadStates.attach(m);
    tellAndWait(job, control);
    SafePoint.safePoint(m);
    ThreadStates.detach(m);
  },

  /** Detached, waits for such a signal, and attaches then. */
  block_detached(job, control) {
    ThreadStates.attach(m);
    ThreadStates.detach(m);
    tellAndWait(job, control);
    ThreadStates.attach(m);
  },

  /** Takes a user's mutex with the detaching lock, from attached. */
  lock_detaching(job, control) {
    ThreadStates.attach(m);
    Lock.lockDetaching(m, job.at);
    const attached = ThreadStates.isAttached(m);
    const owned = Mutex.ownerOf(m, job.at) === m.owner;
    tellAndWait(job, control);
    Mutex.unlock(m, job.at);
    ThreadStates.detach(m);
    return attached && owned;
  },

  /** Takes one mutex again and again while holding the GIL or the like. */
  hammer_detaching(job) {
    ThreadStates.attach(m);
    for (let i = 0; i < job.rounds; i++) {
      Lock.lockDetaching(m, job.at);
      increment(job.counter);
      SafePoint.safePoint(m);
      Mutex.unlock(m, job.at);
      SafePoint.safePoint(m);
    }
    ThreadStates.detach(m);
  },
});
