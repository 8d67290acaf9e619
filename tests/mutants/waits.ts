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

import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as GilState from "../../src/layout/gil.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import * as WorldState from "../../src/layout/world.ts";
import type { Model } from "../checker/model.ts";
import { BUILDS, recovery } from "../models/heap.ts";
import * as Support from "../models/support.ts";
import { FATAL_QUESTIONS } from "./fatals.ts";
import { type Scene, story } from "./scene.ts";
import { SLOT_QUESTIONS } from "./slots.ts";
import { type Question, Small } from "./small.ts";

function events(h: Small, s: Scene): void {
  const { PyEvent } = Support.sync(s.lib);
  const [a, b, c] = h.workers;
  const { at, i32 } = h;
  h.ask("unset", () => PyEvent.isSet(a, at));
  h.ask("timed", () => PyEvent.wait(a, at, 3));
  h.ask("no time", () => PyEvent.wait(b, at, 0));
  h.ask("forever", () => PyEvent.wait(b, at, Infinity));
  h.ask("nobody", () => PyEvent.wait(h.nobody, at, 0.5));
  h.ask("another", () => PyEvent.wait(c, at + 3, Infinity));
  h.ask("notify", () => PyEvent.notify(a, at));
  h.ask("is set", () => [PyEvent.wait(c, at, Infinity), PyEvent.isSet(a, at)]);
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

/** Who has waited for a millisecond is handed the lock, and not before. */
function fairness(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const [a, b] = h.workers;
  const { at, i32 } = h;
  const fair = b.thread + ThreadState.WAITER + Waiter.TIME_TO_BE_FAIR;
  for (const early of [1, 0]) {
    h.clock.time++; // once odd, once even
    h.ask("take", () => Mutex.lock(a, at));
    h.ask("wait", () => Mutex.lock(b, at));
    h.clock.time = i32[fair] - early - h.clock.step;
    h.ask(`${early} ms early`, () => Mutex.unlock(a, at));
    i32[at] = 0;
  }
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

/** Bits that anybody sets and their thread clears; their values are C's. */
function breakers(h: Small, s: Scene): void {
  const { EvalBreaker, SafePoint, ThreadStates } = Support.threads(s.lib);
  const [a, b] = h.workers;
  const { GIL_DROP_REQUEST, GC_SCHEDULED, PLEASE_STOP, EXPLICIT_MERGE } =
    EvalBreaker;
  ThreadStates.attach(a);
  for (
    const bit of [GIL_DROP_REQUEST, GC_SCHEDULED, PLEASE_STOP, EXPLICIT_MERGE]
  ) {
    h.ask(`set ${bit}`, () => EvalBreaker.set(b, a.slot, bit));
    h.ask("is set", () => [a, b].map((m) => EvalBreaker.isSet(a, m.slot, bit)));
    h.ask("safe point", () => SafePoint.safePoint(a));
    EvalBreaker.set(a, b.slot, bit);
    h.ask("detached", () => SafePoint.safePoint(b));
    h.ask("no thread", () => SafePoint.safePoint(h.nobody));
  }
  h.ask("clear", () => EvalBreaker.clear(a, a.slot, GC_SCHEDULED));
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
  h.i32[Layout.WORLD + WorldState.X_COUNTDOWN] = 9;
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

/** Who drops the GIL waits for a switch if it was asked and somebody waits. */
function gilsAsked(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  for (const asked of [0, 1]) {
    for (const waiters of [0, 1, 2]) {
      const other = new Small(s, h.clock.step);
      const [a] = other.workers;
      ThreadStates.attach(a);
      a.i32[a.thread + ThreadState.X_EVAL_BREAKER] = asked;
      a.i32[Layout.GIL + GilState.X_WAITERS] = waiters;
      const name = `${asked} asked, ${waiters} wait`;
      other.ask(name, () => ThreadStates.detach(a));
    }
  }
}

function detachedLocks(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { Lock, ThreadStates } = Support.threads(s.lib);
  const [a, b, c] = h.workers;
  const { at } = h;
  h.ask("free", () => Lock.lockDetaching(b, at));
  h.ask("detached", () => Lock.lockDetaching(c, at));
  ThreadStates.attach(a);
  h.i32[a.thread + ThreadState.X_EVAL_BREAKER] = 1;
  // It is no safe point if it need not wait: the request stands afterwards.
  h.ask("attached, free", () => Lock.lockDetaching(a, at + 1));
  h.i32[a.thread + ThreadState.X_EVAL_BREAKER] = 0;
  h.ask("attached", () => Lock.lockDetaching(a, at));
  h.ask("unlock", () => Mutex.unlock(b, at));
}

/** Who detaches in a critical section gives its mutex back for a while. */
function sectionsLeft(h: Small, s: Scene): void {
  const { Mutex } = Support.sync(s.lib);
  const { CriticalSection, ThreadStates } = Support.threads(s.lib);
  const [a, b] = h.workers;
  const { at } = h;
  ThreadStates.attach(a);
  for (let depth = 0; depth < 3; depth++) {
    if (depth > 0) CriticalSection.begin(a, at + depth);
    h.ask(`${depth} deep, detach`, () => ThreadStates.detach(a));
    h.ask("attach", () => ThreadStates.attach(a));
  }
  h.ask("end", () => CriticalSection.end(a));
  h.ask("detach", () => ThreadStates.detach(a));
  Mutex.lock(b, at + 1);
  h.ask("attach while another has the mutex", () => ThreadStates.attach(a));
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
  // It has attached so slowly that the read sequence is ahead of it.
  h.i32[a.thread + ThreadState.X_QSBR_SEQ] = goal - 2;
  h.ask("late", () => Qsbr.poll(b, next + 2));
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
  fairness,
  brokenMutexes,
  rawMutexes,
  parking,
  suspended,
  stopping,
  breakers,
  stoppingDetached,
  detachedLocks,
  sectionsLeft,
  sequences,
  outside,
  declaring,
  fencing,
  stoppedForTheDead,
  declaringStopped,
  healing,
  ...SLOT_QUESTIONS,
  ...FATAL_QUESTIONS,
];

const GIL: readonly Question[] = [
  gils,
  gilsDropped,
  gilsAsked,
  suspended,
  stopping,
  breakers,
  stoppingDetached,
  detachedLocks,
  declaring,
  fencing,
  healing,
  ...SLOT_QUESTIONS,
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
