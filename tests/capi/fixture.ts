/**
 * A runtime for each test of the C face.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Build, checkHeap, type Heap } from "../../mod.ts";
import { Py_FinalizeEx, Py_Initialize } from "../../src/capi/mod.ts";

/** Size of the heaps. Bytes. */
export const MAX_BYTES = 8 * 1024 * 1024;

/** Runs a test with a runtime; checks its heap and ends it. */
export function withRuntime(
  test: (heap: Heap) => void,
  build: Build = "free-threaded",
): void {
  const heap = Py_Initialize({ build, maxBytes: MAX_BYTES });
  try {
    test(heap);
    if (!heap.isClosed) assertEquals(checkHeap(heap).findings, []);
  } finally {
    Py_FinalizeEx();
  }
}

/** Runs a part of a test while no thread state is attached. */
export function detached(heap: Heap, part: () => void): void {
  heap.threads.detached(part);
}
