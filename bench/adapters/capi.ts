/**
 * This library through its C face: `PyObject_Malloc()` and its kin of either
 * build, by the name of the adapter: `capi_ft` and `capi_gil`.
 *
 * @module
 */

import {
  Py_FinalizeEx,
  Py_Initialize,
  PyObject_Calloc,
  PyObject_Free,
  PyObject_Malloc,
  PyObject_Realloc,
} from "../../src/capi/mod.ts";
import type { Heap, HeapHandle, ObjPtr } from "../../mod.ts";
import type { Adapter, Allocator } from "../adapter.ts";

class ObjectCalls implements Allocator {
  malloc(size: number): number {
    return PyObject_Malloc(size);
  }
  calloc(count: number, size: number): number {
    return PyObject_Calloc(count, size);
  }
  realloc(block: number, size: number): number {
    return PyObject_Realloc(block as ObjPtr, size);
  }
  free(block: number): void {
    PyObject_Free(block as ObjPtr);
  }
}

function adapt(heap: Heap): Adapter {
  return {
    allocator: new ObjectCalls(),
    words: heap.i32,
    handle: heap.handle,
    keeps: true,
    gil: heap.build === "gil",
    slow: false,
    safePoint: () => heap.threads.safePoint(),
    leave: () => heap.threads.detach(),
    enter: () => heap.threads.attach(),
    check: () => heap.check().findings,
    close: () => void Py_FinalizeEx(),
  };
}

/** A runtime of the build that the name says, its heap of the default size. */
export function open(name: string): Adapter {
  const build = name === "capi_gil" ? "gil" : "free-threaded";
  return adapt(Py_Initialize({ build }));
}

/** A runtime on the heap of another thread. */
export function join(_name: string, handle: unknown): Adapter {
  return adapt(Py_Initialize(handle as HeapHandle));
}
