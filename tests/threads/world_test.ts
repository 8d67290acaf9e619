/** Stopping the world: nobody moves, nobody is woken, nobody is forgotten. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as WorldState from "../../src/layout/world.ts";
import type { Memory } from "../../src/memory/mod.ts";
import {
  EvalBreaker,
  SafePoint,
  Suspension,
  ThreadStates,
  World,
} from "../../src/threads/mod.ts";
import { FIRST_FREE, Fleet, signal, waitUntil } from "../helpers/workers.ts";
import { another, freeThreaded, scratch, withGil } from "../sync/heap.ts";

const WORKER = new URL("./threads_worker.ts", import.meta.url);
const IS_BLOCKED = FIRST_FREE;
const UNBLOCK = FIRST_FREE + 1;

async function fleetOn(m: Memory, count: number): Promise<Fleet> {
  const fleet = await Fleet.start(WORKER, count);
  for (let i = 0; i < count; i++) {
    const slot = await fleet.ask<number>(i, "join", { buffer: m.buffer });
    assertEquals(slot, i + 3);
  }
  return fleet;
}

function isRequested(m: Memory): boolean {
  return m.i32[Layout.WORLD + WorldState.X_REQUESTED] === 1;
}

/** Word of a thread that waits to be resumed by `m`. */
function waitedWord(m: Memory): number {
  return ThreadState.SUSPENDED | Suspension.WAITED |
    (m.slot << Suspension.SUSPENDER_SHIFT);
}

function stateWord(slot: number): number {
  return Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_STATE;
}

/** Blocks until a word has changed by `by`. */
function untilGrown(m: Memory, at: number, by: number): void {
  const start = Atomics.load(m.i32, at);
  const deadline = performance.now() + 20000;
  while (Atomics.load(m.i32, at) - start < by) {
    if (performance.now() > deadline) throw new Error(`No progress at ${at}`);
    Atomics.pause();
  }
}

/** What every counter says, a little later than before. */
function countsOf(m: Memory, count: number): number[] {
  for (let i = 0; i < 200; i++) Atomics.pause();
  return Array.from(
    { length: count },
    (_, i) => Atomics.load(m.i32, scratch(m, i)),
  );
}

describe("World", () => {
  it("stops a world of one at once", () => {
    const m = freeThreaded();
    ThreadStates.attach(m);
    assertFalse(World.isStopper(m));
    assert(World.stop(m, Infinity));
    assert(World.isStopper(m));
    World.start(m);
    assertFalse(World.isStopper(m));
    assertEquals(m.i32[Layout.WORLD + WorldState.LOCK], 0);
  });

  it("stands still for whoever has the GIL", () => {
    const m = withGil();
    const other = another(m);
    assertFalse(World.isStopper(m));
    ThreadStates.attach(m);
    assert(World.stop(m, 0));
    assert(World.isStopper(m));
    assertFalse(World.isStopper(other));
    World.start(m);
    assertFalse(isRequested(m));
  });

  it("suspends the detached, and a newcomer starts suspended", () => {
    const m = freeThreaded();
    const other = another(m);
    ThreadStates.attach(m);
    assert(World.stop(m, 0));
    assertEquals(ThreadStates.stateOf(m, other.slot), ThreadState.SUSPENDED);
    const late = another(m);
    assertEquals(ThreadStates.stateOf(m, late.slot), ThreadState.SUSPENDED);
    World.start(m);
    ThreadStates.attach(other);
    ThreadStates.attach(late);
  });

  it("takes everything back if a thread does not stop in time", () => {
    const m = freeThreaded();
    const busy = another(m);
    const idle = another(m);
    ThreadStates.attach(m);
    ThreadStates.attach(busy);
    assertFalse(World.stop(m, 0));
    assertFalse(World.stop(m, 3));
    assertFalse(isRequested(m));
    assertEquals(m.i32[Layout.WORLD + WorldState.LOCK], 0);
    const bit = EvalBreaker.PLEASE_STOP;
    assertFalse(EvalBreaker.isSet(m, busy.slot, bit));
    assertEquals(ThreadStates.stateOf(m, busy.slot), ThreadState.ATTACHED);
    assertEquals(ThreadStates.stateOf(m, idle.slot), ThreadState.DETACHED);
    ThreadStates.attach(idle);
    ThreadStates.detach(idle);
    ThreadStates.detach(busy);
    assert(World.stop(m, 0));
    World.start(m);
  });

  it("leaves alone whom a helper has suspended when it gives up", () => {
    const m = freeThreaded();
    const helper = another(m);
    const helped = another(m);
    ThreadStates.attach(m);
    ThreadStates.attach(helper);
    assert(ThreadStates.suspendDetached(helper, helped.slot));
    assertFalse(World.stop(m, 2));
    assertEquals(ThreadStates.stateOf(m, helped.slot), ThreadState.SUSPENDED);
    ThreadStates.resume(helper, helped.slot);
    ThreadStates.attach(helped);
  });

  it("passes over a request that was taken back", () => {
    const m = freeThreaded();
    ThreadStates.attach(m);
    EvalBreaker.set(m, m.slot, EvalBreaker.PLEASE_STOP);
    SafePoint.safePoint(m);
    assert(ThreadStates.isAttached(m));
    assertFalse(EvalBreaker.isSet(m, m.slot, EvalBreaker.PLEASE_STOP));
  });

  it({
    name: "stops threads that come and go, again and again",
    timeout: 60000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 3);
      const ran = fleet.askAll("roam", (i) => ({ counter: scratch(m, i) }));
      ThreadStates.attach(m);
      for (let round = 0; round < 300; round++) {
        assert(World.stop(m, 10000), "A thread does not stop");
        const counts = countsOf(m, 3);
        for (let i = 0; i < 3; i++) {
          const state = ThreadStates.stateOf(m, i + 3);
          assertEquals(state, ThreadState.SUSPENDED);
        }
        assertEquals(countsOf(m, 3), counts);
        World.start(m);
        if (round % 100 === 0) {
          for (let i = 0; i < 3; i++) untilGrown(m, scratch(m, i), 10);
        }
      }
      ThreadStates.detach(m);
      fleet.stop();
      await ran;
    },
  });

  it({
    name: "counts threads right that get and give back their thread state",
    timeout: 60000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 3);
      const ran = fleet.askAll("come_and_go", (i) => ({
        counter: scratch(m, i),
      }));
      ThreadStates.attach(m);
      for (let round = 0; round < 300; round++) {
        assert(World.stop(m, 10000), "A thread does not stop");
        const counts = countsOf(m, 3);
        assertEquals(countsOf(m, 3), counts);
        World.start(m);
        if (round % 100 === 0) {
          for (let i = 0; i < 3; i++) untilGrown(m, scratch(m, i), 3);
        }
      }
      ThreadStates.detach(m);
      fleet.stop();
      await ran;
    },
  });

  it({
    name: "has one stopper at a time, and stoppers can be stopped",
    timeout: 60000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 3);
      const job = { counter: scratch(m, 0), rounds: 200 };
      const disturbed = await fleet.askAll("stop_world", () => job, 40000);
      assertEquals(disturbed, [0, 0, 0]);
      assertEquals(m.i32[job.counter], 600);
      assertFalse(isRequested(m));
    },
  });

  it({
    name: "C45: does not wake a thread that waits for something else",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 1);
      const job = { tell: IS_BLOCKED, until: UNBLOCK };
      const attached = fleet.ask(0, "block_detached", job);
      waitUntil(fleet.control, IS_BLOCKED, 1);
      ThreadStates.attach(m);
      assert(World.stop(m, 10000));
      assertEquals(ThreadStates.stateOf(m, 3), ThreadState.SUSPENDED);
      signal(fleet.control, UNBLOCK, 1);
      waitUntil(m.i32, stateWord(3), waitedWord(m));
      World.start(m);
      await attached;
      assertEquals(ThreadStates.stateOf(m, 3), ThreadState.ATTACHED);
    },
  });

  it({
    name: "waits for a thread that is attached until it passes a safe point",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 1);
      const job = { tell: IS_BLOCKED, until: UNBLOCK };
      const done = fleet.ask(0, "block_attached", job);
      waitUntil(fleet.control, IS_BLOCKED, 1);
      ThreadStates.attach(m);
      assertFalse(World.stop(m, 5));
      assertEquals(ThreadStates.stateOf(m, 3), ThreadState.ATTACHED);
      signal(fleet.control, UNBLOCK, 1);
      assert(World.stop(m, 10000));
      assertEquals(ThreadStates.stateOf(m, 3), ThreadState.SUSPENDED);
      World.start(m);
      await done;
    },
  });
});
