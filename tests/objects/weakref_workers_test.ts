/** Real workers look through weak references while the objects die. */

import { assert, assertEquals } from "@std/assert";
import { createHeap } from "../../mod.ts";
import { FreeLists, UserType, Weakref } from "../../src/objects/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { FIRST_FREE, Fleet, waitUntil } from "../helpers/workers.ts";
import { openObjects } from "./objects_fixture.ts";
import { NUMBERED } from "./weakref_worker.ts";

const WORKER = new URL("./weakref_worker.ts", import.meta.url);
const WORKERS = 2;
const OBJECTS = 300;

for (const build of BUILDS) {
  Deno.test(`what workers get through weak references is alive (${build})`, async () => {
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    const o = openObjects(heap);
    const type = UserType.define(o, "Numbered", NUMBERED);
    const ops = Array.from({ length: OBJECTS }, (_, k) => {
      const op = UserType.create(o, type);
      o.i32[o.fields(op)] = k;
      return op;
    });
    const refs = ops.map((op) => Weakref.create(o, op));
    await using fleet = await Fleet.start(WORKER, WORKERS);
    heap.threads.detach();
    await fleet.askAll("join", () => heap.handle);
    heap.threads.attach();
    for (const ref of refs) for (let k = 0; k < WORKERS; k++) o.incref(ref);
    heap.threads.detach();
    const looks = fleet.askAll<[number, number]>("look", (k) => [k, refs]);
    for (let k = 0; k < WORKERS; k++) {
      waitUntil(fleet.control, FIRST_FREE + k, 1);
    }
    for (const op of ops) {
      // Another object is made at the same place as soon as this one is gone.
      heap.threads.attach();
      o.decref(op);
      const other = UserType.create(o, type);
      o.i32[o.fields(other)] = -1;
      heap.threads.safePoint();
      o.decref(other);
      heap.threads.detach();
    }
    for (const [seen] of await looks) assert(seen >= OBJECTS);
    await fleet.askAll("leave", () => null);
    heap.threads.attach();
    for (const ref of refs) {
      assert(Weakref.isDead(o, ref));
      o.decref(ref);
    }
    heap.threads.safePoint();
    Weakref.sweep(o);
    FreeLists.clear(o);
    assertEquals(liveBlocks(heap, "obj"), 0);
    assertSound(heap);
  });
}
