/** `PyMutex` and the raw mutex, alone and with real workers. */

import {
  assert,
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FatalError } from "../../src/errors.ts";
import type { Memory } from "../../src/memory/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import { Fatal, Mutex, RawMutex } from "../../src/sync/mod.ts";
import { FIRST_FREE, Fleet, signal, waitUntil } from "../helpers/workers.ts";
import { another, freeThreaded, realClock, scratch } from "./heap.ts";

const WORKER = new URL("./sync_worker.ts", import.meta.url);
const HAS_IT = FIRST_FREE;
const LET_GO = FIRST_FREE + 1;

/** Workers with a thread state each in the same heap. */
async function fleetOn(m: Memory, count: number): Promise<Fleet> {
  const fleet = await Fleet.start(WORKER, count);
  await fleet.askAll("open_heap", () => ({ buffer: m.buffer }));
  for (let i = 0; i < count; i++) await fleet.ask(i, "join", null);
  return fleet;
}

/** Waits until somebody is parked on a mutex that the caller has. */
function untilParked(m: Memory, at: number): void {
  const word = Atomics.load(m.i32, at) | Mutex.HAS_PARKED;
  waitUntil(m.i32, at, word);
  // The bit is set just before the waiter is in the bucket.
  const record = waiterOf(3);
  waitUntil(m.i32, record + Waiter.ADDR, at);
}

function waiterOf(slot: number): number {
  return Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.WAITER;
}

describe("Mutex", () => {
  it("names its owner while it is locked", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    assertFalse(Mutex.isLocked(m, at));
    Mutex.lock(m, at);
    assert(Mutex.isLocked(m, at));
    assertEquals(Mutex.ownerOf(m, at), m.owner);
    assertEquals(m.owner, (1 << 8) | 2);
    Mutex.unlock(m, at);
    assertEquals(m.i32[at], 0);
  });

  it("is refused to who tries while another has it", () => {
    const m = freeThreaded();
    const other = another(m);
    const at = scratch(m, 0);
    assert(Mutex.tryLock(m, at));
    assertFalse(Mutex.tryLock(other, at));
    assertFalse(Mutex.trySpin(other, at));
    assertFalse(Mutex.lockTimed(other, at, 0));
    assertFalse(Mutex.lockTimed(other, at, 3));
    assertEquals(other.i32[other.thread + ThreadState.STAT_LOCK_WAITS], 1);
    // The timed-out waiter has left its bit behind.
    Mutex.unlock(m, at);
    assertEquals(m.i32[at], 0);
    assert(Mutex.lockTimed(other, at, 0));
    assertEquals(Mutex.ownerOf(m, at), other.owner);
  });

  it("may be taken by who comes first although others wait", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    m.i32[at] = Mutex.HAS_PARKED;
    assert(Mutex.tryLock(m, at));
    assertEquals(m.i32[at] & Mutex.HAS_PARKED, Mutex.HAS_PARKED);
    Mutex.unlock(m, at);
    assertEquals(m.i32[at], 0);
  });

  it("may be unlocked by another thread", () => {
    const m = freeThreaded();
    const other = another(m);
    const at = scratch(m, 0);
    Mutex.lock(m, at);
    Mutex.unlock(other, at);
    assertFalse(Mutex.isLocked(m, at));
  });

  it("C43: is fatal to unlock when it is not locked", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    const error = assertThrows(() => Mutex.unlock(m, at), FatalError);
    assertEquals(error.message, "unlocking mutex that is not locked");
    assert(Fatal.isPoisoned(m));
    const raw = assertThrows(() => RawMutex.unlock(m, at), FatalError);
    assertEquals(raw.message, "unlocking mutex that is not locked");
  });

  it({
    name: "excludes three workers from each other",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const job = { at: scratch(m, 0), counter: scratch(m, 1), rounds: 20000 };
      await using fleet = await fleetOn(m, 3);
      await fleet.askAll("hammer_mutex", () => job);
      assertEquals(m.i32[job.counter], 60000);
      assertEquals(m.i32[job.at], 0);
    },
  });

  it({
    name: "serves a thread without a thread state among others",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const job = { at: scratch(m, 0), counter: scratch(m, 1), rounds: 5000 };
      await using fleet = await fleetOn(m, 2);
      const i = await fleet.add(WORKER);
      await fleet.ask(i, "open_heap", { buffer: m.buffer });
      await fleet.askAll("hammer_mutex", () => job);
      assertEquals(m.i32[job.counter], 15000);
    },
  });

  it({
    name: "C43: is handed over to who has waited for a millisecond",
    timeout: 40000,
    async fn() {
      let offsetMs = 0;
      const m = freeThreaded({ now: () => realClock.now() + offsetMs });
      const at = scratch(m, 0);
      await using fleet = await Fleet.start(WORKER, 1);
      await fleet.ask(0, "open_heap", { buffer: m.buffer });
      const owner = await fleet.ask<number>(0, "join", null);
      Mutex.lock(m, at);
      const held = fleet.ask<number>(0, "hold", {
        at,
        tell: HAS_IT,
        until: LET_GO,
      });
      untilParked(m, at);
      offsetMs = 1000;
      Mutex.unlock(m, at);
      assertEquals(Mutex.ownerOf(m, at), owner);
      assertFalse(Mutex.tryLock(m, at));
      waitUntil(fleet.control, HAS_IT, 1);
      signal(fleet.control, LET_GO, 1);
      assertEquals(await held, 1);
      assertFalse(Mutex.isLocked(m, at));
    },
  });

  it({
    name: "wakes its waiters with the verdict when the heap is broken",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      await using fleet = await fleetOn(m, 1);
      Mutex.lock(m, at);
      const held = fleet.ask(0, "hold", { at }).catch(String);
      untilParked(m, at);
      assertThrows(() => Fatal.fatal(m, "it is broken"), FatalError);
      assertStringIncludes(
        `${await held}`,
        "reported a fatal error: it is broken",
      );
    },
  });
});

describe("RawMutex", () => {
  it({
    name: "is taken by who slept as if others slept too",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      await using fleet = await Fleet.start(WORKER, 1);
      await fleet.ask(0, "open_heap", { buffer: m.buffer });
      RawMutex.lock(m, at);
      const mine = (m.owner << 5) | 1;
      assertEquals(m.i32[at], mine);
      const taken = fleet.ask<number>(0, "take_raw_mutex", { at });
      waitUntil(m.i32, at, mine | 2);
      RawMutex.unlock(m, at);
      assertEquals((await taken) & 31, 3);
      assertEquals(m.i32[at], 0);
    },
  });

  it({
    name: "excludes three workers from each other",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const job = { at: scratch(m, 0), counter: scratch(m, 1), rounds: 20000 };
      await using fleet = await Fleet.start(WORKER, 3);
      await fleet.askAll("open_heap", () => ({ buffer: m.buffer }));
      await fleet.askAll("hammer_raw_mutex", () => job);
      assertEquals(m.i32[job.counter], 60000);
      assertEquals(m.i32[job.at], 0);
    },
  });
});
