/** `PyEvent`: a flag that threads wait for. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as Bucket from "../../src/layout/parking_bucket.ts";
import { PyEvent } from "../../src/sync/mod.ts";
import { Fleet, waitUntil } from "../helpers/workers.ts";
import { freeThreaded, newHeap, scratch } from "./heap.ts";

const WORKER = new URL("./sync_worker.ts", import.meta.url);

describe("PyEvent", () => {
  it("is seen by who comes after the notification", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    assertFalse(PyEvent.isSet(m, at));
    PyEvent.notify(m, at);
    PyEvent.notify(m, at);
    assert(PyEvent.isSet(m, at));
    assert(PyEvent.wait(m, at, 0));
    assert(PyEvent.wait(m, at, Infinity));
  });

  it("is waited for no longer than asked", () => {
    const m = freeThreaded();
    const at = scratch(m, 0);
    assertFalse(PyEvent.wait(m, at, 0));
    assertFalse(PyEvent.wait(m, at, 2));
    assertFalse(PyEvent.isSet(m, at));
    PyEvent.notify(m, at);
    PyEvent.reset(m, at);
    assertFalse(PyEvent.wait(m, at, 0));
  });

  it("can be waited for without a thread state", () => {
    const m = newHeap(Header.BUILD_FREE_THREADED);
    const at = scratch(m, 0);
    assertFalse(PyEvent.wait(m, at, 2));
    PyEvent.notify(m, at);
    assert(PyEvent.wait(m, at, Infinity));
  });

  it({
    name: "wakes all who wait",
    timeout: 40000,
    async fn() {
      const m = freeThreaded();
      const at = scratch(m, 0);
      const bucket = Layout.BUCKETS +
        (at % Bucket.NUM_BUCKETS) * Bucket.SIZEOF;
      await using fleet = await Fleet.start(WORKER, 3);
      await fleet.askAll("open_heap", () => ({ buffer: m.buffer }));
      // The third has no thread state and takes a nap instead of parking.
      for (let i = 0; i < 2; i++) await fleet.ask(i, "join", null);
      const job = { at, timeoutMs: Infinity };
      const results = fleet.askAll<boolean>("wait_event", () => job);
      waitUntil(m.i32, bucket + Bucket.NUM_WAITERS, 2);
      PyEvent.notify(m, at);
      assertEquals(await results, [true, true, true]);
      assert(PyEvent.isSet(m, at));
    },
  });
});
