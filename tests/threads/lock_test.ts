/** Locks of users: who waits holds up nobody else. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { Mutex } from "../../src/sync/mod.ts";
import { Lock, ThreadStates, World } from "../../src/threads/mod.ts";
import { FIRST_FREE, Fleet, waitUntil } from "../helpers/workers.ts";
import { freeThreaded, scratch, withGil } from "../sync/heap.ts";

const WORKER = new URL("./threads_worker.ts", import.meta.url);
const HAS_IT = FIRST_FREE;

describe("Lock.lockDetaching()", () => {
  it("keeps an uncontended caller attached, or detached", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    for (const attached of [false, true]) {
      if (attached) ThreadStates.attach(m);
      Lock.lockDetaching(m, at);
      assertEquals(ThreadStates.isAttached(m), attached);
      Mutex.unlock(m, at);
    }
  });

  for (const make of [freeThreaded, withGil]) {
    it({
      name: `lets the world be stopped while it waits (${make.name})`,
      timeout: 40000,
      async fn() {
        const m = make();
        const at = scratch(m, 0);
        await using fleet = await Fleet.start(WORKER, 1);
        await fleet.ask(0, "join", { buffer: m.buffer });
        Mutex.lock(m, at);
        const held = fleet.ask<boolean>(0, "lock_detaching", {
          at,
          tell: HAS_IT,
        });
        const word = Atomics.load(m.i32, at) | Mutex.HAS_PARKED;
        waitUntil(m.i32, at, word);
        ThreadStates.attach(m);
        assert(World.stop(m, 10000));
        assert(ThreadStates.stateOf(m, 3) !== ThreadState.ATTACHED);
        World.start(m);
        Mutex.unlock(m, at);
        ThreadStates.detach(m);
        waitUntil(fleet.control, HAS_IT, 1);
        assert(await held);
      },
    });

    it({
      name: `does not lock up with the GIL or a stop (${make.name})`,
      timeout: 60000,
      async fn() {
        const m = make();
        const job = { at: scratch(m, 0), counter: scratch(m, 1), rounds: 3000 };
        await using fleet = await Fleet.start(WORKER, 3);
        await fleet.askAll("join", () => ({ buffer: m.buffer }));
        await fleet.askAll("hammer_detaching", () => job, 40000);
        assertEquals(m.i32[job.counter], 9000);
        assertEquals(Mutex.isLocked(m, job.at), false);
      },
    });
  }
});
