/**
 * CPython's `Lib/test/test_free_threading/test_gc.py`, names as there, with
 * real workers, in both builds; 2 mutators and 20 rounds instead of 4 and 100.
 */

import { assert, assertEquals } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { FIRST_FREE, Fleet, signal, waitUntil } from "../helpers/workers.ts";
import { BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { withWorkers } from "./objects_fleet.ts";

const ROUNDS = 20;

for (const build of BUILDS) {
  Deno.test(`test_get_objects, test_get_referrers (${build})`, async () => {
    await withWorkers(build, 3, async ({ run }) => {
      const list = C.PyList_New(1); // refers to None
      const seen = await run<number>(
        ["mutate", 0, ROUNDS],
        ["mutate", 0, ROUNDS],
        ["inspect", list, ROUNDS],
      );
      assert(seen[2] >= ROUNDS);
      C.Py_DECREF(list);
    });
  });

  Deno.test(`test_set_threshold (gh-148613, ${build})`, async () => {
    await withWorkers(build, 3, async ({ heap, run }) => {
      const { gc } = objectsOf(heap.core)!;
      await run(
        ["mutate", 0, 200],
        ["mutate", 0, 200],
        ["threshold", 0, 200],
      );
      assertEquals(gc.getThreshold(), [2000, 10, 10]);
    });
  });

  Deno.test(`test_freeze_object_in_brc_queue (gh-142975, ${build})`, async () => {
    await withWorkers(build, 1, async ({ heap, run }) => {
      const { gc } = objectsOf(heap.core)!;
      for (let k = 0; k < 10; k++) {
        const list = C.PyList_New(0);
        C.PyList_Append(list, list);
        const other = C.PyList_New(0);
        C.Py_INCREF(other);
        // This thread is detached meanwhile: the worker merges in its place.
        await run(["drop", other, 1]);
        gc.freeze();
        C.Py_DECREF(list);
        C.Py_DECREF(other);
        heap.threads.safePoint();
        assertEquals(gc.collect(), 0);
        gc.unfreeze();
        assertEquals(gc.collect(), 1);
      }
    });
  });
}

Deno.test("test_freeze with an object in the queue itself (free-threaded)", async () => {
  // Here the owner is attached, so that nobody merges in its place.
  const url = new URL("queue_worker.ts", import.meta.url);
  await using fleet = await Fleet.start(url, 1);
  const heap = C.Py_Initialize({
    build: "free-threaded",
    maxBytes: 32 * 1024 * 1024,
  });
  const { gc, objects } = objectsOf(heap.core)!;
  const list = C.PyList_New(0);
  C.Py_INCREF(list);
  const done = fleet.ask(0, "drop", { handle: heap.handle, op: list });
  // The other one drops its reference while this thread does not look.
  signal(fleet.control, FIRST_FREE, 1);
  waitUntil(fleet.control, FIRST_FREE + 1, 1);
  gc.freeze();
  C.Py_DECREF(list);
  assertEquals(C.PyObject_GC_IsTracked(list), 1, "the queue has a reference");
  heap.threads.safePoint();
  gc.unfreeze();
  assertEquals(gc.getObjects(), []);
  heap.threads.detach();
  signal(fleet.control, FIRST_FREE + 2, 1);
  await done;
  heap.threads.attach();
  FreeLists.clear(objects);
  assertEquals(liveBlocks(heap, "obj"), 0);
  C.Py_FinalizeEx();
});
