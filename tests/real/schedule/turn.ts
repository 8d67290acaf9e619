/**
 * Turns: one worker of the fleet runs, all others sleep, and each access to
 * shared memory through `Atomics` may pass the turn on.
 *
 * `patch()` replaces the members of `Atomics` in the worker that calls it; the
 * modules under test must be imported after it, and are otherwise untouched.
 * Plain accesses are no points at which the turn can pass.
 *
 * ## Invariants
 *   T1  at most one worker of the fleet has TURN 1
 *   T2  a sleep ends by a notify of its word, in order of arrival, or by its
 *       time-out, which the strategy decides on
 *
 * ## Threads
 *   A turn is passed by a store to TURN of the next worker and a notify; the
 *   worker that passes it then sleeps on its own TURN. What lies between two
 *   turns of different workers is therefore ordered. A fleet that is stuck is
 *   left as it is: its process ends.
 *
 * @module
 */

import { below, choose } from "./strategy.ts";
import * as W from "./words.ts";

type View = Int32Array<SharedArrayBuffer>;

// The platform's own, before they are patched.
const native = {
  add: Atomics.add,
  and: Atomics.and,
  compareExchange: Atomics.compareExchange,
  exchange: Atomics.exchange,
  load: Atomics.load,
  notify: Atomics.notify,
  or: Atomics.or,
  pause: Atomics.pause,
  store: Atomics.store,
  sub: Atomics.sub,
  wait: Atomics.wait,
  xor: Atomics.xor,
};

/** Thrown where a schedule cannot go on. */
export class Stuck extends Error {}

/** The words of the run. */
let w: W.Words = new Int32Array(new SharedArrayBuffer(4));
/** This worker. */
let me = 0;
/** True while this worker runs its part of a schedule. */
let isScheduled = false;

/** Binds this worker to the words of a run. */
export function bind(words: W.Words, worker: number): void {
  w = words;
  me = worker;
}

/** Whether accesses of this worker are scheduled from now on. */
export function schedule(isOn: boolean): void {
  isScheduled = isOn;
}

/** The time of a schedule: it stands still, but for sleeps and some jumps. */
export const clock = {
  now(): number {
    if (isScheduled && w[W.MODE] !== W.DFS && below(w, 16) === 0) {
      w[W.NOW] += 2;
    }
    return w[W.NOW];
  },
};

/** Waits for this worker's turn. */
export function awaitTurn(): void {
  const at = W.wordsOf(me) + W.TURN;
  while (native.load(w, at) === 0) native.wait(w, at, 0);
}

/** Gives the turn to another worker and does not wait. */
export function handOver(to: number): void {
  if (to === me) return;
  w[W.SWITCHES]++;
  const at = W.wordsOf(to) + W.TURN;
  native.store(w, W.wordsOf(me) + W.TURN, 0);
  native.store(w, at, 1);
  native.notify(w, at, 1);
}

/** A point at which the turn may pass. */
function point(yields: boolean): void {
  if (++w[W.STEPS] > w[W.STEPS_MAX]) throw stuck("it does not end");
  const next = choose(w, me, yields);
  if (next === me) return;
  if (next < 0) throw stuck("nobody can go on");
  handOver(next);
  awaitTurn();
}

/** The error that says who is where. */
export function stuck(why: string): Stuck {
  const states = ["can run", "sleeps on", "sleeps for a time on", "is done"];
  const who: string[] = [];
  for (let i = 0; i < w[W.WORKERS]; i++) {
    const at = W.wordsOf(i);
    const status = w[at + W.STATUS];
    const sleeps = status === W.ASLEEP || status === W.DOZING;
    const word = sleeps ? ` word ${w[at + W.SLEEPS_ON]}` : "";
    who.push(`worker ${i} ${states[status]}${word}`);
  }
  return new Stuck(`${why}: ${who.join(", ")}`);
}

/** Adds an access to the hash and, if there is one, to the trace. */
function note<T extends number | bigint>(op: number, at: number, value: T): T {
  const bits = Number(value) + Math.imul(at, 31) + Math.imul(op, 8191) + me;
  w[W.HASH] = Math.imul(w[W.HASH] ^ bits, 0x01000193) ^ (w[W.HASH] >>> 15);
  if (w[W.TRACED] >= 0 && w[W.TRACED] < W.TRACE_MAX) {
    const to = W.TRACE + w[W.TRACED]++ * W.TRACE_SIZEOF;
    w[to] = me;
    w[to + 1] = op;
    w[to + 2] = at;
    w[to + 3] = Number(value);
  }
  return value;
}

/** Sleeps. All that sleep do so on views of one buffer. */
function sleepOn(i32: View, at: number, timeoutMs: number): string {
  const mine = W.wordsOf(me);
  w[mine + W.SLEEPS_ON] = at;
  w[mine + W.ARRIVAL] = w[W.ARRIVALS]++;
  w[mine + W.TIMED_OUT] = 0;
  const isTimed = timeoutMs < Infinity; // not NaN, which is for ever
  w[mine + W.STATUS] = isTimed ? W.DOZING : W.ASLEEP;
  if (isTimed) w[mine + W.DEADLINE] = w[W.NOW] + Math.ceil(timeoutMs);
  const next = choose(w, me, false);
  if (next < 0) throw stuck("nobody can go on");
  if (next !== me) {
    handOver(next);
    awaitTurn();
  }
  note(11, at, native.load(i32, at));
  return w[mine + W.TIMED_OUT] === 1 ? "timed-out" : "ok";
}

/** Wakes up to `count` sleepers of a word. Returns how many. */
function wake(at: number, count: number): number {
  let woken = 0;
  while (woken < count) {
    const worker = firstSleeper(at);
    if (worker < 0) break;
    w[W.wordsOf(worker) + W.STATUS] = W.RUNNABLE;
    woken++;
  }
  return woken;
}

/** Who has slept on a word for longest, or -1. */
function firstSleeper(at: number): number {
  let first = -1;
  let arrival = Infinity;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    const words = W.wordsOf(i);
    const status = w[words + W.STATUS];
    if (status !== W.ASLEEP && status !== W.DOZING) continue;
    if (w[words + W.SLEEPS_ON] !== at || w[words + W.ARRIVAL] > arrival) {
      continue;
    }
    first = i;
    arrival = w[words + W.ARRIVAL];
  }
  return first;
}

/** A read-modify-write with one operand, scheduled. */
function scheduled(
  op: number,
  call: (i32: View, at: number, value: number) => number,
): (i32: View, at: number, value: number) => number {
  return (i32, at, value) => {
    if (!isScheduled) return call(i32, at, value);
    point(false);
    return note(op, at, call(i32, at, value));
  };
}

/** Puts scheduled operations in the place of the platform's. */
export function patch(): void {
  Object.assign(Atomics, {
    load(i32: View, at: number): number {
      if (!isScheduled) return native.load(i32, at);
      point(false);
      return note(0, at, native.load(i32, at));
    },
    store: scheduled(1, native.store),
    exchange: scheduled(2, native.exchange),
    compareExchange(i32: View, at: number, old: number, to: number): number {
      if (!isScheduled) return native.compareExchange(i32, at, old, to);
      point(false);
      return note(3, at, native.compareExchange(i32, at, old, to));
    },
    add: scheduled(4, native.add),
    sub: scheduled(5, native.sub),
    and: scheduled(6, native.and),
    or: scheduled(7, native.or),
    xor: scheduled(8, native.xor),
    notify(i32: View, at: number, count = Infinity): number {
      if (!isScheduled) return native.notify(i32, at, count);
      point(false);
      return note(9, at, wake(at, count));
    },
    wait(i32: View, at: number, value: number, timeoutMs = Infinity): string {
      if (!isScheduled) return native.wait(i32, at, value, timeoutMs);
      point(false);
      const seen = note(10, at, native.load(i32, at));
      if (seen !== value) return "not-equal";
      return timeoutMs <= 0 ? "timed-out" : sleepOn(i32, at, timeoutMs);
    },
    pause(): void {
      if (isScheduled) point(true);
      else native.pause();
    },
  });
}
