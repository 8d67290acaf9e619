/** The parking lot: each result of park, with each way to be woken. */

import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FatalError } from "../../src/errors.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as Bucket from "../../src/layout/parking_bucket.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import type { Memory } from "../../src/memory/mod.ts";
import { Fatal, ParkingLot, RawMutex } from "../../src/sync/mod.ts";
import { Fleet, waitUntil } from "../helpers/workers.ts";
import { CLOCK_READS, freeThreaded, scratch } from "./heap.ts";

const WORKER = new URL("./sync_worker.ts", import.meta.url);
const { PARK_OK, PARK_AGAIN, PARK_TIMEOUT } = ParkingLot;

/** Workers in the same heap; worker i has slot i + 3. */
async function fleetOn(m: Memory, count: number): Promise<Fleet> {
  const fleet = await Fleet.start(WORKER, count);
  await fleet.askAll("open_heap", () => ({ buffer: m.buffer }));
  for (let i = 0; i < count; i++) await fleet.ask(i, "join", null);
  return fleet;
}

function bucketOf(at: number): number {
  return Layout.BUCKETS + (at % Bucket.NUM_BUCKETS) * Bucket.SIZEOF;
}

function waiterOf(i: number): number {
  return Layout.THREADS + (i + 3) * ThreadState.SIZEOF + ThreadState.WAITER;
}

function waitersIn(m: Memory, at: number): number {
  return Atomics.load(m.i32, bucketOf(at) + Bucket.NUM_WAITERS);
}

/** Has worker `i` park on a word, and blocks until it is in the bucket. */
function parkWorker(
  m: Memory,
  fleet: Fleet,
  i: number,
  at: number,
  timeoutMs = Infinity,
): Promise<number> {
  const before = waitersIn(m, at);
  const expected = m.i32[at];
  const result = fleet.ask<number>(i, "park", { at, expected, timeoutMs });
  waitUntil(m.i32, bucketOf(at) + Bucket.NUM_WAITERS, before + 1);
  return result;
}

function unparkOne(m: Memory, at: number): number {
  const waiter = ParkingLot.beginUnpark(m, at);
  ParkingLot.finishUnpark(m, at, waiter);
  return waiter;
}

describe("ParkingLot", () => {
  it("does not park on a word that has changed", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    m.i32[at] = 7;
    assertEquals(ParkingLot.park(m, at, 6, Infinity, 0), PARK_AGAIN);
    assertEquals(waitersIn(m, at), 0);
  });

  it("gives up in time and leaves nothing behind", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    assertEquals(ParkingLot.park(m, at, 0, 0, 0), PARK_TIMEOUT);
    assertEquals(ParkingLot.park(m, at, 0, 2, 0), PARK_TIMEOUT);
    assertEquals(waitersIn(m, at), 0);
    assertEquals(m.i32[bucketOf(at) + Bucket.HEAD], 0);
    assertEquals(m.i32[bucketOf(at) + Bucket.TAIL], 0);
    assertEquals(unparkOne(m, at), 0);
  });

  it("unparks nobody where nobody waits", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    assertEquals(ParkingLot.beginUnpark(m, at), 0);
    assertFalse(ParkingLot.bucketHasWaiters(m, at));
    ParkingLot.finishUnpark(m, at, 0);
    ParkingLot.unparkAll(m, at);
    assertEquals(Atomics.load(m.i32, bucketOf(at) + Bucket.X_LOCK), 0);
  });

  it({
    name: "wakes waiters in the order of their arrival",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      await using fleet = await fleetOn(m, 3);
      const results = [2, 0, 1].map((i) => parkWorker(m, fleet, i, at));
      for (const i of [2, 0, 1]) assertEquals(unparkOne(m, at), waiterOf(i));
      assertEquals(await Promise.all(results), [PARK_OK, PARK_OK, PARK_OK]);
      assertEquals(unparkOne(m, at), 0);
    },
  });

  it({
    name: "tells words of the same bucket apart",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const one = scratch(m, 0);
      const two = one + Bucket.NUM_BUCKETS;
      await using fleet = await fleetOn(m, 3);
      const results = [one, two, one].map((at, i) =>
        parkWorker(m, fleet, i, at)
      );
      const waiter = ParkingLot.beginUnpark(m, two);
      assertEquals(waiter, waiterOf(1));
      assertEquals(ParkingLot.bucketHasWaiters(m, two), true);
      ParkingLot.finishUnpark(m, two, waiter);
      assertEquals(await results[1], PARK_OK);
      assertEquals(unparkOne(m, two), 0);
      ParkingLot.unparkAll(m, one);
      assertEquals(await Promise.all(results), [PARK_OK, PARK_OK, PARK_OK]);
      assertEquals(waitersIn(m, one), 0);
    },
  });

  it({
    name: "wakes all of one word and none of another",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const one = scratch(m, 0);
      const two = one + Bucket.NUM_BUCKETS;
      await using fleet = await fleetOn(m, 3);
      const results = [one, two, one].map((at, i) =>
        parkWorker(m, fleet, i, at)
      );
      ParkingLot.unparkAll(m, one);
      assertEquals(await results[0], PARK_OK);
      assertEquals(await results[2], PARK_OK);
      assertEquals(waitersIn(m, two), 1);
      assertEquals(m.i32[bucketOf(two) + Bucket.HEAD], waiterOf(1));
      assertEquals(m.i32[bucketOf(two) + Bucket.TAIL], waiterOf(1));
      ParkingLot.unparkAll(m, two);
      assertEquals(await results[1], PARK_OK);
    },
  });

  it({
    name: "removes a waiter in the middle that gives up",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      await using fleet = await fleetOn(m, 3);
      const first = parkWorker(m, fleet, 0, at);
      const second = parkWorker(m, fleet, 1, at, 50);
      const third = parkWorker(m, fleet, 2, at);
      assertEquals(await second, PARK_TIMEOUT);
      assertEquals(waitersIn(m, at), 2);
      assertEquals(unparkOne(m, at), waiterOf(0));
      assertEquals(unparkOne(m, at), waiterOf(2));
      assertEquals(await Promise.all([first, third]), [PARK_OK, PARK_OK]);
    },
  });

  it({
    name: "lets a waiter that is late wait for who has dequeued it",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      await using fleet = await fleetOn(m, 1);
      await fleet.ask(0, "watch_clock", null);
      const result = parkWorker(m, fleet, 0, at, 20);
      const waiter = ParkingLot.beginUnpark(m, at);
      assertEquals(waiter, waiterOf(0));
      // The second look at the clock is the end of the wait; the waiter then
      // wants the bucket, to leave it.
      const lock = bucketOf(at) + Bucket.X_LOCK;
      waitUntil(fleet.control, CLOCK_READS, 2);
      waitUntil(m.i32, lock, (m.owner << 5) | 3);
      // An unparker that is stuck between the two halves: bucket free, waiter
      // not yet woken.
      RawMutex.unlock(m, lock);
      for (let i = 0; i < 30000; i++) Atomics.pause();
      Atomics.store(m.i32, waiter + Waiter.X_SEMA, 1);
      Atomics.notify(m.i32, waiter + Waiter.X_SEMA);
      // "park" answers with -9 if nobody had raised the semaphore.
      assertEquals(await result, PARK_OK);
      assertEquals(waitersIn(m, at), 0);
    },
  });

  it({
    name: "wakes all with the verdict when the heap is broken",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      await using fleet = await fleetOn(m, 2);
      const results = [0, 1].map((i) =>
        parkWorker(m, fleet, i, scratch(m, i)).catch(String)
      );
      assertThrows(() => Fatal.fatal(m, "it is broken"), FatalError);
      for (const result of await Promise.all(results)) {
        assertEquals(`${result}`.includes("reported a fatal error"), true);
      }
    },
  });
});
