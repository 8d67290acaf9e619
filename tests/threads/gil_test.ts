/** The GIL: mutual exclusion, interval, drop requests, forced switching. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FatalError } from "../../src/errors.ts";
import * as GilState from "../../src/layout/gil.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import {
  EvalBreaker,
  Gil,
  SafePoint,
  ThreadStates,
} from "../../src/threads/mod.ts";
import { FIRST_FREE, Fleet, waitUntil } from "../helpers/workers.ts";
import { another, scratch, withGil } from "../sync/heap.ts";

const WORKER = new URL("./threads_worker.ts", import.meta.url);
const IS_SPINNING = FIRST_FREE;

/** Blocks until a count has grown by so many. */
function untilGrown(read: () => number, by: number): void {
  const start = read();
  const deadline = performance.now() + 20000;
  while (read() - start < by) {
    if (performance.now() > deadline) {
      throw new Error(`Grew by ${read() - start} and not by ${by} in time`);
    }
    Atomics.pause();
  }
}

describe("Gil", () => {
  it("switches every 5 ms unless told otherwise", () => {
    const m = withGil();
    assertEquals(Gil.interval(m), 5000);
    Gil.setInterval(m, 100);
    assertEquals(Gil.interval(m), 100);
  });

  it("names its holder and counts how often it changes hands", () => {
    const m = withGil();
    const other = another(m);
    assertEquals(Gil.holder(m), 0);
    ThreadStates.attach(m);
    assertEquals(Gil.holder(m), m.slot);
    assertEquals(Gil.switchNumber(m), 1);
    ThreadStates.detach(m);
    ThreadStates.attach(m);
    assertEquals(Gil.switchNumber(m), 1);
    ThreadStates.detach(m);
    ThreadStates.attach(other);
    assertEquals(Gil.holder(m), other.slot);
    assertEquals(Gil.switchNumber(m), 2);
    ThreadStates.release(other);
    assertEquals(Gil.holder(m), 0);
  });

  it("is fatal to drop when another has it", () => {
    const m = withGil();
    const other = another(m);
    Gil.take(m);
    const error = assertThrows(() => Gil.drop(other), FatalError);
    assertEquals(error.message, "drop_gil: GIL is not locked");
  });

  it("is dropped at once if who asked for it has gone", () => {
    const m = withGil();
    ThreadStates.attach(m);
    const start = performance.now();
    for (let i = 0; i < 20; i++) {
      EvalBreaker.set(m, m.slot, EvalBreaker.GIL_DROP_REQUEST);
      SafePoint.safePoint(m);
      assert(ThreadStates.isAttached(m));
    }
    assert(performance.now() - start < 1000, "It waited for nobody");
    assertEquals(m.i32[m.thread + ThreadState.X_EVAL_BREAKER], 0);
  });

  it("waits for a waiter that never comes, but not for ever", () => {
    const m = withGil();
    ThreadStates.attach(m);
    // As a worker leaves it that stops while it waits.
    Atomics.add(m.i32, Layout.GIL + GilState.X_WAITERS, 1);
    EvalBreaker.set(m, m.slot, EvalBreaker.GIL_DROP_REQUEST);
    SafePoint.safePoint(m);
    assert(ThreadStates.isAttached(m));
  });

  it({
    name: "is shared by threads that never let go of it by themselves",
    timeout: 40000,
    async fn() {
      const m = withGil();
      Gil.setInterval(m, 1000);
      await using fleet = await Fleet.start(WORKER, 3);
      await fleet.askAll("join", () => ({ buffer: m.buffer }));
      const sum = scratch(m, 0);
      const ran = fleet.askAll<[number, number]>("spin_under_gil", (i) => ({
        at: sum,
        counter: scratch(m, i + 1),
      }));
      untilGrown(() => Gil.switchNumber(m), 100);
      fleet.stop();
      for (const [inVain, gilWaits] of await ran) {
        assertEquals(inVain, 0);
        assert(gilWaits > 2, "Each has waited");
      }
      const counts = [1, 2, 3].map((n) => m.i32[scratch(m, n)]);
      assert(counts.every((count) => count > 100), `${counts}`);
      assertEquals(m.i32[sum], counts.reduce((a, b) => a + b));
      assertEquals(Gil.holder(m), 0);
    },
  });

  it({
    name: "is not kept by a loop that has nothing but safe points",
    timeout: 40000,
    async fn() {
      const m = withGil();
      Gil.setInterval(m, 1000);
      await using fleet = await Fleet.start(WORKER, 1);
      await fleet.ask(0, "join", { buffer: m.buffer });
      const counter = scratch(m, 0);
      const job = { counter, tell: IS_SPINNING };
      const passed = fleet.ask<number>(0, "pass_safe_points", job);
      waitUntil(fleet.control, IS_SPINNING, 1);
      for (let i = 0; i < 20; i++) {
        ThreadStates.attach(m);
        ThreadStates.detach(m);
      }
      Atomics.store(m.i32, counter, 1);
      assert(await passed > 0);
      assert(m.i32[m.thread + ThreadState.STAT_GIL_WAITS] > 0);
    },
  });
});
