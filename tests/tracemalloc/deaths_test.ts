/**
 * Workers that die, are cut off, or do not come back while they use the tables.
 * In one thread: what happens at each access is in `models/tracemalloc.ts`.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, createHeap, type Heap, ThreadStateError } from "../../mod.ts";
import { Core } from "../../src/domains/mod.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import * as Inside from "../../src/hooks/tracemalloc/tables/inside.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { blocksOf } from "./fixture.ts";

/** A heap that is traced, and another worker of it that is inside. */
function withInsider(
  build: (typeof BUILDS)[number],
  test: (heap: Heap, other: Heap) => void,
): void {
  using heap = createHeap({ build, maxBytes: 16 * 1024 * 1024 });
  heap.tracemalloc.start();
  heap.threads.detach();
  const other = attach(heap.handle);
  const block = other.mem.malloc(100);
  assert(Inside.enter(other.core.m) !== 0);
  other.threads.detach();
  heap.threads.attach();
  assertEquals(heap.tracemalloc.getTracedMemory(), [100, 100]);
  heap.mem.free(block);
  test(heap, other);
  assertEquals(heap.check().findings, []);
}

for (const build of BUILDS) {
  Deno.test(`stop() passes over who died inside (${build})`, () => {
    withInsider(build, (heap, other) => {
      heap.revoke(other.threads.id, { dead: true });
      heap.tracemalloc.stop();
      assertEquals(blocksOf(heap), 0);
    });
  });

  Deno.test(`stop() frees nothing under who was revoked (${build})`, () => {
    withInsider(build, (heap, other) => {
      heap.revoke(other.threads.id);
      assertThrows(
        () => heap.tracemalloc.stop(),
        ThreadStateError,
        "Cannot free the traces: another worker may still use them",
      );
      assert(!heap.tracemalloc.isTracing());
      // It knows the old tables only.
      heap.tracemalloc.start();
      Inside.leave(other.core.m);
      heap.tracemalloc.stop();
      // RAW blocks are counted once all other workers are gone.
      heap.revoke(other.threads.id, { dead: true });
      assert(blocksOf(heap) > 0, "somebody has freed the tables");
    });
  });

  Deno.test(`the slot of the dead is as good as new (${build})`, () => {
    withInsider(build, (heap, other) => {
      const { slot } = other.threads;
      heap.revoke(other.threads.id, { dead: true });
      heap.threads.detach();
      const heir = attach(heap.handle);
      assertEquals(heir.threads.slot, slot);
      heir.obj.free(heir.obj.malloc(10));
      heir.close();
      heap.threads.attach();
      heap.tracemalloc.stop();
      assertEquals(blocksOf(heap), 0);
    });
  });
}

Deno.test("stop() does not wait for ever for a worker that lives", () => {
  let now = 0;
  const clock = { now: () => now += 1000 };
  const build = Header.BUILD_FREE_THREADED;
  const core = Core.create(build, Layout.MIN_BYTES, clock);
  const other = Core.join(core.m.buffer, clock);
  core.attach();
  const tracemalloc = new Tracemalloc(core);
  tracemalloc.start();
  Inside.enter(other.m);
  assertThrows(() => tracemalloc.stop(), ThreadStateError);
  assert(!tracemalloc.isTracing());
  // One that has left and come again does not know the old tables.
  tracemalloc.start();
  Inside.leave(other.m);
  tracemalloc.stop();
});
