/** Thread states: slots, incarnations, attach, detach, suspension. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ThreadStateError } from "../../src/errors.ts";
import * as Header from "../../src/layout/header.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { Memory } from "../../src/memory/mod.ts";
import { Gil, Suspension, ThreadStates } from "../../src/threads/mod.ts";
import { Fleet, waitUntil } from "../helpers/workers.ts";
import {
  another,
  freeThreaded,
  newHeap,
  realClock,
  reserved,
  withGil,
} from "../sync/heap.ts";

const WORKER = new URL("./threads_worker.ts", import.meta.url);

const RINGS_END = ThreadState.RINGS + 5 * ThreadState.RING_SET;

function incarnationOf(m: Memory): number {
  return m.i32[m.thread + ThreadState.INCARNATION];
}

function stateWord(m: Memory, slot: number): number {
  const base = m.thread - m.slot * ThreadState.SIZEOF;
  return base + slot * ThreadState.SIZEOF + ThreadState.X_STATE;
}

/** Word of a thread that waits to be resumed by `m`. */
function waitedWord(m: Memory): number {
  return ThreadState.SUSPENDED | Suspension.WAITED |
    (m.slot << Suspension.SUSPENDER_SHIFT);
}

describe("ThreadStates.reserve()", () => {
  it("gives the lowest free slot, first slot 2", () => {
    const m = freeThreaded();
    const others = [another(m), another(m), another(m)];
    assertEquals(m.slot, PageMap.FIRST_SLOT);
    assertEquals(others.map((other) => other.slot), [3, 4, 5]);
    assertEquals(m.i32[Header.X_THREADS_USED], 6);
    ThreadStates.release(others[1]);
    assertEquals(others[1].thread, 0);
    assertEquals(another(m).slot, 4);
    assertEquals(another(m).slot, 6);
    assertEquals(m.i32[Header.X_THREADS_USED], 7);
  });

  it("counts incarnations, wraps at 19 bits and leaves 0 out", () => {
    const m = freeThreaded();
    assertEquals(incarnationOf(m), 1);
    assertEquals(m.owner, (1 << 8) | 2);
    const at = m.thread + ThreadState.INCARNATION;
    ThreadStates.release(m);
    reserved(m);
    assertEquals(incarnationOf(m), 2);
    m.i32[at] = PageMap.INCARNATION_MASK - 1;
    ThreadStates.release(m);
    reserved(m);
    assertEquals(m.owner, (PageMap.INCARNATION_MASK << 8) | 2);
    ThreadStates.release(m);
    reserved(m);
    assertEquals(m.owner, (1 << 8) | 2);
  });

  it("clears what the last worker left", () => {
    const m = freeThreaded();
    const thread = m.thread;
    for (let at = ThreadState.STAT_REMOTE_FREES; at < RINGS_END; at++) {
      m.i32[thread + at] = 7;
    }
    m.i32[thread + ThreadState.X_NEWS] = 5;
    m.i32[thread + ThreadState.X_RAW_NEWS] = 5;
    m.i32[thread + ThreadState.X_EVAL_BREAKER] = 7;
    ThreadStates.release(m);
    assertEquals(
      Suspension.stateOf(m, PageMap.FIRST_SLOT),
      ThreadState.SHUTTING_DOWN,
    );
    reserved(m);
    assertEquals(m.thread, thread);
    const words = [
      ThreadState.X_EVAL_BREAKER,
      ThreadState.X_NEWS,
      ThreadState.X_RAW_NEWS,
    ];
    for (let at = ThreadState.STAT_REMOTE_FREES; at < RINGS_END; at++) {
      // Objects that one who died has kept are the next one's.
      const isKept = at >= ThreadState.FREE_LISTS &&
        at < ThreadState.DELAYED_CHUNK;
      if (!isKept) words.push(at);
    }
    for (const at of words) assertEquals(m.i32[thread + at], 0);
    assertEquals(ThreadStates.stateOf(m, m.slot), ThreadState.DETACHED);
  });

  it("says so when all slots are in use", () => {
    const m = freeThreaded();
    for (let slot = 3; slot < PageMap.SLOTS; slot++) {
      assertEquals(another(m).slot, slot);
    }
    const late = newHeap(Header.BUILD_FREE_THREADED);
    assert(ThreadStates.reserve(late));
    assertThrows(() => another(m), Error, "All slots are in use");
    assertEquals(m.i32[Header.THREADS_LOCK], 0);
  });

  it({
    name: "gives every worker a slot of its own",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await Fleet.start(WORKER, 3);
      const join = { buffer: m.buffer };
      const slots = await fleet.askAll<number>("join", () => join);
      assertEquals(slots.toSorted(), [3, 4, 5]);
    },
  });
});

describe("ThreadStates.attach()", () => {
  for (const make of [freeThreaded, withGil]) {
    it(`and detach() are refused twice (${make.name})`, () => {
      const m = make();
      assertThrows(() => ThreadStates.detach(m), ThreadStateError);
      assertFalse(ThreadStates.isAttached(m));
      ThreadStates.attach(m);
      assert(ThreadStates.isAttached(m));
      assertThrows(
        () => ThreadStates.attach(m),
        ThreadStateError,
        "Cannot attach: the thread state is already attached",
      );
      ThreadStates.detach(m);
      assertFalse(ThreadStates.isAttached(m));
    });
  }

  it("needs a thread state", () => {
    const m = newHeap(Header.BUILD_FREE_THREADED, realClock);
    assertThrows(() => ThreadStates.attach(m), ThreadStateError);
    assertFalse(ThreadStates.isAttached(m));
  });

  it({
    name: "waits while a helper has the thread suspended",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      ThreadStates.attach(m);
      await using fleet = await Fleet.start(WORKER, 1);
      const slot = await fleet.ask<number>(0, "join", { buffer: m.buffer });
      const start = performance.now();
      for (let round = 0; round < 20; round++) {
        assert(ThreadStates.suspendDetached(m, slot));
        assertFalse(ThreadStates.suspendDetached(m, slot));
        const attached = fleet.ask(0, "attach", null);
        waitUntil(m.i32, stateWord(m, slot), waitedWord(m));
        assertEquals(ThreadStates.stateOf(m, slot), ThreadState.SUSPENDED);
        ThreadStates.resume(m, slot);
        await attached;
        assertEquals(ThreadStates.stateOf(m, slot), ThreadState.ATTACHED);
        assertFalse(ThreadStates.suspendDetached(m, slot));
        await fleet.ask(0, "detach", null);
      }
      // Every sleep ends by itself after 100 ms; it must not come to that.
      assert(performance.now() - start < 1000, "It was not woken");
    },
  });

  it({
    name: "does not keep the GIL while the thread is suspended",
    timeout: 40000,
    async fn() {
      const m = withGil();
      await using fleet = await Fleet.start(WORKER, 1);
      const slot = await fleet.ask<number>(0, "join", { buffer: m.buffer });
      assert(ThreadStates.suspendDetached(m, slot));
      const attached = fleet.ask(0, "attach", null);
      waitUntil(m.i32, stateWord(m, slot), waitedWord(m));
      assertEquals(Gil.holder(m), 0);
      ThreadStates.resume(m, slot);
      await attached;
      assertEquals(Gil.holder(m), slot);
    },
  });

  it({
    name: "release() waits for a helper too",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      ThreadStates.attach(m);
      await using fleet = await Fleet.start(WORKER, 1);
      const slot = await fleet.ask<number>(0, "join", { buffer: m.buffer });
      assert(ThreadStates.suspendDetached(m, slot));
      const released = fleet.ask(0, "release", null);
      waitUntil(m.i32, stateWord(m, slot), waitedWord(m));
      ThreadStates.resume(m, slot);
      await released;
      assertEquals(ThreadStates.stateOf(m, slot), ThreadState.SHUTTING_DOWN);
      assertFalse(ThreadStates.suspendDetached(m, slot));
    },
  });
});
