/**
 * A runtime for each test of the C face.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Build, checkHeap, type Heap } from "../../mod.ts";
import {
  Py_DECREF,
  Py_FinalizeEx,
  Py_Initialize,
  PyErr_GetRaisedException,
  PyErr_Occurred,
  type PyExceptionClass,
  PyObject_Repr,
  PyUnicode_AsUTF8,
} from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";

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

/**
 * Declares a test for both builds. Whatever it did, it must have dropped what
 * it made, and fetched the exceptions that it got.
 */
export function eachBuild(
  name: string,
  test: (heap: Heap, build: Build) => void,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, () => {
      withRuntime((heap) => {
        const { objects, gc } = objectsOf(heap.core)!;
        gc.disable();
        test(heap, build);
        assertEquals(PyErr_Occurred(), null, "an exception is left");
        FreeLists.clear(objects);
        assertEquals(liveBlocks(heap, "obj"), 0, "objects are left");
      }, build);
    });
  }
}

/** Claims that a call has failed with an exception, which is fetched. */
export function assertRaised(
  result: unknown,
  failure: unknown,
  exc: PyExceptionClass,
  message: string,
): void {
  const raised = PyErr_GetRaisedException();
  assertEquals(result, failure, String(raised));
  assert(raised !== null, "nothing was raised");
  assertEquals(raised.message, message);
  assertEquals(raised.constructor, exc);
}

/** Text of an object that is dropped. */
export function reprOf(op: number): string {
  const repr = PyObject_Repr(op);
  const text = PyUnicode_AsUTF8(repr);
  Py_DECREF(repr);
  Py_DECREF(op);
  assert(text !== null);
  return text;
}
