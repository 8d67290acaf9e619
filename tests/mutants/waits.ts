/**
 * Who has to wait, sleeps, and has said so before: each wait of locks, events
 * and threads up to its sleep, and each call that ends a wait.
 *
 * In the setup of a model nobody can sleep: who tries to is stopped there, with
 * all that it has written so far. So whoever sleeps can be woken, as others see
 * it; that wake-ups reach it is proved by the models. A loop that looks at the
 * clock again and again instead of sleeping is stopped by the clock.
 *
 * @module
 */

import type { Memory } from "../../src/memory/mod.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as WorldState from "../../src/layout/world.ts";
import type { Model } from "../checker/model.ts";
import { BUILDS, recovery } from "../models/heap.ts";
import * as Support from "../models/support.ts";
import { type Scene, story } from "./scene.ts";

/** Looks at the clock after which a loop is said to spin. Count. */
const MANY = 2000;

/** A clock that each look moves forward. */
class Clock {
  /** Milliseconds. */
  time = 1000;
  /** Milliseconds for each look. */
  readonly step: number;
  #looks = 0;

  constructor(step: number) {
    this.step = step;
  }

  now(): number {
    if (++this.#looks > MANY) throw new Error("It spins");
    this.time += this.step;
    return this.time;
  }
}

/** A heap of its own with workers, for one question. */
export class Small {
  /** Workers with a detached thread state. */
  readonly workers: readonly Memory[];
  /** One without a thread state. */
  readonly nobody: Memory;
  /** A word that nobody uses, as a lock or an event. Word index. */
  readonly at: number;
  /** The words. */
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** The clock of all of them. */
  readonly clock: Clock;
  readonly #s: Scene;

  constructor(s: Scene, step: number) {
    const { Create } = Support.memory(s.lib);
    const { ThreadStates, Gil, Qsbr } = Support.threads(s.lib);
    this.#s = s;
    this.clock = new Clock(step);
    const m = Create.create(s.build, Layout.MIN_BYTES, this.clock);
    s.raw.Runs.init(m);
    ThreadStates.init(m);
    Gil.init(m);
    Qsbr.init(m);
    Create.publish(m);
    this.i32 = m.i32;
    this.at = m.firstPage * (Layout.PAGE_SIZE / 4);
    this.nobody = m;
    this.workers = [0, 1, 2].map(() => {
      const worker = Create.open(m.buffer, this.clock);
      ThreadStates.reserve(worker);
      return worker;
    });
  }

  /** Notes the answer, or how the call ended, and all words that matter. */
  ask(name: string, run: () => unknown): void {
    let answer: unknown;
    try {
      answer = run();
    } catch (error) {
      answer = (error as Error).message;
    }
    this.#s.note(name, answer, this.clock.time, this.#words());
  }

  /** Words of the protocols that are not 0. */
  #words(): string {
    const { i32 } = this;
    const words: string[] = [];
    const note = (from: number, to: number) => {
      for (let k = from; k < to; k++) {
        if (i32[k] !== 0) words.push(`${k}:${i32[k]}`);
      }
    };
    note(Layout.HEADER + Header.X_POISON, Layout.HEADER + 64);
    note(Layout.GIL, Layout.RUNS);
    note(Layout.BUCKETS, Layout.BUCKETS + 48);
    for (const { slot } of this.workers) {
      const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
      note(thread, thread + ThreadState.STAT_GIL_WAITS + 1);
    }
    note(this.at, this.at + 32);
    return words.join(" ");
  }
}

/** A question: its heap is new. */
type Question = (h: Small, s: Scene) => void;

function events(h: Small, s: Scene): void {
  const { PyEvent } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at, i32 } = h;
  h.ask("timed", () => PyEvent.wait(a, at, 3));
  h.ask("no time", () => PyEvent.wait(b, at, 0));
  h.ask("forever", () => PyEvent.wait(b, at, Infinity));
  h.ask("nobody", () => PyEvent.wait(h.nobody, at, 0.5));
  h.ask("another", () => PyEvent.wait(c, at + 3, Infinity));
  h.ask("notify", () => PyEvent.notify(a, at));
  h.ask("is set", () => PyEvent.wait(c, at, Infinity));
  h.ask("reset", () => PyEvent.reset(a, at));
  i32[at] = 0;
  h.ask("nobody waits", () => PyEvent.notify(c, at));
}

function mutexes(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at } = h;
  h.ask("free", () => [Mutex.isLocked(a, at), Mutex.trySpin(a, at)]);
  h.ask("back", () => Mutex.unlock(a, at));
  h.ask("timed, free", () => Mutex.lockTimed(a, at, 0));
  h.ask("is locked", () => [Mutex.isLocked(a, at), Mutex.trySpin(b, at)]);
  h.ask("short", () => Mutex.lockTimed(b, at, 0.5));
  h.ask("back", () => Mutex.unlock(a, at));
  h.ask("take", () => Mutex.lock(a, at));
  h.ask("has it", () => Mutex.tryLock(b, at));
  h.ask("no time", () => Mutex.lockTimed(b, at, 0));
  h.ask("timed", () => Mutex.lockTimed(b, at, 5));
  h.ask("nobody", () => Mutex.lockTimed(h.nobody, at, 5));
  h.ask("nobody, forever", () => Mutex.lock(h.nobody, at));
  h.ask("forever", () => Mutex.lock(c, at));
  h.ask("spins", () => Mutex.trySpin(a, at));
  h.ask("unlock", () => Mutex.unlock(a, at));
  h.ask("barge", () => Mutex.tryLock(a, at));
  h.clock.time += 500;
  h.ask("hand over", () => Mutex.unlock(a, at));
  h.ask("owner", () => Mutex.ownerOf(a, at));
  h.ask("unlock of others", () => Mutex.unlock(a, at));
  h.ask("unlock again", () => Mutex.unlock(a, at));
}

function brokenMutexes(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at, i32 } = h;
  const fence = b.thread + ThreadState.X_FENCE;
  Mutex.lock(b, at);
  h.ask("alive", () => Mutex.takeOver(a, at));
  h.ask("alive, waits", () => Mutex.lockRecovering(a, at));
  i32[fence] = ThreadState.REVOKED;
  h.ask("revoked", () => Mutex.takeOver(a, at));
  i32[fence] = ThreadState.DEAD;
  i32[at] |= 2;
  h.ask("dead", () => Mutex.takeOver(a, at));
  h.ask("mine", () => Mutex.takeOver(a, at));
  i32[at] = 2;
  h.ask("free", () => Mutex.takeOver(a, at));
  h.ask("free, recovering", () => Mutex.lockRecovering(a, at));
  h.ask("unlock with nobody parked", () => Mutex.unlock(a, at));
  i32[at] = (b.owner << 5) | 1;
  h.ask("dead, recovering", () => Mutex.lockRecovering(c, at));
  i32[at] = 2;
  h.ask("free, parked", () => Mutex.lock(c, at));
}

function rawMutexes(h: Small, s: Scene): void {
  const { RawMutex } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at, i32 } = h;
  h.ask("take", () => RawMutex.lock(a, at));
  h.ask("wait", () => RawMutex.lock(b, at));
  h.ask("wait as well", () => RawMutex.lock(c, at));
  h.ask("alive", () => RawMutex.lockRecovering(b, at));
  h.ask("unlock", () => RawMutex.unlock(a, at));
  h.ask("free", () => RawMutex.lockRecovering(b, at));
  h.ask("unlock", () => RawMutex.unlock(b, at));
  RawMutex.lock(a, at);
  i32[a.thread + ThreadState.X_FENCE] = ThreadState.DEAD;
  h.ask("dead", () => RawMutex.lockRecovering(b, at));
  h.ask("unlock", () => RawMutex.unlock(b, at));
  h.ask("unlock again", () => RawMutex.unlock(b, at));
}

function parking(h: Small, s: Scene): void {
  const { ParkingLot } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at } = h;
  h.ask("other value", () => ParkingLot.park(a, at, 1, Infinity, 0));
  h.ask("no time", () => ParkingLot.park(a, at, 0, 0, 7));
  h.ask("first", () => ParkingLot.park(a, at, 0, Infinity, 7));
  h.ask("no time, last", () => ParkingLot.park(b, at, 0, 0, 8));
  h.ask("second", () => ParkingLot.park(b, at + 3, 0, Infinity, 8));
  h.ask("third", () => ParkingLot.park(c, at, 0, 5, 9));
  const waiter = ParkingLot.beginUnpark(h.nobody, at + 3);
  h.ask("unpark", () => waiter);
  h.ask("more", () => ParkingLot.bucketHasWaiters(a, at));
  h.ask("finish", () => ParkingLot.finishUnpark(h.nobody, at + 3, waiter));
  h.ask("all", () => ParkingLot.unparkAll(h.nobody, at));
  h.ask("none", () => ParkingLot.bucketHasWaiters(a, at));
  const none = ParkingLot.beginUnpark(h.nobody, at);
  h.ask("none", () => ParkingLot.finishUnpark(h.nobody, at, none));
}

function suspended(h: Small, s: Scene): void {
  const { ThreadStates, Suspension } = Support.threads(s.lib);
  const [a, b, c] = h.workers;
  h.ask("suspend", () => ThreadStates.suspendDetached(b, a.slot));
  h.ask("twice", () => ThreadStates.suspendDetached(c, a.slot));
  h.ask("attach", () => ThreadStates.attach(a));
  h.ask("not mine", () => ThreadStates.resume(c, a.slot));
  h.ask("resume", () => ThreadStates.resume(b, a.slot));
  h.ask("again", () => ThreadStates.resume(b, a.slot));
  h.ask("on", () => Suspension.waitWhileSuspended(a));
  ThreadStates.suspendDetached(b, a.slot);
  h.ask("release", () => ThreadStates.release(a));
  h.ask("resume", () => Suspension.resumeFrom(c, a.slot, b.slot));
  h.ask("lost", () => [a, b, h.nobody].map((m) => Suspension.isLost(m)));
}

function stopping(h: Small, s: Scene): void {
  const { ThreadStates, SafePoint, World } = Support.threads(s.lib);
  const { Create } = Support.memory(s.lib);
  const [a, b, c] = h.workers;
  ThreadStates.attach(a);
  h.ask("no time", () => World.stop(b, 0));
  h.ask("in time", () => World.stop(b, 50));
  h.ask("safe point", () => SafePoint.safePoint(a));
  h.ask("stopper", () => [World.isStopper(b), World.isStopper(a)]);
  const late = Create.open(b.buffer, h.clock);
  h.ask("newcomer", () => ThreadStates.reserve(late));
  h.ask("its state", () => ThreadStates.stateOf(b, late.slot));
  h.ask("newcomer attaches", () => ThreadStates.attach(late));
  h.ask("second stopper", () => World.stop(c, 5));
  h.ask("exit", () => ThreadStates.release(c));
  h.ask("start", () => World.start(b));
  h.ask("its state", () => ThreadStates.stateOf(b, late.slot));
  h.ask("detached", () => World.stop(b, 0));
  h.ask("start", () => World.start(b));
}

function stoppingDetached(h: Small, s: Scene): void {
  const { ThreadStates, Suspension, World } = Support.threads(s.lib);
  const [a, b, c] = h.workers;
  h.ask("stop", () => World.stop(b, 0));
  h.ask("attached stopper", () => ThreadStates.attach(b));
  h.ask("start", () => World.start(b));
  h.ask("detach", () => ThreadStates.detach(b));
  ThreadStates.attach(a);
  h.ask("attached", () => World.stop(a, 0));
  h.ask("others", () => Suspension.countOthersLocked(a));
  h.ask("recount", () => Suspension.recountLocked(c));
  h.ask("start", () => World.start(a));
  h.ask("recount", () => Suspension.recountLocked(c));
  h.ask("detach twice", () => ThreadStates.detach(b));
  h.ask("attach twice", () => ThreadStates.attach(a));
  h.ask("release", () => ThreadStates.release(c));
  h.ask("attach without", () => ThreadStates.attach(c));
  h.ask("release attached", () => ThreadStates.release(a));
}

function gils(h: Small, s: Scene): void {
  const { ThreadStates, Gil, SafePoint, World } = Support.threads(s.lib);
  const [a, b] = h.workers;
  h.ask("attach", () => ThreadStates.attach(a));
  h.ask("other", () => ThreadStates.attach(b));
  h.ask("holder", () => [Gil.holder(b), Gil.switchNumber(b), Gil.interval(b)]);
  h.ask("stopper", () => [World.isStopper(a), World.isStopper(b)]);
  h.i32[a.thread + ThreadState.X_EVAL_BREAKER] = 1;
  h.ask("asked", () => SafePoint.safePoint(a));
  h.ask("set", () => Gil.setInterval(a, 7));
  h.ask("interval", () => Gil.interval(b));
}

function gilsDropped(h: Small, s: Scene): void {
  const { ThreadStates, Gil } = Support.threads(s.lib);
  const [a, b] = h.workers;
  ThreadStates.attach(a);
  h.ask("final", () => Gil.dropFinal(b));
  h.ask("detach", () => ThreadStates.detach(a));
  h.ask("other", () => ThreadStates.attach(b));
  h.ask("back", () => ThreadStates.detach(b));
  h.i32[b.thread + ThreadState.X_EVAL_BREAKER] = 1;
  h.ask("takes with an old request", () => ThreadStates.attach(b));
  h.ask("release", () => ThreadStates.release(b));
  h.ask("release detached", () => ThreadStates.release(a));
}

function detachedLocks(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { Lock, ThreadStates } = Support.threads(s.lib);
  const [a, b, c] = h.workers;
  const { at } = h;
  h.ask("free", () => Lock.lockDetaching(b, at));
  h.ask("detached", () => Lock.lockDetaching(c, at));
  ThreadStates.attach(a);
  h.ask("attached", () => Lock.lockDetaching(a, at));
  h.ask("unlock", () => Mutex.unlock(b, at));
}

function sequences(h: Small, s: Scene): void {
  const { Qsbr, ThreadStates } = Support.threads(s.lib);
  const { SafePoint } = Support.threads(s.lib);
  const [a, b] = h.workers;
  for (const lead of [0, (1 << 30) - 4, (1 << 30) - 2, 1 << 30]) {
    for (const start of [1, 0x7ffffff9, -0x7fffffff]) {
      h.i32[Layout.QSBR] = (start + lead) | 0;
      h.i32[Layout.QSBR + 16] = start;
      h.ask("goal", () => Qsbr.advance(a));
      h.ask("next", () => Qsbr.sharedNext(a));
      h.ask(
        "reached",
        () => [-2, 0, 2].map((d) => Qsbr.goalReached(a, start + d)),
      );
    }
  }
  ThreadStates.attach(a);
  ThreadStates.attach(b);
  const goal = Qsbr.advance(a);
  h.ask("nobody was quiet", () => Qsbr.poll(a, goal));
  SafePoint.safePoint(a);
  h.ask("one was quiet", () => Qsbr.poll(a, goal));
  SafePoint.safePoint(b);
  h.ask("both were quiet", () => Qsbr.poll(a, goal));
  const next = Qsbr.advance(a);
  ThreadStates.detach(b);
  h.ask("detached", () => Qsbr.poll(a, next));
  h.ask("quiet while detached", () => Qsbr.quiescentState(b));
  SafePoint.safePoint(a);
  h.ask("all", () => Qsbr.poll(a, next));
  h.ask("old", () => Qsbr.poll(b, goal));
}

/** Locks of the heap. Word indexes. */
const LOCKS = [
  Layout.WORLD + WorldState.LOCK,
  Layout.HEADER + Header.THREADS_LOCK,
  Layout.ARENA_SET + ArenaSet.LOCK,
  Layout.RAW_ARENA_SET + ArenaSet.LOCK,
  Layout.RUNS + RunBins.LOCK,
];

function outside(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { Recovery } = recovery(s.lib);
  const [a, b, c] = h.workers;
  for (const lock of LOCKS) {
    Mutex.lock(b, lock);
    h.ask("inside", () => Recovery.awaitOutside(a, b.owner, 5));
    h.ask("another", () => Recovery.awaitOutside(a, c.owner, 5));
    h.ask("no time", () => Recovery.awaitOutside(a, b.owner, 0));
    Mutex.unlock(b, lock);
    h.ask("outside", () => Recovery.awaitOutside(a, b.owner, 0));
  }
}

function declaring(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { ThreadStates } = Support.threads(s.lib);
  const { Recovery, Fence } = recovery(s.lib);
  const { DEAD, REVOKED } = ThreadState;
  const [a, b, c] = h.workers;
  Mutex.lock(b, Layout.HEADER + Header.RECOVERY_LOCK);
  h.ask("others recover", () => Recovery.declare(a, c.owner, DEAD));
  h.ask("recover", () => Recovery.recover(a, c.owner).pools);
  Mutex.unlock(b, Layout.HEADER + Header.RECOVERY_LOCK);
  h.ask("dead", () => Recovery.declare(a, c.owner, DEAD));
  h.ask("less", () => Recovery.declare(a, c.owner, REVOKED));
  h.ask("attach", () => ThreadStates.attach(c));
  h.ask("recover", () => Recovery.recover(a, c.owner).pools);
  h.ask("gone", () => Recovery.declare(a, c.owner, DEAD));
  h.ask("owner", () => [Fence.ownerAt(a, c.slot), Fence.threadAt(c.slot)]);
}

function fencing(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const { Recovery, Fence } = recovery(s.lib);
  const { DEAD, REVOKED } = ThreadState;
  const [a, b, c] = h.workers;
  ThreadStates.suspendDetached(b, c.slot);
  h.ask("suspended", () => Fence.awaitChange(a, c.slot));
  h.ask("revoked", () => Recovery.declare(a, c.owner, REVOKED));
  h.ask("still suspended", () => Fence.tryFence(a, c.slot, REVOKED));
  h.ask("dead", () => Recovery.declare(a, c.owner, DEAD));
  // It was stopped in its sleep, with the lock.
  Support.sync(s.lib).Mutex.unlock(a, Layout.HEADER + Header.RECOVERY_LOCK);
  Recovery.condemn(a, b.owner);
  h.ask("suspender is dead", () => Fence.tryFence(a, c.slot, REVOKED));
  h.ask("recover it", () => Recovery.recover(a, b.owner).pools);
  h.ask("not suspended", () => Fence.awaitChange(a, c.slot));
  h.ask("dead", () => Fence.tryFence(a, c.slot, DEAD));
  h.ask("recover", () => Recovery.recover(a, c.owner).pools);
}

function stoppedForTheDead(h: Small, s: Scene): void {
  const { ThreadStates, World } = Support.threads(s.lib);
  const { Recovery } = recovery(s.lib);
  const [a, b, c] = h.workers;
  ThreadStates.attach(a);
  h.ask("stop", () => World.stop(b, 300));
  h.ask("condemn", () => Recovery.condemn(c, a.owner));
  h.ask("recover", () => Recovery.recover(c, a.owner).pools);
}

function declaringStopped(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { ThreadStates, World } = Support.threads(s.lib);
  const { Recovery } = recovery(s.lib);
  const [a, b, c] = h.workers;
  ThreadStates.attach(a);
  Mutex.lock(c, Layout.HEADER + Header.RECOVERY_LOCK);
  h.ask("stop", () => World.stop(b, 300));
  h.ask("declare", () => Recovery.declare(a, c.owner, ThreadState.DEAD));
}

function healing(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const { Recovery } = recovery(s.lib);
  const [a, b] = h.workers;
  ThreadStates.attach(b);
  for (const lock of LOCKS) Support.sync(s.lib).Mutex.lock(b, lock);
  Recovery.condemn(a, b.owner);
  h.ask("half a thread state", () => ThreadStates.claim(b));
  h.ask("free", () => Recovery.setFree(b));
  h.ask("the other half", () => ThreadStates.join(b));
}

const FREE: readonly Question[] = [
  events,
  mutexes,
  brokenMutexes,
  rawMutexes,
  parking,
  suspended,
  stopping,
  stoppingDetached,
  detachedLocks,
  sequences,
  outside,
  declaring,
  fencing,
  stoppedForTheDead,
  declaringStopped,
  healing,
];

const GIL: readonly Question[] = [
  gils,
  gilsDropped,
  suspended,
  stopping,
  stoppingDetached,
  detachedLocks,
  declaring,
  fencing,
  healing,
];

function tell(s: Scene): void {
  for (const question of s.build === BUILDS.gil ? GIL : FREE) {
    for (const step of [0, 2, 200]) {
      s.note(question.name, step);
      question(new Small(s, step), s);
    }
  }
}

/** The story of a build as a model that finds what is different. */
export function waits(build: keyof typeof BUILDS): Model {
  return story("waits", build, Layout.MIN_BYTES, tell, {
    "src/layout/parking_bucket.ts": { NUM_BUCKETS: 3 },
  });
}
