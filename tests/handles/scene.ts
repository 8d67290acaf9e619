/**
 * Heaps with handles: at the end of a test nothing is left.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Build, createHeap, type Heap } from "../../mod.ts";
import { objectsOf } from "../../src/gc/mod.ts";
import { FreeLists, MemDelayed, type Objects } from "../../src/objects/mod.ts";
import { Qsbr } from "../../src/threads/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";

/** Objects of a heap, the same that its handles have. */
export function objectsIn(heap: Heap): Objects {
  const opened = objectsOf(heap.core);
  if (opened === null) throw new Error("No memory is left");
  return opened.objects;
}

/** Claims that no object is left, but for those that handles have. */
export function assertEmpty(heap: Heap): void {
  const o = objectsIn(heap);
  heap.gc.collect();
  // What is freed later is freed now: there is no other thread.
  if (o.isBiased) Qsbr.advance(o.m);
  heap.threads.safePoint();
  MemDelayed.process(o);
  FreeLists.clear(o);
  assertEquals(liveBlocks(heap, "obj"), 0, "blocks of OBJ");
  assertEquals(liveBlocks(heap, "mem"), 0, "blocks of MEM");
  assertSound(heap);
}

/** Declares a test for both builds; it has closed all handles at its end. */
export function inBoth(
  name: string,
  test: (heap: Heap, build: Build) => void,
  maxBytes = 64 * 1024 * 1024,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, () => {
      using heap = createHeap({ build, maxBytes });
      heap.gc.disable();
      test(heap, build);
      assertEquals(heap.openHandles, 0, "open handles");
      assertEmpty(heap);
    });
  }
}
